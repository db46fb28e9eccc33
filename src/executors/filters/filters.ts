import { UserError } from '../../lib/errors.ts';
import type { BoundValue } from '../bound-values.ts';
import { type ArgumentTemplate, bindWords, literalWord, quoteWord } from '../command-line.ts';
import type { BoundValues } from '../executor.ts';
import { grep } from './grep.ts';
import { cut, head, sort, tail, tr, uniq, wc } from './lines.ts';
import type { LineFilter, ReadFilter } from './options.ts';

const FILTERS: Readonly<Record<string, ReadFilter>> = {
  grep,
  egrep: (args) => grep(['-E', ...args]),
  fgrep: (args) => grep(['-F', ...args]),
  head,
  tail,
  sort,
  uniq,
  wc,
  cut,
  tr,
  cat,
};

/** The programs after `|`, carried out by Warroom itself: what a person reads and what the approval's hash covers, and the work. */
export type Filters = {
  readonly shown: readonly (readonly string[])[];
  readonly bound: readonly BoundValue[];
  apply(text: string): string;
};

/**
 * Reads what a command's output is piped through. No program is started: these filters read lines and write lines. Throws UserError
 * `statement_invalid` for a program or an option that is not there, `value_refused`, `placeholder_unbindable`.
 */
export function readFilterChain(chain: readonly (readonly ArgumentTemplate[])[], values: BoundValues): Filters {
  const bound = chain.map((words) => {
    const name = literalWord(words[0]);
    if (name === null)
      throw new UserError('placeholder_unbindable', 'The program after | cannot come from a value: write it out.');
    if (!Object.hasOwn(FILTERS, name)) {
      throw new UserError(
        'statement_invalid',
        `\`${name.slice(0, 40)}\` cannot stand after |: there are ${Object.keys(FILTERS).join(', ')}, or write an \`sh\` step.`,
      );
    }
    return bindWords(words, values);
  });
  const filters = bound.map(({ sent: [name = '', ...args] }) => (FILTERS[name] ?? cat)(args));
  return {
    shown: bound.map(({ shown }) => shown),
    bound: bound.flatMap((part) => part.bound),
    apply: (text) => fromLines(filters.reduce<readonly string[]>((lines, filter) => filter(lines), toLines(text))),
  };
}

/** Throws as `readFilterChain` does, before there are values: for lint. */
export function checkFilterChain(chain: readonly (readonly ArgumentTemplate[])[]): void {
  const names = chain.flat(2).flatMap((part) => ('name' in part ? [part.name] : []));
  readFilterChain(chain, Object.fromEntries(names.map((name) => [name, '1'])));
}

/** ` | grep -i error | head -n 5` for a card; empty without filters. */
export function showFilters(filters: Filters): string {
  return filters.shown.map((words) => ` | ${words.map(quoteWord).join(' ')}`).join('');
}

function cat(args: readonly string[]): LineFilter {
  if (args.length > 0) throw new UserError('statement_invalid', '`cat` after | takes no arguments: leave them out.');
  return (lines) => [...lines];
}

function toLines(text: string): string[] {
  if (text === '') return [];
  return text.replace(/\n$/u, '').split('\n');
}

function fromLines(lines: readonly string[]): string {
  return lines.join('\n');
}
