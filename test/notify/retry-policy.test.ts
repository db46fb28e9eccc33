import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LANES } from '../../src/domain/intents.ts';
import { RETRY_POLICIES, retryDelayMs } from '../../src/notify/retry-policy.ts';

test('waits longer each time, up to the longest pause of the lane', () => {
  const delays = [1, 2, 3, 4, 5, 6, 7].map((number) => retryDelayMs(RETRY_POLICIES.page, { number, atLeastMs: 0 }, 0));
  expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
});

test('obeys what Slack asked for, and never overflows', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...LANES),
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 0, max: 600_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (lane, number, atLeastMs, random) => {
        const delay = retryDelayMs(RETRY_POLICIES[lane], { number, atLeastMs }, random);
        const most = Math.max(RETRY_POLICIES[lane].longestMs, atLeastMs);
        return delay >= atLeastMs && delay <= most * 1.2 + 1 && Number.isInteger(delay);
      },
    ),
    { seed: 20261121 },
  );
});
