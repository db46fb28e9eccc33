import { UserError } from '../lib/errors.ts';
import { type BoundValue, boundValue, plainText, shownValue } from './bound-values.ts';
import type { BoundValues } from './executor.ts';
import { type Piece, placeholderNames, splitPlaceholders } from './placeholders.ts';

/** One argument before binding: literal text and places of values, which stay inside this one argument whatever they hold. */
export type ArgumentTemplate = readonly ({ readonly text: string } | { readonly name: string })[];

/** A command and the programs that its output is piped through, each as words. */
export type CommandLine = {
  readonly words: readonly ArgumentTemplate[];
  readonly filters: readonly (readonly ArgumentTemplate[])[];
  /** Names of the placeholders in the order of their first appearance. */
  readonly names: readonly string[];
};

/** Words with every value in its place: as they are sent, and as people and the approval's hash see them. */
export type BoundWords = { readonly sent: string[]; readonly shown: string[]; readonly bound: BoundValue[] };

type Token = { readonly kind: 'word'; readonly parts: ArgumentTemplate } | { readonly kind: 'pipe' };
type Character = { readonly kind: 'char'; readonly char: string } | { readonly kind: 'value'; readonly name: string };

/**
 * Splits one command line as a POSIX shell would split it into words ('…', "…", backslash, a line that goes on after a backslash), and
 * at `|`. Nothing is expanded and nothing else of a shell exists: `;`, `&`, `<`, `>`, `$…` and backticks are errors. Throws UserError
 * `statement_invalid`. `program` is named in errors.
 */
export function parseCommandLine(source: string, program: string): CommandLine {
  const lines = source
    .replaceAll(/\\\r?\n/gu, ' ')
    .split(/\r?\n/u)
    .filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'));
  const [line, ...others] = lines;
  if (line === undefined) throw invalid(`There is no ${program} command here: write exactly one.`);
  if (others.length > 0) {
    throw invalid(`There are ${lines.length} ${program} commands here: a step runs exactly one, make a step of each.`);
  }
  const pieces = splitPlaceholders(line);
  const parts: ArgumentTemplate[][] = [[]];
  for (const token of tokenize(pieces)) {
    if (token.kind === 'pipe') parts.push([]);
    else parts.at(-1)?.push(token.parts);
  }
  if (parts.some((part) => part.length === 0))
    throw invalid('Before and after | there must be a command: complete it.');
  const [words = [], ...filters] = parts;
  return { words, filters, names: placeholderNames(pieces) };
}

/**
 * Binds the values. Throws UserError `value_missing`, or `value_refused` for a value that begins an argument with a dash, which a
 * command would take for an option.
 */
export function bindWords(words: readonly ArgumentTemplate[], values: BoundValues): BoundWords {
  const bound = words.flat().flatMap((part) => ('name' in part ? [boundValue(values, part.name)] : []));
  const build = (textOf: (value: BoundValue) => string) =>
    words.map((word) =>
      word.map((part) => ('text' in part ? part.text : textOf(boundValue(values, part.name)))).join(''),
    );
  const sent = build(({ value }) => plainText(value));
  words.forEach((word, index) => {
    const first = word.find((part) => 'name' in part || part.text !== '');
    if (!first || !('name' in first) || !sent[index]?.startsWith('-')) return;
    throw new UserError(
      'value_refused',
      `The value of ${first.name} begins with a dash, which a command could take for an option: change it.`,
    );
  });
  return { sent, shown: build(({ value }) => String(shownValue(value))), bound };
}

/** The literal text of a word, or null when a value stands in it: for what must not come from a value. */
export function literalWord(word: ArgumentTemplate | undefined): string | null {
  return word === undefined || word.some((part) => 'name' in part)
    ? null
    : word.map((part) => ('text' in part ? part.text : '')).join('');
}

/** Words as analysis sees them while their values are open: whatever it is, a value is one argument that is no option. */
export function openWords(words: readonly ArgumentTemplate[]): string[] {
  return words.map((word) => word.map((part) => ('text' in part ? part.text : '1')).join(''));
}

/** A word as a shell would take it back: bare when it is harmless, else in single quotes with nothing invisible in it. */
export function quoteWord(text: string): string {
  if (/^[A-Za-z0-9_:.,@%+=/{}^-]+$/u.test(text)) return text;
  const visible = text.replace(
    /[\u0000-\u001f\u007f-\u00a0\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `'${visible.replaceAll("'", `'\\''`)}'`;
}

function tokenize(pieces: readonly Piece[]): Token[] {
  const input = pieces.flatMap((piece): Character[] =>
    piece.kind === 'value' ? [piece] : [...piece.text].map((char) => ({ kind: 'char', char })),
  );
  const tokens: Token[] = [];
  let at = 0;
  while (at < input.length) {
    const item = input[at];
    if (item?.kind === 'char' && /\s/u.test(item.char)) at += 1;
    else if (item?.kind === 'char' && item.char === '|') {
      tokens.push({ kind: 'pipe' });
      at += 1;
    } else {
      const word = new WordReader(input, at).read();
      tokens.push({ kind: 'word', parts: word.parts });
      at = word.next;
    }
  }
  return tokens;
}

class WordReader {
  readonly #input: readonly Character[];
  readonly #parts: ({ text: string } | { name: string })[] = [];
  #at: number;

  constructor(input: readonly Character[], at: number) {
    this.#input = input;
    this.#at = at;
  }

  read(): { parts: ArgumentTemplate; next: number } {
    for (let item = this.#input[this.#at]; item; item = this.#input[this.#at]) {
      if (item.kind === 'value') this.#parts.push({ name: item.name });
      else if (/[\s|]/u.test(item.char)) break;
      else if (item.char === "'" || item.char === '"') this.#quoted(item.char);
      else if (item.char === '\\') this.#parts.push({ text: this.#escaped() });
      else if (/[;&<>()$`]/u.test(item.char)) throw noShell(item.char);
      else this.#parts.push({ text: item.char });
      this.#at += 1;
    }
    return { parts: this.#parts, next: this.#at };
  }

  /** Leaves `at` on the closing quote. */
  #quoted(quote: string): void {
    this.#parts.push({ text: '' }); // an empty argument is an argument too
    for (this.#at += 1; ; this.#at += 1) {
      const item = this.#input[this.#at];
      if (item === undefined) throw invalid(`A ${quote} is never closed: close it.`);
      if (item.kind === 'value') this.#parts.push({ name: item.name });
      else if (item.char === quote) return;
      else if (quote === '"' && item.char === '\\') this.#parts.push({ text: this.#escapedInQuotes() });
      else if (quote === '"' && /[$`]/u.test(item.char)) throw noShell(item.char);
      else this.#parts.push({ text: item.char });
    }
  }

  #escaped(): string {
    const next = this.#input[this.#at + 1];
    if (next?.kind !== 'char') throw invalid('A backslash stands before nothing that it could escape: double it.');
    this.#at += 1;
    return next.char;
  }

  #escapedInQuotes(): string {
    const next = this.#input[this.#at + 1];
    if (next?.kind !== 'char' || !/["\\$`]/u.test(next.char)) return '\\';
    this.#at += 1;
    return next.char;
  }
}

function noShell(sign: string): UserError {
  return invalid(`There is no shell here that would read ${sign}: put it into single quotes, or write an \`sh\` step.`);
}

function invalid(message: string): UserError {
  return new UserError('statement_invalid', message);
}
