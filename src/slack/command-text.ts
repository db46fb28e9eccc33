import { UserError } from '../lib/errors.ts';

const QUOTES: readonly (readonly [string, string])[] = [
  ['"', '"'],
  ['“', '”'],
  ['„', '“'],
  ['«', '»'],
  ["'", "'"],
  ['‘', '’'],
];

/** The text without the quotation marks around it, whichever a keyboard makes of them. */
export function unquote(text: string): string {
  const trimmed = text.trim();
  for (const [open, close] of QUOTES) {
    if (trimmed.length >= 2 && trimmed.startsWith(open) && trimmed.endsWith(close)) return trimmed.slice(1, -1).trim();
  }
  return trimmed;
}

/** The first word in lower case and what comes after it. */
export function firstWord(text: string): { word: string; rest: string } {
  const [, word = '', rest = ''] = /^\s*(\S*)\s*([\s\S]*)$/u.exec(text) ?? [];
  return { word: word.toLowerCase(), rest: rest.trim() };
}

/** A number of an incident, `7` or `#7`; null when nothing stands there. Throws a UserError for anything else. */
export function parseNumber(text: string): number | null {
  if (text.trim() === '') return null;
  const number = asNumber(text);
  if (number !== null) return number;
  throw new UserError(
    'not_a_number',
    `“${text.trim()}” is not the number of an incident; write one such as 7, or nothing in its own channel.`,
  );
}

/** The same, but null for whatever is not a number. */
export function asNumber(text: string): number | null {
  const [, digits] = /^#?(\d{1,9})$/u.exec(text.trim()) ?? [];
  return digits === undefined ? null : Number(digits);
}
