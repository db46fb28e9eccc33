import type { FilterAnswer, FilterTask } from './filter-task.ts';
import { grep } from './grep.ts';
import { readJq } from './jq-options.ts';
import { cut, head, sort, tail, tr, uniq, wc } from './lines.ts';
import { invalid, type LineFilter, type ReadFilter } from './options.ts';

/** The filters that read lines and write lines. */
const LINE_FILTERS: Readonly<Record<string, ReadFilter>> = {
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

/** Every program that may stand after `|`. */
export const FILTER_NAMES: readonly string[] = [...Object.keys(LINE_FILTERS), 'jq'];

/** Whether a text looks as if it were piped through a filter: for languages that have none and say what to write instead. */
export function looksPiped(text: string): boolean {
  return new RegExp(`\\|\\s*(?:${FILTER_NAMES.join('|')})(?:\\s|$)`, 'u').test(text);
}

/** Reads the arguments of every filter. Throws UserError `statement_invalid` for what one does not take. */
export function checkArguments(chain: FilterTask['chain']): void {
  for (const [name = '', ...args] of chain) {
    if (name === 'jq') readJq(args);
    else lineFilter(name, args);
  }
}

// Kept, because a loader with hooks resolves every dynamic import anew.
let jq: Promise<typeof import('./run-jq.ts')> | null = null;

/** Carries out a chain. It may take long: only a thread that can be ended calls this; `give` ends it with an answer. */
export async function carryOut(
  { chain, text, check = false }: FilterTask,
  give: (answer: FilterAnswer) => void,
): Promise<FilterAnswer> {
  let now = text;
  for (const [index, [name = '', ...args]] of chain.entries()) {
    if (name === 'jq') {
      jq ??= import('./run-jq.ts');
      const { runJq } = await jq;
      const answer = await runJq(readJq(args), { text: now, check, last: index === chain.length - 1, give });
      if (answer.status === 'failed') return answer;
      now = answer.text;
    } else if (!check) now = lineFilter(name, args)(toLines(now)).join('\n');
  }
  return { status: 'ok', text: now };
}

function lineFilter(name: string, args: readonly string[]): LineFilter {
  const read = Object.hasOwn(LINE_FILTERS, name) ? LINE_FILTERS[name] : undefined;
  if (read === undefined)
    throw invalid(
      `\`${name.slice(0, 40)}\` cannot stand after |: there are ${FILTER_NAMES.join(', ')}, or write an \`sh\` step.`,
    );
  return read(args);
}

function cat(args: readonly string[]): LineFilter {
  if (args.length > 0) throw invalid('`cat` after | takes no arguments: leave them out.');
  return (lines) => [...lines];
}

function toLines(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/u, '').split('\n');
}
