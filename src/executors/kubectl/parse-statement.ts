import { type KubectlCall, OPEN_VALUE, parseKubectl } from '../../analysis/kubectl-arguments.ts';
import { UserError } from '../../lib/errors.ts';
import type { ArgumentTemplate } from '../command-line.ts';
import { placeholderNames, splitPlaceholders } from '../placeholders.ts';

/** A fence taken apart, its values still open: each `${name}` is one character of a private plane of Unicode. */
export type KubectlTemplate = {
  readonly words: readonly string[];
  readonly call: KubectlCall;
  /** The programs that the output is piped through. */
  readonly filters: readonly (readonly ArgumentTemplate[])[];
  /** The documents below the command; empty without any. */
  readonly body: string;
  /** The name of each open value, by its place among them. */
  readonly openNames: readonly string[];
  /** Each name once. */
  readonly names: readonly string[];
};

const FIRST_OPEN = 0xf0000;

/**
 * Reads one kubectl command, with or without the program's name, and the documents below it. Words are split as a shell does, quotes
 * included; nothing is expanded. Throws UserError `statement_invalid`, `placeholder_invalid` or `placeholder_unbindable`.
 */
export function parseStatement(text: string): KubectlTemplate {
  if (OPEN_VALUE.test(text))
    throw new UserError('statement_invalid', 'The statement contains characters of a private plane: remove them.');
  const pieces = splitPlaceholders(text);
  const openNames: string[] = [];
  const marked = pieces
    .map((piece) => {
      if (piece.kind === 'text') return piece.text;
      openNames.push(piece.name);
      return String.fromCodePoint(FIRST_OPEN + openNames.length - 1);
    })
    .join('');
  const { parts, rest } = splitWords(marked);
  const [words = [], ...filters] = parts;
  if (filters.some((filter) => filter.length === 0))
    throw new UserError('statement_invalid', 'Before and after | there must be a command: complete it.');
  if (words[0] === 'kubectl') words.shift();
  if (words.length === 0)
    throw new UserError('statement_invalid', 'There is no kubectl command here: write exactly one.');
  if (words.slice(0, 2).some((word, at) => OPEN_VALUE.test(word) && (at === 0 || isGroup(words[0] ?? '')))) {
    throw new UserError('placeholder_unbindable', 'The verb of kubectl cannot come from a value: write it out.');
  }
  const call = parseKubectl(words);
  const takesBody = call.options.has('filename');
  if (!takesBody && rest.trim() !== '') {
    throw new UserError(
      'statement_invalid',
      'There is more than one kubectl command here: a step runs exactly one, make a step of each.',
    );
  }
  return {
    words,
    call,
    filters: filters.map((filter) => filter.map((word) => wordTemplate(word, openNames))),
    body: takesBody ? rest : '',
    openNames,
    names: placeholderNames(pieces),
  };
}

/** A word as the filters take it: its literal text and the names of its open values. */
function wordTemplate(word: string, openNames: readonly string[]): ArgumentTemplate {
  return word
    .split(new RegExp(`(${OPEN_VALUE.source})`, 'u'))
    .filter((part) => part !== '')
    .map((part) =>
      OPEN_VALUE.test(part) ? { name: openNames[(part.codePointAt(0) ?? 0) - FIRST_OPEN] ?? '' } : { text: part },
    );
}

/** The text with each open value replaced by what `valueFor` gives for its name. */
export function fillOpen(text: string, template: KubectlTemplate, valueFor: (name: string) => string): string {
  return text.replace(new RegExp(OPEN_VALUE.source, 'gu'), (character) => valueFor(openName(character, template)));
}

/** The name behind an open value. */
export function openName(character: string, template: KubectlTemplate): string {
  return template.openNames[(character.codePointAt(0) ?? 0) - FIRST_OPEN] ?? '';
}

function isGroup(verb: string): boolean {
  return ['rollout', 'set', 'top', 'create'].includes(verb);
}

/** What ends at the first unquoted line break, divided at each `|`, and what stands below it. */
function splitWords(source: string): { parts: string[][]; rest: string } {
  const text = source.replace(/^(?:[ \t]*(?:#[^\n]*)?\r?\n)+/u, '');
  const parts: string[][] = [[]];
  let word: string | null = null;
  let at = 0;
  const endWord = () => {
    if (word !== null) parts.at(-1)?.push(word);
    word = null;
  };
  while (at < text.length) {
    const char = text[at] ?? '';
    const next = text[at + 1] ?? '';
    if (char === '\\' && /[\r\n]/u.test(next)) {
      at += next === '\r' ? 3 : 2;
    } else if (/\s/u.test(char)) {
      endWord();
      at += 1;
      if (char === '\n') break;
    } else if (char === '|' && next !== '|' && next !== '&') {
      endWord();
      parts.push([]);
      at += 1;
    } else if (char === '"' || char === "'") {
      const quoted = readQuoted(text, at, char);
      word = (word ?? '') + quoted.text;
      at = quoted.next;
    } else if (char === '\\') {
      if (next === '') throw new UserError('statement_invalid', 'A backslash stands at the end: remove it.');
      word = (word ?? '') + next;
      at += 2;
    } else {
      refuseShell(char, next);
      word = (word ?? '') + char;
      at += 1;
    }
  }
  endWord();
  return { parts, rest: text.slice(at) };
}

function readQuoted(text: string, start: number, quote: string): { text: string; next: number } {
  let inner = '';
  let at = start + 1;
  while (at < text.length) {
    const char = text[at] ?? '';
    const next = text[at + 1] ?? '';
    if (char === quote) return { text: inner, next: at + 1 };
    if (quote === '"' && char === '\\' && /["\\$`\n]/u.test(next)) {
      inner += next === '\n' ? '' : next;
      at += 2;
      continue;
    }
    if (quote === '"' && (char === '`' || (char === '$' && next === '('))) refuseShell(char, next);
    inner += char;
    at += 1;
  }
  throw new UserError('statement_invalid', `A ${quote} is never closed: close it.`);
}

function refuseShell(char: string, next: string): void {
  if (!/[|;&<>`()]/u.test(char) && !(char === '$' && /[({\w]/u.test(next))) return;
  const what = char === '$' ? `${char}${next}` : char;
  throw new UserError(
    'statement_invalid',
    `There is no shell here that could make something of \`${what}\`: quote it, or write \`\${name}\` for a value.`,
  );
}
