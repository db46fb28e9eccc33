import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plural, singleLine, slugify, truncate } from '../../src/lib/text.ts';

const LONE_SURROGATE = /\p{Surrogate}/u;
const SETTINGS = { seed: 1702, numRuns: 500 };

describe('truncate', () => {
  test('never exceeds its limit and never splits a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.integer({ min: 0, max: 40 }), (text, max) => {
        const cut = truncate(text, max);
        expect(cut.length).toBeLessThanOrEqual(max);
        if (!LONE_SURROGATE.test(text)) expect(cut).not.toMatch(LONE_SURROGATE);
        if (text.length <= max) expect(cut).toBe(text);
      }),
      SETTINGS,
    );
  });

  test('ends in an ellipsis where something is missing', () => {
    expect(truncate('abcdef', 4)).toBe('abc…');
    expect(truncate('ab🔥', 3)).toBe('ab…');
  });
});

test('singleLine makes one line of every kind of white space', () => {
  expect(singleLine('  a\r\n\tb\u2028c\u00a0 d ')).toBe('a b c d');
});

describe('slugify', () => {
  test.each([
    ['Zahlungen schlagen fehl – überall!', 'zahlungen-schlagen-fehl-uberall'],
    ['API down - all requests failing', 'api-down-all-requests-failing'],
    ['🔥🔥', ''],
    ['<!channel> boom', 'channel-boom'],
  ])('%s becomes %s', (text, slug) => {
    expect(slugify(text, 80)).toBe(slug);
  });

  test('is always part of a valid channel name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 80 }), (text, max) => {
        const slug = slugify(text, max);
        expect(slug.length).toBeLessThanOrEqual(max);
        expect(slug).toMatch(/^(?:[a-z0-9]+(?:-[a-z0-9]+)*)?$/u);
      }),
      SETTINGS,
    );
  });
});

test('plural counts', () => {
  expect([plural(1, 'step'), plural(2, 'step'), plural(0, 'entry', 'entries')]).toEqual([
    '1 step',
    '2 steps',
    '0 entries',
  ]);
});
