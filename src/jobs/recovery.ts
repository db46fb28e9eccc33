import type { RunsContext } from '../runs/context.ts';
import { forgetOld } from '../runs/forget-old.ts';
import { recoverSecrets, wipeSecrets } from '../runs/gather-secrets.ts';
import { recoverRuns } from '../runs/recover.ts';

/** How often steps of dead processes are looked for: a crash shows on the card within two seconds. */
const SWEEP_MS = 1_000;
/** What is kept for hours is deleted within a minute of its end. */
const FORGET_EVERY = 60;

/** Looks for steps whose process died, and forgets what its time is over for, until `signal` is aborted. Every replica does; row locks share the work. */
export async function sweepRuns(context: RunsContext, signal: AbortSignal): Promise<void> {
  for (let round = 0; !signal.aborted; round += 1) {
    try {
      await recoverRuns(context);
      await recoverSecrets(context);
      await wipeSecrets(context);
      if (round % FORGET_EVERY === 0) await forgetOld(context);
    } catch (error) {
      context.log.warn({ err: error }, 'Looking for interrupted steps failed; it is tried again in a second.');
    }
    await context.clock.sleep(SWEEP_MS, signal).catch(() => undefined);
  }
}
