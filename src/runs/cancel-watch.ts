import { isCancelRequested } from '../db/cancellations.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import type { RunsContext } from './context.ts';

/** How often a process looks whether somebody wants its running step to stop, whichever process the button was pressed in. */
const LOOK_MS = 250;

export type CancelWatch = {
  /** Aborted when somebody cancels the step, or when the process is told to stop. */
  readonly signal: AbortSignal;
  /** Somebody cancelled it. */
  wanted(): boolean;
  stop(): Promise<void>;
};

/** Watches for a cancel of one running step until it is stopped. `stopping` is the signal of the process. */
export function watchCancel(
  context: Pick<RunsContext, 'pool' | 'log'>,
  stepRun: number,
  stopping: AbortSignal,
  // How long a step has waited is told by the context's clock; how often is looked has nothing to do with that.
  clock: Clock = systemClock,
): CancelWatch {
  const cancelled = new AbortController();
  const over = new AbortController();
  const look = async (): Promise<void> => {
    while (!over.signal.aborted && !cancelled.signal.aborted) {
      await clock.sleep(LOOK_MS, over.signal).catch(() => undefined);
      if (over.signal.aborted) return;
      try {
        if (await isCancelRequested(context.pool, stepRun)) cancelled.abort(new Error('Somebody cancelled this step.'));
      } catch (error) {
        context.log.debug({ err: error, stepRun }, 'Whether a step was cancelled could not be read; looking again.');
      }
    }
  };
  const looking = look();
  return {
    signal: AbortSignal.any([stopping, cancelled.signal]),
    wanted: () => cancelled.signal.aborted,
    stop: () => {
      over.abort();
      return looking;
    },
  };
}
