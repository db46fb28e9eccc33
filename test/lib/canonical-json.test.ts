import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalHash, canonicalJson } from '../../src/lib/canonical-json.ts';

const SETTINGS = { seed: 1702, numRuns: 500 };
const json = fc.jsonValue({ maxDepth: 4 });

describe('canonicalJson', () => {
  test('says the same as JSON', () => {
    fc.assert(
      fc.property(json, (value) => {
        // JSON knows no negative zero.
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      SETTINGS,
    );
  });

  test('is the same for equal values and differs for different ones', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const same = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
        expect(canonicalJson(a) === canonicalJson(b)).toBe(same);
      }),
      SETTINGS,
    );
  });

  test('survives a way through the database, which sorts keys in its own order', () => {
    expect(canonicalJson({ bb: 1, a: { d: [1, 2], c: null } })).toBe('{"a":{"c":null,"d":[1,2]},"bb":1}');
  });

  test.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a bigint', 1n],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['undefined in an object', { a: undefined }],
    ['undefined in a list', [undefined]],
    // biome-ignore lint/suspicious/noSparseArray: a hole must not look like an empty list
    ['a hole in a list', [,]],
  ])('refuses %s', (_name, value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  });

  test('makes a SHA-256 in hexadecimal digits', () => {
    expect(canonicalHash({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [key, sorted(item)]);
  return { object: entries };
}
