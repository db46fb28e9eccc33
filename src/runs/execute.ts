import type { Run, StepRun } from '../domain/run.ts';
import type { ExecutableStep, Runbook } from '../domain/runbook.ts';
import type { Statement, StatementResult } from '../executors/executor.ts';
import type { RunsContext } from './context.ts';
import { prepareStatement } from './statement.ts';

/** A read step that says nothing else may take this long. */
const READ_TIMEOUT_MS = 20_000;
const CHANGE_TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 64 * 1024;

/** What a rehearsal has instead of an answer. */
const REHEARSED: StatementResult = {
  ...{ status: 'ok', value: {}, output: 'REHEARSAL: nothing was sent.', omittedBytes: 0, error: null, durationMs: 0 },
};

/**
 * Sends a prepared statement to its target, within the step's time and output limits. The only place from which a runbook
 * reaches a target; nothing of a rehearsal passes it.
 */
export async function send(
  context: Pick<RunsContext, 'secrets'>,
  statement: Statement,
  sending: {
    readonly run: Pick<Run, 'id' | 'rehearsal'>;
    readonly step: ExecutableStep;
    readonly stepRun: Pick<StepRun, 'id' | 'requestedAt'>;
    /** Which of the statements of a changing step; absent for reading. */
    readonly index?: number;
  },
  signal: AbortSignal,
): Promise<StatementResult> {
  const { run, step, stepRun, index } = sending;
  if (run.rehearsal) return REHEARSED;
  return statement.run({
    signal,
    timeoutMs: step.timeoutMs ?? (step.effect === 'read' ? READ_TIMEOUT_MS : CHANGE_TIMEOUT_MS),
    maxOutputBytes: MAX_OUTPUT_BYTES,
    secrets: context.secrets,
    origin: {
      run: run.id,
      stepRun: stepRun.id,
      // Ids begin again in another database; the instant of the request does not.
      once: index === undefined ? null : `${stepRun.requestedAt.toISOString()}/${index}`,
    },
  });
}

type Reading = {
  readonly runbook: Runbook;
  readonly step: ExecutableStep;
  readonly run: Run;
  readonly stepRun: StepRun;
};

/**
 * Carries out a read step. `retry` tries again what failed, `poll` asks until `accept` is content or the time is over.
 * Reading again is always safe: nothing changes by it.
 */
export async function read(
  context: RunsContext,
  reading: Reading,
  accept: (result: StatementResult) => boolean,
  signal: AbortSignal,
): Promise<{ statement: Statement; result: StatementResult }> {
  const { step } = reading;
  const statement = await prepareStatement(context, reading.runbook, step, reading.run);
  const started = context.clock.monotonicMs();
  for (let attempt = 0; ; attempt += 1) {
    const result = await send(context, statement, reading, signal);
    if (signal.aborted || accept(result)) return { statement, result };
    const pause = pauseBefore(step, { attempt, elapsedMs: context.clock.monotonicMs() - started });
    if (pause === null) return { statement, result };
    await context.clock.sleep(pause, signal);
  }
}

/** Milliseconds to wait before asking again; null to give up. */
function pauseBefore(step: ExecutableStep, progress: { attempt: number; elapsedMs: number }): number | null {
  if (step.poll) return progress.elapsedMs + step.poll.everyMs > step.poll.forMs ? null : step.poll.everyMs;
  return progress.attempt < step.retry ? 1_000 : null;
}
