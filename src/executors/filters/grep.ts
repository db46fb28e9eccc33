import { RE2JS } from 're2js';
import { messageOf } from '../../lib/errors.ts';
import { count, invalid, type LineFilter, readOptions, refuseFiles } from './options.ts';

const LONG = {
  'ignore-case': 'i',
  'invert-match': 'v',
  count: 'c',
  'only-matching': 'o',
  'line-number': 'n',
  'word-regexp': 'w',
  'line-regexp': 'x',
  'fixed-strings': 'F',
  'extended-regexp': 'E',
  'after-context': 'A',
  'before-context': 'B',
  context: 'C',
  'max-count': 'm',
  regexp: 'e',
};

/**
 * `grep`, in linear time whatever the pattern is. Without -E or -F the signs `+ ? | ( ) { }` mean themselves unless a backslash
 * stands before them, as POSIX has it.
 */
export function grep(args: readonly string[]): LineFilter {
  const { flags, values, operands } = readOptions('grep', args, { flags: 'ivconwxFEGP', valued: 'ABCme', long: LONG });
  const patterns = values.get('e') ?? operands.slice(0, 1);
  const [first] = patterns;
  if (first === undefined) throw invalid('`grep` needs a pattern: write it.');
  refuseFiles('grep', values.has('e') ? operands : operands.slice(1));
  const pattern = compile(patterns, flags);
  const number = (letter: string): number =>
    count('grep', values.get(letter)?.at(-1) ?? values.get('C')?.at(-1) ?? '0');
  const [before, after] = [number('B'), number('A')];
  const most = values.has('m') ? count('grep', values.get('m')?.at(-1) ?? '') : Number.POSITIVE_INFINITY;
  return (lines) => {
    const hits: number[] = [];
    for (const [index, line] of lines.entries()) {
      if (hits.length >= most) break;
      if (pattern.matcher(line).find() !== flags.has('v')) hits.push(index);
    }
    if (flags.has('c')) return [String(hits.length)];
    const numbered = (index: number, text: string) => (flags.has('n') ? `${index + 1}:${text}` : text);
    if (flags.has('o')) {
      if (flags.has('v')) return [];
      return hits.flatMap((index) => matches(pattern, lines[index] ?? '').map((text) => numbered(index, text)));
    }
    return withContext(hits, { before, after, size: lines.length }).map((index) =>
      index === null ? '--' : numbered(index, lines[index] ?? ''),
    );
  };
}

/** Signs and counted repetitions of all patterns of one filter, written out: what it costs to make them into a program. */
const MOST_PARTS = 5_000;

function compile(patterns: readonly string[], flags: ReadonlySet<string>): RE2JS {
  const source = patterns
    .map((pattern) =>
      flags.has('F') ? RE2JS.quote(pattern) : flags.has('E') || flags.has('P') ? pattern : basic(pattern),
    )
    .map((pattern) => (flags.has('w') ? `\\b(?:${pattern})\\b` : flags.has('x') ? `^(?:${pattern})$` : pattern))
    .map((pattern) => `(?:${pattern})`)
    .join('|');
  if (partsOf(source) > MOST_PARTS)
    throw invalid('The pattern of `grep` is too long or repeats too often: shorten it, or count with less.');
  try {
    return RE2JS.compile(source, flags.has('i') ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (error) {
    throw invalid(`The pattern of \`grep\` cannot be read (${messageOf(error).slice(0, 100)}): correct it.`);
  }
}

/** The length of a pattern in which each `{n,m}` is written out as often as it says. */
function partsOf(source: string): number {
  const groups: number[] = [];
  let [total, last] = [0, 0];
  for (const [part] of source.matchAll(/\\[\s\S]|\[\^?\]?[^\]]*\]|\{\d*,?\d*\}|[\s\S]/gu)) {
    const times = /^\{(\d*),?(\d*)\}$/u.exec(part);
    if (part === '(') groups.push(total);
    else if (part === ')') last = total - (groups.pop() ?? 0);
    else if (times !== null) total += last * Math.max(Number(times[1]), Number(times[2]));
    else {
      total += 1;
      last = 1;
    }
  }
  return total;
}

/** A basic regular expression as an extended one: the two differ in where a backslash stands. A leading `*` is a star. */
function basic(pattern: string): string {
  return pattern.replace(/^\*/u, '\\*').replace(/\[\^?\]?[^\]]*\]|\\[+?|(){}]|[+?|(){}]|\\[\s\S]/gu, (part) => {
    if (part.startsWith('[')) return part;
    if (/^\\[+?|(){}]$/u.test(part)) return part.slice(1);
    return part.length === 1 ? `\\${part}` : part;
  });
}

function matches(pattern: RE2JS, line: string): string[] {
  const matcher = pattern.matcher(line);
  const found: string[] = [];
  while (matcher.find()) {
    const text = matcher.group() ?? '';
    if (text !== '') found.push(text);
  }
  return found;
}

/** Indexes to show in order, null for the line between two groups. */
function withContext(
  hits: readonly number[],
  around: { before: number; after: number; size: number },
): (number | null)[] {
  if (around.before === 0 && around.after === 0) return [...hits];
  const shown: (number | null)[] = [];
  let last = -1;
  for (const hit of hits) {
    const from = Math.max(last + 1, hit - around.before);
    if (last >= 0 && from > last + 1) shown.push(null);
    const until = Math.min(around.size - 1, hit + around.after);
    for (let index = from; index <= until; index += 1) shown.push(index);
    last = Math.max(last, until);
  }
  return shown;
}
