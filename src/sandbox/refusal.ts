import type { JsonObject } from './json.ts';

/** Slack's `ok: false`. `extra` travels beside the error code: `needed`, `provided`, `response_metadata`, `errors`. */
export class Refusal extends Error {
  readonly code: string;
  readonly extra: JsonObject;

  constructor(code: string, extra: JsonObject = {}) {
    super(code);
    this.name = 'Refusal';
    this.code = code;
    this.extra = extra;
  }
}

/** A refusal with the lines that Slack puts into `response_metadata.messages`. */
export function refusalWithMessages(code: string, messages: readonly string[]): Refusal {
  return new Refusal(code, {
    errors: messages,
    response_metadata: { messages: messages.map((line) => `[ERROR] ${line}`) },
  });
}
