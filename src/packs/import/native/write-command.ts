import { fillMarks, type Placeholder, splitMarks } from './marks.ts';

const BARE = /^[A-Za-z0-9_:.,@%+=/-]+$/u;

/**
 * The words of a call as one line that the executors with arguments (`kubectl`, `docker`) read back into the same words: bare where that is
 * harmless, else in single quotes. Null for a word with a line break or a `${` of its own, which no line can carry.
 */
export function writeCommand(words: readonly string[], placeholders: readonly Placeholder[]): string | null {
  const written = words.map((word) => writeWord(word, placeholders));
  return written.includes(null) ? null : written.join(' ');
}

function writeWord(word: string, placeholders: readonly Placeholder[]): string | null {
  const literals = splitMarks(word, placeholders).filter((piece) => typeof piece === 'string');
  if (literals.some((text) => /\n|\$\{/u.test(text))) return null;
  if (word !== '' && literals.every((text) => BARE.test(text))) return fillMarks(word, placeholders);
  return `'${fillMarks(word, placeholders, (text) => text.replaceAll("'", `'\\''`))}'`;
}
