import type { WrittenCommand } from '../../../analysis/shell/read-pipeline.ts';
import type { Language } from '../../../domain/runbook.ts';

/** What happens to the programs that a command is piped into. */
export type FilterDecision =
  | { readonly kind: 'keep'; readonly filters: readonly (readonly string[])[] }
  | { readonly kind: 'drop'; readonly notes: readonly string[] }
  | { readonly kind: 'refuse' };

/** Languages whose executor carries filters out itself. */
const FILTERING: ReadonlySet<Language> = new Set(['docker', 'kubectl', 'redis', 'http']);

type Known = {
  /** The arguments that the executors read as the program does; an option with a value is written apart from it. */
  readonly args: RegExp;
  /** Options whose value is the next word, and how many other words there may be. */
  readonly valued: string;
  readonly operands: number;
};

const GREP: Known = { args: /^(?:-[ivcowxnEF]+ |-[ABCm] \d+ )*(?!-)\S/u, valued: 'ABCm', operands: 1 };
const FILTERS: Readonly<Record<string, Known>> = {
  grep: GREP,
  egrep: GREP,
  fgrep: GREP,
  head: { args: /^(?:-n \d+)?$/u, valued: 'n', operands: 0 },
  tail: { args: /^(?:-n \d+)?$/u, valued: 'n', operands: 0 },
  sort: { args: /^(?:-[nru]+|-k \d+(?:,\d+)?[nr]*|-k\d+(?:,\d+)?[nr]*|-h| )*$/u, valued: 'k', operands: 0 },
  uniq: { args: /^(?:-[cdui]+)?$/u, valued: '', operands: 0 },
  wc: { args: /^-[lwcm]$/u, valued: '', operands: 0 },
  cut: {
    args: /^(?:(?:-d ?[^\n] )?-f ?\d[\d,-]*|-f ?\d[\d,-]* -d ?[^\n]|-c ?\d[\d,-]*)$/u,
    valued: 'dfc',
    operands: 0,
  },
  tr: { args: /^(?:-[ds] [^\n-][^\n]*|[^\n-]\S* [^\n-]\S*)$/u, valued: '', operands: 2 },
};

/** The filter as the executor takes it, `tail -20` as `tail -n 20`; null for one that it does not have in this form. */
function supported([program = '', ...args]: readonly string[]): string[] | null {
  if (program === 'jq') return supportedJq(args);
  const spelled = args.flatMap((arg) => {
    const short = /^-(?:n)?(\d+)$/u.exec(arg)?.[1];
    return short !== undefined && /^(?:head|tail)$/u.test(program) ? ['-n', short] : [arg];
  });
  const known = Object.hasOwn(FILTERS, program) ? FILTERS[program] : undefined;
  if (known === undefined) return null;
  const isValue = (before = '') => /^-[A-Za-z]$/u.test(before) && known.valued.includes(before.slice(1));
  const operands = spelled.filter((arg, at) => !arg.startsWith('-') && !isValue(spelled[at - 1]));
  return known.args.test(spelled.join(' ')) && operands.length <= known.operands ? [program, ...spelled] : null;
}

const JQ_FLAG =
  /^(?:-[rcesSnjRa]+|--(?:raw-output|compact-output|exit-status|slurp|sort-keys|null-input|join-output|raw-input|ascii-output))$/u;
/** What jq would know of the machine that it ran on, and what only a terminal shows. */
const JQ_OUTSIDE =
  /\$ENV\b|\$__loc__|(?<![\w.$"])(?:env|import|include|modulemeta|get_search_list|input_filename|input_line_number|debug|stderr)(?![\w"])/u;

/** `jq` with one program and values by name; colours are left out. A place for a value in the program would be read as a part of it. */
function supportedJq(args: readonly string[]): string[] | null {
  const words: string[] = [];
  const programs: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (/^--arg(?:json)?$/u.test(arg)) {
      const [name = '', value = ''] = args.slice(at + 1, at + 3);
      const bound = arg === '--arg' || !/WRMARK/u.test(value);
      if (args.length < at + 3 || !/^[A-Za-z_]\w*$/u.test(name) || /WRMARK/u.test(name) || !bound) return null;
      words.push(arg, name, value);
      at += 2;
    } else if (/^-[CM]$|^--(?:color|monochrome)-output$/u.test(arg)) continue;
    else if (arg.startsWith('-')) {
      if (!JQ_FLAG.test(arg)) return null;
      words.push(arg);
    } else programs.push(oneLine(arg));
  }
  const [program = '.', ...others] = programs;
  if (others.length > 0 || /WRMARK|\n|\$\{/u.test(program) || JQ_OUTSIDE.test(program)) return null;
  return ['jq', ...words, program];
}

/** A program over several lines says the same on one, unless a comment or a text goes over the end of a line. */
function oneLine(program: string): string {
  const quiet = program
    .split('\n')
    .every((line) => !line.includes('#') && (line.match(/(?<!\\)"/gu)?.length ?? 0) % 2 === 0);
  return quiet ? program.replace(/\s*\n\s*/gu, ' ').trim() : program;
}

/**
 * The one place that decides about pipes: a filter that the executor has is kept, one that only changes how the output looks is left out
 * and named, and for everything else the whole command stays with the shell. `exact`: the executor prints what the program would.
 */
export function decideFilters(
  { language, exact }: { readonly language: Language; readonly exact: boolean },
  commands: readonly WrittenCommand[],
): FilterDecision {
  const filters = commands.map(wordsOf);
  if (filters.some((words) => words === null)) return { kind: 'refuse' };
  const known = filters.filter((words) => words !== null);
  const notes = known.map((words) => harmless(words, language));
  if (!notes.includes(null)) return { kind: 'drop', notes: notes.filter((note) => note !== null) };
  const kept = exact && FILTERING.has(language) ? known.map(supported) : [null];
  return kept.includes(null) ? { kind: 'refuse' } : { kind: 'keep', filters: kept.filter((words) => words !== null) };
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
  const pretty = args.every((arg) => /^(?:\.|-[MCS]+|--(?:color|monochrome)-output)$/u.test(arg));
  return program === 'jq' && language === 'http' && pretty ? '`jq` is left out: answers are shown as JSON.' : null;
}
