import { REDIS_CONTAINERS } from '../../analysis/redis-commands.ts';
import { UserError } from '../../lib/errors.ts';
import { type BoundValue, boundValue, plainText, shownValue } from '../bound-values.ts';
import type { BoundValues } from '../executor.ts';
import { type Piece, placeholderNames, splitPlaceholders } from '../placeholders.ts';

/** One argument before binding: literal text and places of values, which stay inside this one argument whatever they hold. */
export type ArgumentTemplate = readonly ({ readonly text: string } | { readonly name: string })[];

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\u0007' };

/**
 * Splits one command as redis-cli does: words, "…" with escapes (\n \r \t \b \a \xHH), '…' with \'. Throws UserError
 * `statement_invalid` for several commands or unbalanced quotes, `placeholder_unbindable` for a command name from a value.
 */
export function parseCommand(source: string): {
  args: ArgumentTemplate[];
  /** The programs that the reply is piped through: what stands behind a `|` by itself. */
  filters: ArgumentTemplate[][];
  names: string[];
} {
  const lines = source.split(/\r?\n/u).filter((line) => line.trim() !== '');
  const [line, ...others] = lines;
  if (line === undefined)
    throw new UserError('statement_invalid', 'There is no Redis command here: write exactly one.');
  if (others.length > 0) {
    throw new UserError(
      'statement_invalid',
      `There are ${lines.length} Redis commands here: a step runs exactly one, make a step of each.`,
    );
  }
  const pieces = splitPlaceholders(line);
  const [args = [], ...filters] = tokenize(pieces);
  if (filters.some((filter) => filter.length === 0))
    throw new UserError('statement_invalid', 'Behind | there must be a filter: complete it, or quote the character.');
  if (args[0]?.some((part) => 'name' in part)) {
    throw new UserError(
      'placeholder_unbindable',
      'The name of a Redis command cannot come from a value: write it out.',
    );
  }
  const command = literalText(args[0] ?? []).toLowerCase();
  if (REDIS_CONTAINERS.has(command) && args[1]?.some((part) => 'name' in part)) {
    throw new UserError(
      'placeholder_unbindable',
      'The subcommand of a Redis command cannot come from a value: write it out.',
    );
  }
  return { args, filters, names: placeholderNames(pieces) };
}

/** The arguments as they are sent, and as they are shown (secrets as `<secret>`). Throws UserError `value_refused`. */
export function bindCommand(
  args: readonly ArgumentTemplate[],
  values: BoundValues,
): { sent: string[]; shown: string[]; bound: BoundValue[] } {
  const bound: BoundValue[] = [];
  const build = (argument: ArgumentTemplate, textOf: (value: BoundValue) => string): string =>
    argument.map((part) => ('text' in part ? part.text : textOf(boundValue(values, part.name)))).join('');
  for (const argument of args) {
    for (const part of argument) if ('name' in part) bound.push(boundValue(values, part.name));
    const [first] = argument;
    if (first && 'name' in first && plainText(boundValue(values, first.name).value).startsWith('-')) {
      throw new UserError(
        'value_refused',
        `The value of ${first.name} begins with a dash, which a command could take for an option: change it.`,
      );
    }
  }
  return {
    sent: args.map((argument) => build(argument, ({ value }) => plainText(value))),
    shown: args.map((argument) => build(argument, ({ value }) => String(shownValue(value)))),
    bound,
  };
}

function literalText(argument: ArgumentTemplate): string {
  return argument.map((part) => ('text' in part ? part.text : '')).join('');
}

type Character = { readonly kind: 'char'; readonly char: string } | { readonly kind: 'value'; readonly name: string };

function tokenize(pieces: readonly Piece[]): ArgumentTemplate[][] {
  const input = pieces.flatMap((piece): Character[] =>
    piece.kind === 'value' ? [piece] : [...piece.text].map((char) => ({ kind: 'char', char })),
  );
  const parts: ArgumentTemplate[][] = [[]];
  let at = 0;
  const charAt = (index: number): string | null => {
    const item = input[index];
    return item?.kind === 'char' ? item.char : null;
  };
  while (at < input.length) {
    if (/\s/u.test(charAt(at) ?? '')) {
      at += 1;
      continue;
    }
    const quote = charAt(at);
    if (quote === '|' && /\s/u.test(charAt(at + 1) ?? (at + 1 === input.length ? ' ' : 'x'))) {
      parts.push([]);
      at += 1;
      continue;
    }
    const read = quote === '"' || quote === "'" ? readQuoted(input, at, quote) : readWord(input, at);
    parts.at(-1)?.push(read.argument);
    at = read.next;
    if (at < input.length && !/\s/u.test(charAt(at) ?? 'x')) {
      throw new UserError('statement_invalid', 'A closing quote must be followed by a space: separate the arguments.');
    }
  }
  return parts;
}

type ReadArgument = { readonly argument: ArgumentTemplate; readonly next: number };

function readWord(input: readonly Character[], start: number): ReadArgument {
  const parts: ({ text: string } | { name: string })[] = [];
  let at = start;
  for (let item = input[at]; item; item = input[at]) {
    if (item.kind === 'char' && /\s/u.test(item.char)) break;
    if (item.kind === 'char' && (item.char === '"' || item.char === "'")) {
      throw new UserError(
        'statement_invalid',
        'A quote stands in the middle of a word: put the whole argument into quotes.',
      );
    }
    parts.push(item.kind === 'char' ? { text: item.char } : { name: item.name });
    at += 1;
  }
  return { argument: parts, next: at };
}

function readQuoted(input: readonly Character[], start: number, quote: string): ReadArgument {
  const parts: ({ text: string } | { name: string })[] = [];
  let at = start + 1;
  for (let item = input[at]; item; item = input[at]) {
    if (item.kind === 'value') {
      parts.push({ name: item.name });
      at += 1;
    } else if (item.char === quote) {
      return { argument: parts.length === 0 ? [{ text: '' }] : parts, next: at + 1 };
    } else if (item.char === '\\') {
      const escaped = readEscape(input, at, quote);
      parts.push({ text: escaped.text });
      at = escaped.next;
    } else {
      parts.push({ text: item.char });
      at += 1;
    }
  }
  throw new UserError('statement_invalid', `A ${quote} is never closed: close it.`);
}

function readEscape(input: readonly Character[], at: number, quote: string): { text: string; next: number } {
  const chars = input.slice(at + 1, at + 4).map((item) => (item.kind === 'char' ? item.char : ''));
  const [next = ''] = chars;
  if (quote === "'") return next === "'" ? { text: "'", next: at + 2 } : { text: '\\', next: at + 1 };
  const hex = chars.join('');
  if (/^x[0-7][0-9a-fA-F]$/u.test(hex))
    return { text: String.fromCharCode(Number.parseInt(hex.slice(1), 16)), next: at + 4 };
  if (/^x[89a-fA-F][0-9a-fA-F]$/u.test(hex)) {
    throw new UserError('statement_invalid', `\\${hex} is a byte that is no text: only text can be sent.`);
  }
  if (next === '')
    throw new UserError('statement_invalid', 'A backslash stands before nothing that it could escape: double it.');
  return { text: ESCAPES[next] ?? next, next: at + 2 };
}

/** An argument as redis-cli would take it back: bare when it is harmless, else in double quotes with escapes. */
export function quoteArgument(text: string): string {
  if (text !== '|' && /^[A-Za-z0-9_:.,*?[\]{}/@+=<>()|-]+$/u.test(text)) return text;
  return JSON.stringify(text).replace(
    /[\u007f-\u00a0\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
