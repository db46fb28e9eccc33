import type { WrittenCommand } from '../../../analysis/shell/read-pipeline.ts';
import type { Language } from '../../../domain/runbook.ts';

/** What happens to the programs that a command is piped into. */
export type FilterDecision =
  | { readonly kind: 'keep'; readonly filters: readonly (readonly string[])[] }
  | { readonly kind: 'drop'; readonly notes: readonly string[] }
  | { readonly kind: 'refuse' };

/** Programs that an executor runs over its own output, by language. */
const FILTERS: Readonly<Partial<Record<Language, ReadonlySet<string>>>> = {};

/**
 * The one place that decides about pipes: a filter that the executor has is kept, one that only changes how the output looks is left out
 * and named, and for everything else the whole command stays with the shell.
 */
export function decideFilters(language: Language, commands: readonly WrittenCommand[]): FilterDecision {
  const filters = commands.map(wordsOf);
  if (filters.some((words) => words === null)) return { kind: 'refuse' };
  const known = filters.filter((words) => words !== null);
  if (known.length === 0) return { kind: 'drop', notes: [] };
  const supported = FILTERS[language];
  if (known.every(([program = '']) => supported?.has(program) === true)) return { kind: 'keep', filters: known };
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
