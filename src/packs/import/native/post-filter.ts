import type { WrittenCommand } from '../../../analysis/shell/read-pipeline.ts';
import type { Language } from '../../../domain/runbook.ts';

/** What happens to the programs that a command is piped into. */
export type FilterDecision =
  | { readonly kind: 'keep'; readonly filters: readonly (readonly string[])[] }
  | { readonly kind: 'drop'; readonly notes: readonly string[] }
  | { readonly kind: 'refuse' };

/** Languages whose executor carries filters out itself. */
const FILTERING: ReadonlySet<Language> = new Set(['docker']);

/** Arguments of each filter that the executors read as the program does; an option with a value is written apart from it. */
const FILTERS: Readonly<Record<string, RegExp>> = {
  grep: /^(?:-[ivcowxnEF]+ |-[ABCm] \d+ )*(?!-)\S/u,
  egrep: /^(?:-[ivcowxn]+ |-[ABCm] \d+ )*(?!-)\S/u,
  fgrep: /^(?:-[ivcowxn]+ |-[ABCm] \d+ )*(?!-)\S/u,
  head: /^(?:-n \d+)?$/u,
  tail: /^(?:-n \d+)?$/u,
  sort: /^(?:-[nru]+)?$/u,
  uniq: /^(?:-[cdui]+)?$/u,
  wc: /^-[lwcm]$/u,
};

/** The filter as the executor takes it, `tail -20` as `tail -n 20`; null for one that it does not have in this form. */
function supported([program = '', ...args]: readonly string[]): string[] | null {
  const spelled = args.flatMap((arg) => {
    const short = /^-(?:n)?(\d+)$/u.exec(arg)?.[1];
    return short !== undefined && /^(?:head|tail)$/u.test(program) ? ['-n', short] : [arg];
  });
  const operands = spelled.filter((arg, at) => !arg.startsWith('-') && !/^-[ABCmn]$/u.test(spelled[at - 1] ?? ''));
  const pattern = Object.hasOwn(FILTERS, program) ? FILTERS[program] : undefined;
  const fits = pattern?.test(spelled.join(' ')) === true && operands.length <= (/grep$/u.test(program) ? 1 : 0);
  return fits ? [program, ...spelled] : null;
}

/**
 * The one place that decides about pipes: a filter that the executor has is kept, one that only changes how the output looks is left out
 * and named, and for everything else the whole command stays with the shell.
 */
export function decideFilters(language: Language, commands: readonly WrittenCommand[]): FilterDecision {
  const filters = commands.map(wordsOf);
  if (filters.some((words) => words === null)) return { kind: 'refuse' };
  const known = filters.filter((words) => words !== null);
  if (known.length === 0) return { kind: 'drop', notes: [] };
  const kept = FILTERING.has(language) ? known.map(supported) : [null];
  if (!kept.includes(null)) return { kind: 'keep', filters: kept.filter((words) => words !== null) };
  const notes = known.map((words) => harmless(words, language));
  return notes.includes(null) ? { kind: 'refuse' } : { kind: 'drop', notes: notes.filter((note) => note !== null) };
}

/** Literal words of a filter without redirections but `2>&1`. */
function wordsOf({ words, redirects, environment }: WrittenCommand): string[] | null {
  const loud = redirects.some(
    ({ sign, target }) => !(sign === '2>&' && target?.text === '1') && target?.text !== '/dev/null',
  );
  if (loud || environment.length > 0) return null;
  const texts = words.map(({ text }) => text);
  return texts.includes(null) ? null : texts.filter((text) => text !== null);
}

/** A sentence about a filter whose absence loses nothing; null when it would. */
function harmless([program = '', ...args]: readonly string[], language: Language): string | null {
  if (/^(?:less|more|cat|tee)$/u.test(program) && args.length === 0) return `\`${program}\` is left out.`;
  if (program === 'column' && args.join(' ') === '-t') return '`column -t` is left out.';
  if (/^python3?$/u.test(program) && /^-m json\.tool$/u.test(args.join(' ')))
    return '`json.tool` is left out: answers are shown as JSON.';
  if (program !== 'jq' || language !== 'http') return null;
  const options = args.filter((arg) => arg.startsWith('-'));
  const [filter = '.', ...more] = args.filter((arg) => !arg.startsWith('-'));
  if (more.length > 0 || !options.every((option) => /^-(?:[rMCcS]+|-raw-output|-color-output)$/u.test(option)))
    return null;
  if (filter === '.') return '`jq` is left out: answers are shown as JSON.';
  // A path only chooses what is shown: the whole answer holds it.
  return /^\.(?:[A-Za-z_]\w*|\[\d*\]|\["[\w-]+"\]|\.|\?)*$/u.test(filter)
    ? `\`jq '${filter}'\` is left out: the whole answer is shown, look at \`${filter}\`.`
    : null;
}
