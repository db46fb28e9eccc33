import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseProse, parseTitle } from '../../src/domain/free-text.ts';
import { UserError } from '../../src/lib/errors.ts';

const TITLE = { name: 'title', max: 120, required: true };
const PROSE = { name: 'summary', max: 3000, required: true };

function refusal(work: () => unknown): [string, string] | string {
  try {
    return String(work());
  } catch (error) {
    if (error instanceof UserError) return [error.code, error.message];
    throw error;
  }
}

describe('a title', () => {
  test.each([
    ['  API down -\n all requests failing\t', 'API down - all requests failing'],
    ['🔥 checkout', '🔥 checkout'],
    ['支払いが失敗', '支払いが失敗'],
    ['500', '500'],
    ['<!channel> checkout is down', '<!channel> checkout is down'],
    ['nul\u0000l and bell\u0007', 'null and bell'],
  ])('“%s” is kept as one line', (typed, title) => {
    expect(parseTitle(typed, TITLE)).toBe(title);
  });

  test.each(['', '   ', '\n\t\u2028', '\u0000'])('“%s” asks for words', (typed) => {
    expect(refusal(() => parseTitle(typed, TITLE))).toEqual([
      'title_missing',
      'Give the title a few words that say what is wrong.',
    ]);
  });

  test.each([
    '🔥🔥',
    '🔥 🚨!!',
    '!!! ???',
    ':fire:',
    ':fire::rotating_light: :+1::skin-tone-2:',
    '1️⃣',
    'ℹ️',
    '<!channel>',
    '👩‍🚒',
  ])('“%s” is only symbols', (typed) => {
    expect(refusal(() => parseTitle(typed, TITLE))).toEqual([
      'title_without_words',
      'The title needs words, not only symbols: say what is wrong.',
    ]);
  });

  test('of 120 characters fits, one of 121 is told both numbers', () => {
    expect(parseTitle('x'.repeat(120), TITLE)).toHaveLength(120);
    expect(refusal(() => parseTitle('x'.repeat(121), TITLE))).toEqual([
      'text_too_long',
      'The title has 121 characters; shorten it to 120.',
    ]);
  });
});

describe('prose', () => {
  test('keeps its lines', () => {
    expect(parseProse('\n one\n\ntwo\ttabs \n', PROSE)).toBe('one\n\ntwo\ttabs');
  });

  test('of 3,001 characters is told both numbers', () => {
    expect(parseProse('x'.repeat(3000), PROSE)).toHaveLength(3000);
    expect(refusal(() => parseProse('x'.repeat(3001), PROSE))).toEqual([
      'text_too_long',
      'The summary has 3,001 characters; shorten it to 3,000.',
    ]);
  });

  test('may be empty only where it is not required', () => {
    expect(parseProse(' \n', { ...PROSE, required: false })).toBe('');
    expect(refusal(() => parseProse(' \n', PROSE))).toEqual(['text_missing', 'Write a sentence for the summary.']);
  });
});

test('whatever is typed is either kept within its limit and storable, or refused in one sentence', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (typed) => {
      for (const parse of [parseTitle, parseProse]) {
        const result = refusal(() => parse(typed, { name: 'title', max: 50, required: true }));
        if (Array.isArray(result)) expect(result[1]).toMatch(/^[^.]*\.$/u);
        else {
          expect(result.length).toBeLessThanOrEqual(50);
          // PostgreSQL stores no NUL.
          expect(result).not.toContain('\u0000');
        }
      }
    }),
    { seed: 1702, numRuns: 500 },
  );
});
