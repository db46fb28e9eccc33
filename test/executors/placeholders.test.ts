import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeholderNames, splitPlaceholders } from '../../src/executors/placeholders.ts';
import { createSecretResolver } from '../../src/executors/secrets.ts';

describe('placeholders', () => {
  it('are found with their places; what is escaped stays text', () => {
    const pieces = splitPlaceholders('a ${b} \\${c} $d {e} ${b}');
    expect(pieces).toEqual([
      { kind: 'text', text: 'a ', start: 0, end: 2 },
      { kind: 'value', name: 'b', start: 2, end: 6 },
      { kind: 'text', text: ' ${c} $d {e} ', start: 6, end: 20 },
      { kind: 'value', name: 'b', start: 20, end: 24 },
    ]);
    expect(placeholderNames(pieces)).toEqual(['b']);
  });

  it.each(['${}', '${A}', '${a-b}', '${a.b}', '${1a}', '${a', '${ a }', '${a:-b}', '${${a}}', `\${${'a'.repeat(64)}}`])(
    '%s is refused with its place',
    (text) => {
      expect(() => splitPlaceholders(`x\n ${text}`)).toThrow(/line 2, column 2/u);
    },
  );

  it('cover the whole text, in order, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', '$', '{', '}', '\\', '${x}', '\\${', ' ', '\n')), (parts) => {
        const text = parts.join('');
        let pieces: ReturnType<typeof splitPlaceholders>;
        try {
          pieces = splitPlaceholders(text);
        } catch {
          return;
        }
        let at = 0;
        for (const piece of pieces) {
          expect(piece.start).toBe(at);
          at = piece.end;
        }
        expect(at).toBe(text.length);
      }),
      { seed: 5, numRuns: 1_000 },
    );
  });
});

describe('names of secrets', () => {
  const resolve = createSecretResolver((name) => ({ TOKEN: 'value' })[name]);

  it('are looked up when they are used', async () => {
    expect((await resolve('env:TOKEN')).reveal()).toBe('value');
  });

  it.each(['env:MISSING', 'file:/nowhere/at/all', 'vault:x', 'TOKEN', 'file:relative'])(
    '%s is refused with what to do',
    async (reference) => {
      await expect(resolve(reference)).rejects.toMatchObject({
        code: 'secret_missing',
        message: expect.stringMatching(/: .+\.$/u),
      });
    },
  );
});
