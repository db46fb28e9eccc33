import type { Clock } from '../../../lib/clock.ts';
import { messageOf } from '../../../lib/errors.ts';
import { KubeRefusal } from '../../kube/kube-refusal.ts';
import { CONTAINER } from './job-manifest.ts';
import type { JobSession } from './job-session.ts';

const PAUSE_MS = 250;
/** A stream that ended although the container goes on is opened again after this time. */
const REOPEN_MS = 3_000;
/** Failures in a row before the output is given up. */
const MAX_FAILURES = 20;

/** What became of the output. */
export type LogEnd = { readonly complete: boolean; readonly reason: string | null };

/**
 * Follows a container's output to its end. A stream that breaks off is opened again, and what has come already is left out of it; so
 * every byte comes once. `ended` tells whether the container ended. Never throws.
 */
export async function followLog(
  session: JobSession,
  pod: string,
  use: { signal: AbortSignal; clock: Clock; ended: () => boolean; onChunk: (chunk: Buffer) => void },
): Promise<LogEnd> {
  let received = 0;
  let failures = 0;
  while (!use.signal.aborted) {
    let skip = received;
    const onChunk = (chunk: Buffer) => {
      const fresh = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - fresh.length;
      received += fresh.length;
      if (fresh.length > 0) use.onChunk(fresh);
    };
    try {
      await session.log(pod, CONTAINER, { signal: use.signal, onChunk });
      failures = 0;
      for (let waited = 0; waited < REOPEN_MS && !use.ended(); waited += PAUSE_MS) await pause(use);
      if (use.ended()) return { complete: true, reason: null };
    } catch (error) {
      failures += 1;
      const forGood = error instanceof KubeRefusal && [401, 403, 404].includes(error.status);
      if (forGood || failures > MAX_FAILURES) return { complete: false, reason: messageOf(error) };
      await pause(use);
    }
  }
  return { complete: false, reason: null };
}

async function pause({ clock, signal }: { clock: Clock; signal: AbortSignal }): Promise<void> {
  await clock.sleep(PAUSE_MS, signal).catch(() => undefined);
}
