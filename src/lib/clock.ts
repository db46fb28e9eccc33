import { setTimeout as delay } from 'node:timers/promises';

/** Where time comes from. Rules never read a clock: they are given `now`. */
export interface Clock {
  /** The current instant. */
  now(): Date;
  /** Milliseconds on a clock that is never set back; for intervals only. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own clock. The only place of the product that reads it. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal ? { signal } : {});
  },
};
