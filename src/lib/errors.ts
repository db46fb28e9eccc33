/** Context that goes to the log, never to a person. */
export type ErrorContext = Readonly<Record<string, unknown>>;

/**
 * Something a person did that cannot be done. The message is one sentence that says what happened and what to do;
 * it is safe to show as it is. `code` is stable and meant for logs and tests, `context` for logs alone.
 */
export class UserError extends Error {
  readonly code: string;
  readonly context: ErrorContext;

  constructor(code: string, message: string, context: ErrorContext = {}) {
    super(message);
    this.name = 'UserError';
    this.code = code;
    this.context = context;
  }
}

/**
 * Something that broke in Warroom or around it. People see a reference number, the log has the rest.
 */
export class InternalError extends Error {
  readonly code: string;
  readonly context: ErrorContext;

  constructor(code: string, message: string, options: { cause?: unknown; context?: ErrorContext } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'InternalError';
    this.code = code;
    this.context = options.context ?? {};
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
