import type { RunsContext } from '../runs/context.ts';
import { recoverRuns } from '../runs/recover.ts';

/** How often steps of dead processes are looked for: a crash shows on the card within two seconds. */
const SWEEP_MS = 1_000;

/** Looks for steps whose process died, until `signal` is aborted. Every replica does; row locks share the work. */
export async function sweepRuns(context: RunsContext, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await recoverRuns(context);
    } catch (error) {
      context.log.warn({ err: error }, 'Looking for interrupted steps failed; it is tried again in a second.');
    }
    await context.clock.sleep(SWEEP_MS, signal).catch(() => undefined);
  }
}
