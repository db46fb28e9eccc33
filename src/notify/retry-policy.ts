import type { Lane } from '../domain/intents.ts';

/** How long a lane goes on. */
export type RetryPolicy = {
  /** The first pause; it doubles with each attempt. */
  readonly firstMs: number;
  /** The longest pause: after an outage, a message goes out within this. */
  readonly longestMs: number;
  /** After so many attempts a deliverer that throws is given up: it is broken, and waiting does not mend it. */
  readonly throws: number;
  /** After this age an intent that asks for another attempt is given up. Long: it is true whenever it arrives. */
  readonly giveUpAfterMs: number;
};

const HOUR = 3_600_000;

/** Pages come back soonest after an outage; what is cosmetic can wait. */
export const RETRY_POLICIES: Readonly<Record<Lane, RetryPolicy>> = {
  page: { firstMs: 1_000, longestMs: 15_000, throws: 6, giveUpAfterMs: 24 * HOUR },
  interactive: { firstMs: 1_000, longestMs: 30_000, throws: 6, giveUpAfterMs: 24 * HOUR },
  card: { firstMs: 2_000, longestMs: 60_000, throws: 6, giveUpAfterMs: 12 * HOUR },
  cosmetic: { firstMs: 5_000, longestMs: 120_000, throws: 4, giveUpAfterMs: 2 * HOUR },
};

/**
 * Milliseconds until the next attempt: doubling from the first pause to the longest, never less than `atLeastMs` (what a
 * Retry-After asked for), plus up to a fifth so that replicas do not come back at once. `random` is in [0, 1).
 */
export function retryDelayMs(
  policy: RetryPolicy,
  attempt: { number: number; atLeastMs: number },
  random: number,
): number {
  const doubled = Math.min(policy.longestMs, policy.firstMs * 2 ** Math.min(attempt.number - 1, 30));
  const base = Math.max(doubled, attempt.atLeastMs);
  return Math.round(base * (1 + random / 5));
}
