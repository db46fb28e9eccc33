import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bindWords, parseCommandLine, quoteWord } from '../../src/executors/command-line.ts';
import { UserError } from '../../src/lib/errors.ts';

const words = (text: string, values: Record<string, string> = {}) =>
  bindWords(parseCommandLine(text, 'docker').words, values).sent;
const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'ok';
  } catch (error) {
    if (error instanceof UserError) return error.code;
    throw error;
  }
};

describe('a command line', () => {
  it.each([
    { text: 'docker ps -a', expected: ['docker', 'ps', '-a'] },
    { text: `docker ps --format '{{.Names}} "x"'`, expected: ['docker', 'ps', '--format', '{{.Names}} "x"'] },
    { text: `a "b \\"c\\" \\d" ''`, expected: ['a', 'b "c" \\d', ''] },
    { text: `a --filter="n=x y"z`, expected: ['a', '--filter=n=x yz'] },
    { text: 'a \\\n  b', expected: ['a', 'b'] },
    { text: '# why\na b', expected: ['a', 'b'] },
    { text: 'a \\; b\\ c', expected: ['a', ';', 'b c'] },
    { text: `a '$HOME; \`x\`'`, expected: ['a', '$HOME; `x`'] },
  ])('splits $text as a shell would', ({ text, expected }) => expect(words(text)).toEqual(expected));

  it('splits at pipes outside of quotes', () => {
    const line = parseCommandLine(`docker logs a | grep -E 'x|y' | head -n 5`, 'docker');
    expect(line.filters.map((filter) => bindWords(filter, {}).sent)).toEqual([
      ['grep', '-E', 'x|y'],
      ['head', '-n', '5'],
    ]);
  });

  it.each([
    'a; b',
    'a && b',
    'a > f',
    'a < f',
    'a $(b)',
    'a `b`',
    'a "$HOME"',
    'a "b',
    "a 'b",
    'a |',
    '| a',
    'a || b',
    'a\nb',
    '',
  ])('refuses %j: nothing would read it', (text) => expect(codeOf(() => words(text))).toBe('statement_invalid'));

  it.each([
    { text: 'a ${v}', v: '-f' },
    { text: 'a "${v}"', v: '--all' },
    { text: "a ''${v}", v: '-' },
    { text: 'a ${e}${v}', v: '-x' },
  ])('refuses a value that could be an option in $text', ({ text, v }) =>
    expect(codeOf(() => words(text, { v, e: '' }))).toBe('value_refused'),
  );

  it('keeps every value in its one argument', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        fc.pre(!value.startsWith('-') && !value.includes('\0'));
        expect(words('a ${v} b', { v: value })).toEqual(['a', value, 'b']);
        expect(words('a --x=${v} "y ${v}"', { v: value })).toEqual(['a', `--x=${value}`, `y ${value}`]);
      }),
    );
  });

  it('shows words so that they can be read back', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom(...`ab '"\\$|;`) }), { minLength: 1 }), (given) => {
        expect(words(given.map(quoteWord).join(' '))).toEqual(given);
      }),
    );
  });
});
