import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAttributes } from '../../src/packs/attributes.ts';

const read = (line: string) => readAttributes(line, line.indexOf('{'));

describe('the list of a fence', () => {
  it('is read with the column of every key and value', () => {
    expect(read('```http {#stats target=api expect="status == 200" sensitive}')).toEqual({
      id: 'stats',
      idColumn: 11,
      attributes: [
        { key: 'target', value: 'api', column: 17, valueColumn: 24 },
        { key: 'expect', value: 'status == 200', column: 28, valueColumn: 36 },
        { key: 'sensitive', value: true, column: 51, valueColumn: 60 },
      ],
    });
  });

  it('keeps backslashes and entities as they are written, which a Markdown parser would decode', () => {
    const line = String.raw`${'```'}sh {#a expect="stdout.matches('\\.x &lt; \d+')"}`;
    expect(read(line)).toMatchObject({ attributes: [{ value: String.raw`stdout.matches('\\.x &lt; \d+')` }] });
  });

  it.each([
    ['```http{#a}', 8, 'there is no space before "{"'],
    ['```http {a target=b}', 10, 'the list does not start with an id'],
    ['```http {#Stats target=b}', 11, '"Stats" is not an id'],
    ['```http {#my-step target=b}', 11, '"my-step" is not an id'],
    ['```http {#a target=b', 21, 'the list is not closed'],
    ['```http {#a target="b}', 20, 'the quote of "target" is not closed'],
    ['```http {#a target = b}', 19, '"target" is not followed by "="'],
    ['```http {#a target=}', 20, 'the value of "target" needs quotes'],
    ['```http {#a expect=a==b}', 20, 'the value of "expect" needs quotes'],
    ["```http {#a target='b'}", 20, 'the value of "target" needs quotes'],
    ['```http {#a expect="a \\"b\\""}', 25, 'a space is missing'],
    ['```http {#a target=b} more', 22, 'there is text after "}"'],
    ['```http {#a Target=b}', 13, '"T" does not start an attribute'],
    ['```http {#a expect="`"}', 21, 'a backtick ends the fence'],
  ])('%s fails at column %i: %s', (line, column, error) => {
    expect(read(line)).toMatchObject({ error, column });
  });

  it('never throws, and every column lies in the line', () => {
    const piece = fc.constantFrom('{', '}', '#a', ' ', '=', '"', 'key', 'target=b', "'", '`', '\t', 'é', '😀');
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 20 }), (pieces) => {
        const line = `\`\`\`sh {${pieces.join('')}`;
        const result = readAttributes(line, 6);
        const columns = 'error' in result ? [result.column] : result.attributes.map((attribute) => attribute.column);
        for (const column of columns) {
          expect(column).toBeGreaterThanOrEqual(1);
          expect(column).toBeLessThanOrEqual(line.length + 1);
        }
      }),
      { seed: 7, numRuns: 2_000 },
    );
  });

  it('gives back what was written', () => {
    const id = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/);
    const value = fc.string({ maxLength: 20 }).filter((text) => !/["`\r\n]/u.test(text));
    fc.assert(
      fc.property(id, fc.array(fc.tuple(id, value), { maxLength: 5 }), (name, pairs) => {
        const line = `\`\`\`sh {#${name}${pairs.map(([key, text]) => ` ${key}="${text}"`).join('')}}`;
        const result = readAttributes(line, 6);
        expect(result).toMatchObject({ id: name });
        if ('error' in result) return;
        expect(result.attributes.map((attribute) => [attribute.key, attribute.value])).toEqual(pairs);
        for (const { column, key } of result.attributes)
          expect(line.slice(column - 1)).toMatch(new RegExp(`^${key}=`, 'u'));
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});
