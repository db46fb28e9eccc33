import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseParam } from '../../src/domain/params.ts';
import type { Param } from '../../src/domain/runbook.ts';
import { UserError } from '../../src/lib/errors.ts';
import { param } from './examples.ts';

const CASES: [string, Partial<Param>, string, string | number | boolean][] = [
  ['integer', { type: 'integer' }, ' 42 ', 42],
  ['integer', { type: 'integer' }, '-7', -7],
  ['number', { type: 'number' }, '0.5', 0.5],
  ['boolean', { type: 'boolean' }, 'true', true],
  ['boolean', { type: 'boolean' }, 'false', false],
  ['choice', { type: 'choice', choices: ['a', 'b'] }, 'b', 'b'],
  ['duration', { type: 'duration' }, '1h30m', '1h30m'],
  ['k8s-name', { type: 'k8s-name' }, 'web-7f.default', 'web-7f.default'],
  ['string', { type: 'string' }, "Robert'); DROP TABLE", "Robert'); DROP TABLE"],
  ['string', { type: 'string', pattern: 'T-[0-9]+' }, 'T-12', 'T-12'],
];

const INVISIBLE = '“value” must be free of invisible characters, so that people see what runs.';

const REFUSED: [string, Partial<Param>, string, string][] = [
  ['string that reads backwards', { type: 'string' }, 'cache:\u202eyad', INVISIBLE],
  ['string with a zero-width space', { type: 'string' }, 'orders\u200b:eu', INVISIBLE],
  ['string with tag characters', { type: 'string' }, 'orders\u{e0041}', INVISIBLE],
  ['string with a control character', { type: 'string' }, 'a\u0000b', INVISIBLE],
  ['integer', { type: 'integer' }, '1.5', '“value” must be a whole number.'],
  ['integer', { type: 'integer' }, '1e3', '“value” must be a whole number.'],
  ['integer', { type: 'integer' }, '0x10', '“value” must be a whole number.'],
  ['integer', { type: 'integer' }, '٣', '“value” must be a whole number.'],
  ['integer', { type: 'integer' }, '9007199254740993', '“value” must be a whole number.'],
  ['integer', { type: 'integer' }, '', '“value” must be a whole number.'],
  ['integer', { type: 'integer', min: 1, max: 50 }, '51', '“value” must be a whole number from 1 to 50.'],
  ['integer', { type: 'integer', min: 1 }, '0', '“value” must be a whole number from 1.'],
  ['number', { type: 'number', max: 1 }, '1.1', '“value” must be a number to 1.'],
  ['number', { type: 'number' }, 'NaN', '“value” must be a number.'],
  ['number', { type: 'number' }, 'Infinity', '“value” must be a number.'],
  ['boolean', { type: 'boolean' }, 'yes', '“value” must be true or false.'],
  ['choice', { type: 'choice', choices: ['a', 'b'] }, 'c', '“value” must be one of a, b.'],
  ['duration', { type: 'duration' }, 'soon', '“value” must be a duration such as 30s, 5m or 1h30m.'],
  [
    'k8s-name',
    { type: 'k8s-name' },
    '-web',
    '“value” must be a Kubernetes name: lower-case letters, digits, dashes and dots.',
  ],
  [
    'k8s-name',
    { type: 'k8s-name' },
    'web,app=*',
    '“value” must be a Kubernetes name: lower-case letters, digits, dashes and dots.',
  ],
  ['secret', { type: 'secret' }, 'hunter2', '“value” must be given on its own page, not in Slack.'],
  ['string', { type: 'string' }, '  ', '“value” must be filled in.'],
  ['string', { type: 'string', pattern: 'T-[0-9]+' }, 'xT-12', '“value” must be of the form T-[0-9]+.'],
  ['string', { type: 'string', pattern: 'T-[0-9]+' }, 'T-12\nrm', '“value” must be of the form T-[0-9]+.'],
  ['string', { type: 'string', min: 3 }, 'ab', '“value” must be at least 3 characters long.'],
  ['string', { type: 'string', max: 3 }, 'abcd', '“value” must be at most 3 characters long.'],
  ['string', { type: 'string' }, 'x'.repeat(1001), '“value” must be at most 1000 characters long.'],
];

describe('a parameter', () => {
  test.each(CASES)('of type %s takes %j “%s”', (_type, different, typed, value) => {
    expect(parseParam(param(different), typed)).toBe(value);
  });

  test.each(REFUSED)('of type %s refuses %j “%s”', (_type, different, typed, message) => {
    const work = () => parseParam(param(different), typed);
    expect(work).toThrow(UserError);
    expect(work).toThrow(message);
  });

  test('with a pattern that makes other engines hang answers at once', () => {
    const started = performance.now();
    expect(() => parseParam(param({ pattern: '(a+)+$' }), `${'a'.repeat(900)}!`)).toThrow(UserError);
    expect(performance.now() - started).toBeLessThan(500);
  });

  test('never gives a value of another type than its own, whatever is typed', () => {
    const types = ['string', 'integer', 'number', 'boolean', 'choice', 'duration', 'k8s-name'] as const;
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.string({ unit: 'grapheme' }), (type, typed) => {
        let value: unknown;
        try {
          value = parseParam(param({ type, choices: ['a'] }), typed);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
          return;
        }
        const expected = { integer: 'number', number: 'number', boolean: 'boolean' }[type as string] ?? 'string';
        expect(typeof value).toBe(expected);
        if (type === 'integer') expect(Number.isSafeInteger(value)).toBe(true);
      }),
      { seed: 1702, numRuns: 500 },
    );
  });
});
