import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../src/lib/duration.ts';

describe('parseDuration', () => {
  test.each([
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1d', 86_400_000],
    ['1w', 604_800_000],
    ['250ms', 250],
    ['0s', 0],
    [' 5m ', 300_000],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['', '5', 'm', '-5m', '5 m', '5m!', '1h 30m', '1.5h', 'five minutes', '٥m', `${'9'.repeat(30)}d`])(
    '“%s” is not a duration',
    (text) => {
      expect(parseDuration(text)).toBeNull();
    },
  );
});

describe('formatDuration', () => {
  test.each([
    [0, '0s'],
    [400, '0s'],
    [59_999, '1m'],
    [90_000, '1m 30s'],
    [5_400_000, '1h 30m'],
    [86_400_000 + 300_000, '1d 5m'],
    [-90_000, '1m 30s'],
  ])('%i ms reads %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('reads back as nearly the same time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 30 * 86_400_000 }), (ms) => {
        const back = parseDuration(formatDuration(ms).replace(' ', ''));
        expect(Math.abs((back ?? 0) - ms)).toBeLessThan(ms > 86_400_000 ? 3_600_000 : ms > 3_600_000 ? 60_000 : 1_000);
      }),
      { seed: 1702, numRuns: 300 },
    );
  });
});
