import { isConnectionLost } from '../db/connection-errors.ts';
import type { StepRunEnd } from '../db/runs.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { InternalError } from '../lib/errors.ts';
import type { RunsContext } from './context.ts';

/** A database that answers and refuses is asked so often, for about two minutes; one that is away is waited for. */
const REFUSALS = 30;
/** So often the whole result is offered to a database that answers; then it goes without value and output. */
const WHOLE_ATTEMPTS = 2;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Writes the end of a step. The step has happened and must not be repeated to learn its end again, so this is tried until
 * the database takes it, however long it is away: otherwise the step would be `running`, and its target locked, as long as
 * this process lives. Throws InternalError `run.end_lost` when the database answers and does not take it.
 */
export async function recordEnd(
  context: Pick<RunsContext, 'pool' | 'clock' | 'log'>,
  end: StepRunEnd,
  write: (tx: Tx, end: StepRunEnd) => Promise<void>,
): Promise<void> {
  let refusals = 0;
  for (let attempt = 1; ; attempt += 1) {
    const written = refusals < WHOLE_ATTEMPTS ? end : withoutResult(end);
    try {
      return await withTransaction(context.pool, (tx) => write(tx, written));
    } catch (error) {
      if (!isConnectionLost(error)) refusals += 1;
      if (refusals === REFUSALS) {
        throw new InternalError('run.end_lost', 'The end of a step could not be recorded.', { cause: error });
      }
      context.log.warn({ err: error, attempt }, 'The end of a step could not be recorded yet; it is tried again.');
      await context.clock.sleep(Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10), LONGEST_PAUSE_MS));
    }
  }
}

function withoutResult(end: StepRunEnd): StepRunEnd {
  const lost = 'Its result could not be stored.';
  const { pictures: _, ...kept } = end;
  return { ...kept, value: null, output: '', error: end.error === null ? lost : `${end.error} ${lost}` };
}
