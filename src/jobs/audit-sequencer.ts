import type { Pool } from 'pg';
import { chainPending } from '../db/audit-chain.ts';
import { listen } from '../db/listen.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';

/** Notifications wake it at once; this is how long an entry waits when one is lost (design §5, promise 9: within a second). */
const LOOK_MS = 800;
const PORTION = 1_000;

export type AuditSequencer = {
  /** Resolves when nothing waits that can be seen now. For tests. */
  settle(): Promise<void>;
  stop(): Promise<void>;
};

/**
 * Chains audit entries as long as it runs. Every replica starts one; a lock of the database lets one at a time chain, and
 * another goes on when its process dies.
 */
export async function startAuditSequencer(deps: {
  readonly pool: Pool;
  readonly log: Log;
  readonly clock: Clock;
}): Promise<AuditSequencer> {
  const { pool, log, clock } = deps;
  const stopped = new AbortController();
  let wake: () => void = () => undefined;
  const ears = await listen({ pool, channel: 'audit', log, clock, onWake: () => wake() });
  const drain = async (): Promise<void> => {
    try {
      while ((await chainPending(pool, PORTION)) === PORTION) if (stopped.signal.aborted) return;
    } catch (error) {
      log.warn({ err: error }, 'The audit log could not be chained now; it is tried again at once.');
    }
  };
  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await drain();
      const waiting = new AbortController();
      const end = AbortSignal.any([waiting.signal, stopped.signal]);
      await Promise.race([woken, clock.sleep(LOOK_MS, end).catch(() => undefined)]);
      waiting.abort();
    }
  };
  const running = run();
  return {
    settle: drain,
    stop: async () => {
      stopped.abort();
      await running;
      await ears.stop();
    },
  };
}
