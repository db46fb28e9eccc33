import { UserError } from '../lib/errors.ts';

/** One stretch of a statement: literal text, or the place of a value. `start` and `end` count UTF-16 units of the source. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string; readonly start: number; readonly end: number }
  | { readonly kind: 'value'; readonly name: string; readonly start: number; readonly end: number };

/** What a parameter may be called, and so what may stand between `${` and `}`. */
export const PARAM_NAME = /^[a-z][a-z0-9_]{0,62}$/u;

/**
 * Splits a statement at its `${name}` placeholders, the only ones there are. A backslash before `${` makes it literal text
 * and disappears; `$` and `{` apart mean nothing. Throws UserError `placeholder_invalid` with line and column when
 * something else stands between the braces or the brace is never closed.
 */
export function splitPlaceholders(source: string): Piece[] {
  const pieces: Piece[] = [];
  let text = '';
  let textStart = 0;
  const flush = (end: number) => {
    if (text !== '') pieces.push({ kind: 'text', text, start: textStart, end });
    text = '';
  };
  let at = 0;
  while (at < source.length) {
    if (text === '') textStart = at;
    if (source.startsWith('\\${', at)) {
      text += '${';
      at += 3;
    } else if (source.startsWith('${', at)) {
      const close = source.indexOf('}', at);
      const name = close < 0 ? null : source.slice(at + 2, close);
      if (name === null || !PARAM_NAME.test(name)) throw invalidPlaceholder(source, at);
      flush(at);
      pieces.push({ kind: 'value', name, start: at, end: close + 1 });
      at = close + 1;
    } else {
      text += source[at];
      at += 1;
    }
  }
  flush(source.length);
  return pieces;
}

/** The names in the order of their first appearance. */
export function placeholderNames(pieces: readonly Piece[]): string[] {
  return [...new Set(pieces.flatMap((piece) => (piece.kind === 'value' ? [piece.name] : [])))];
}

/** `line 2, column 7` of an offset, 1-based, as editors count. */
export function placeOf(source: string, offset: number): string {
  const before = source.slice(0, offset).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

function invalidPlaceholder(source: string, at: number): UserError {
  const shown = source.slice(at, at + 24).split('\n')[0] ?? '';
  return new UserError(
    'placeholder_invalid',
    `\`${shown}\` (${placeOf(source, at)}) is not a placeholder: write \`\${name}\` with a name of lower-case letters, digits and _, or \`\\\${\` for the characters themselves.`,
  );
}
