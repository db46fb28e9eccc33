import type { Executor, RunContext, StatementResult, StatementSource } from '../../src/executors/executor.ts';
import { UserError } from '../../src/lib/errors.ts';
import { Secret } from '../../src/lib/secret.ts';

/** A run context with generous limits; parts can be replaced. */
export function runContext(parts: Partial<RunContext> = {}): RunContext {
  return {
    signal: new AbortController().signal,
    timeoutMs: 10_000,
    maxOutputBytes: 16_384,
    secrets: (reference) => Promise.resolve(new Secret(`value-of-${reference}`)),
    ...parts,
  };
}

/** Prepares and runs. */
export async function execute(
  executor: Executor,
  source: StatementSource,
  parts: Partial<RunContext> = {},
): Promise<StatementResult> {
  const statement = await executor.prepare(source);
  return await statement.run(runContext(parts));
}

/** How an attempt ended: the code of the error that refused it before anything was sent, or the result's status. */
export async function attempt(
  executor: Executor,
  source: StatementSource,
  parts: Partial<RunContext> = {},
): Promise<string> {
  try {
    return (await execute(executor, source, parts)).status;
  } catch (error) {
    if (error instanceof UserError) return error.code;
    throw error;
  }
}
