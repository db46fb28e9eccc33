import { combineEffects, READS, type StatementEffect } from '../statement-effect.ts';
import { type Arguments, sortArguments } from './arguments.ts';
import type { Stdin } from './scope.ts';
import { isHarmlessInEnvironment } from './variables.ts';
import { anyWords, literalWord, NotUnderstood, operandWord, type Word } from './word.ts';

/** What a wrapper hands on: a command to look up, or text for another shell. */
export type Inner = {
  readonly runs: (words: readonly Word[], stdin: Stdin) => Promise<StatementEffect>;
  readonly reads: (text: string, stdin: Stdin) => Promise<StatementEffect>;
};

type Wrapper = (words: readonly Word[], stdin: Stdin, inner: Inner) => Promise<StatementEffect>;

const SHELLS = 'bash sh dash ash ksh zsh mksh'.split(' ');

/** Programs that run the command in their arguments. Their own options must be written out and listed. */
export const WRAPPERS: ReadonlyMap<string, Wrapper> = new Map<string, Wrapper>([
  ...SHELLS.map((name): [string, Wrapper] => [name, shell]),
  ['eval', evaluate],
  ['env', environment],
  ['xargs', xargs],
  ['find', find],
  ['watch', watch],
  ['command', command],
  ['builtin', prefixed('')],
  ['nohup', prefixed('')],
  ['setsid', prefixed('-w')],
  ['time', prefixed('-p')],
  ['nice', prefixed('-n: -#')],
  ['ionice', prefixed('-c: -n: -t')],
  ['stdbuf', prefixed('-o: -e: -i:')],
  ['chronic', prefixed('')],
  ['timeout', prefixed('-k: -s: --foreground --preserve-status --kill-after: --signal: -v', 1)],
  ['gtimeout', prefixed('-k: -s: --foreground --preserve-status --kill-after: --signal: -v', 1)],
  ['sudo', prefixed('-n -u: -H -S -g: --non-interactive --user: --set-home')],
  ['doas', prefixed('-n -u:')],
]);

/** An unknown value of an option could be empty, and the command's first word would take its place. */
function wrapperArguments(words: readonly Word[], options: string): Arguments {
  const sorted = sortArguments(words, { options, stopAtOperand: true });
  if ([...sorted.options.values()].flat().some((value) => value !== null && value.text === null))
    throw new NotUnderstood('a wrapper of a command has an unknown argument');
  return sorted;
}

/** Options and `own` operands of the wrapper, then a command. */
function prefixed(options: string, own = 0): Wrapper {
  return async (words, stdin, inner) => {
    const { operands, rest } = wrapperArguments(words, options);
    const all = [...operands, ...rest];
    if (all.slice(0, own).some((word) => word.text === null))
      throw new NotUnderstood('a wrapper of a command has an unknown argument');
    const inside = all.slice(own);
    if (inside.length === 0) throw new NotUnderstood('there is no command after it');
    if (/^\w+=/u.test(inside[0]?.text ?? inside[0]?.prefix ?? '')) return await environment(inside, stdin, inner);
    return await inner.runs(inside, stdin);
  };
}

/** `bash -c 'text'`; a shell that reads a file or its input does what nobody here can see. */
async function shell(words: readonly Word[], stdin: Stdin, inner: Inner): Promise<StatementEffect> {
  const { options, operands } = sortArguments(words, {
    options: '-c -e -u -x -o:',
    stopAtOperand: true,
    values: { '-o': /^pipefail$/u },
  });
  const text = operands[0]?.text ?? null;
  if ((options.get('-o') ?? []).some((value) => value?.text !== 'pipefail'))
    throw new NotUnderstood('an option of the shell is unclear');
  if (!options.has('-c') || text === null) throw new NotUnderstood('what the shell runs is only known when it runs');
  return await inner.reads(text, stdin);
}

async function evaluate(words: readonly Word[], stdin: Stdin, inner: Inner): Promise<StatementEffect> {
  return await inner.reads(joined(words), stdin);
}

async function watch(words: readonly Word[], stdin: Stdin, inner: Inner): Promise<StatementEffect> {
  const options = '-n: -d -t -c -e -g -x -b -w --interval: --differences --no-title --color --exec';
  const sorted = wrapperArguments(words, options);
  const inside = [...sorted.operands, ...sorted.rest];
  if (inside.length === 0) throw new NotUnderstood('there is no command after it');
  if (sorted.options.has('-x') || sorted.options.has('--exec')) return await inner.runs(inside, stdin);
  return await inner.reads(joined(inside), stdin);
}

function joined(words: readonly Word[]): string {
  const texts = words.map((word) => word.text);
  if (texts.some((text) => text === null)) throw new NotUnderstood('its text is only known when it runs');
  return texts.join(' ');
}

async function environment(words: readonly Word[], stdin: Stdin, inner: Inner): Promise<StatementEffect> {
  const { operands, rest } = wrapperArguments(words, '-i -u: --ignore-environment --unset:');
  const inside = [...operands, ...rest];
  while (/^\w+=/u.test(inside[0]?.text ?? inside[0]?.prefix ?? '')) {
    const name = /^\w+/u.exec(inside[0]?.text ?? inside[0]?.prefix ?? '')?.[0] ?? '';
    if (!isHarmlessInEnvironment(name) || inside[0]?.single !== true)
      throw new NotUnderstood(`${name} may steer the command`);
    inside.shift();
  }
  if (inside.length === 0) throw new NotUnderstood('the whole environment may hold secrets');
  return await inner.runs(inside, stdin);
}

async function command(words: readonly Word[], stdin: Stdin, inner: Inner): Promise<StatementEffect> {
  const [first, ...rest] = words;
  if (first?.text === '-v' || first?.text === '-V') return READS;
  if (first === undefined || first.option) throw new NotUnderstood('there is no command after it');
  return await inner.runs([first, ...rest], stdin);
}

/** Adds arguments from its input to a command, or puts them in the place of a marker. */
async function xargs(words: readonly Word[], _stdin: Stdin, inner: Inner): Promise<StatementEffect> {
  const options =
    '-n: -P: -0 -r -t -L: -d: -I: -i? -s: -x --null --no-run-if-empty --max-args: --max-procs: --replace? --verbose --delimiter:';
  const sorted = wrapperArguments(words, options);
  const inside = [...sorted.operands, ...sorted.rest];
  const marked = ['-I', '-i', '--replace'].filter((option) => sorted.options.has(option));
  const marker = sorted.options.get('-I')?.at(-1)?.text ?? '{}';
  if (marked.length > 0 && (marked[0] !== '-I' || marker === ''))
    throw new NotUnderstood('the marker of xargs is unclear');
  const given = inside.length === 0 ? [literalWord('echo')] : inside;
  // Without a marker everything is added at the end; with one, each word that holds it has an unknown content.
  const whole =
    marked.length > 0 ? given.map((word) => withMarker(word, marker)) : [...given, anyWords('what xargs reads')];
  return await inner.runs(whole, 'closed');
}

function withMarker(word: Word, marker: string): Word {
  if (word.text === null) return anyWords(word.source);
  const at = word.text.indexOf(marker);
  if (at < 0) return word;
  return at === 0
    ? { ...anyWords(word.source), single: true }
    : {
        source: word.source,
        text: null,
        prefix: word.text.slice(0, at),
        single: true,
        option: word.text.startsWith('-'),
        free: false,
      };
}

const FIND_ALONE = new Set(
  `-print -print0 -ls -prune -depth -mount -xdev -daystart -follow -noleaf -empty -true -false -readable -writable -executable -not -a -o -and
  -or ! ( ) , -quit -nouser -nogroup -H -L -P -E -O0 -O1 -O2 -O3`.split(/\s+/u),
);
const FIND_VALUED = new Set(
  `-name -iname -path -ipath -wholename -regex -iregex -regextype -type -xtype -size -mtime -atime -ctime -mmin -amin -cmin -newer -newermt
  -anewer -cnewer -user -group -uid -gid -perm -maxdepth -mindepth -links -inum -samefile -printf -fstype -lname -used`.split(
    /\s+/u,
  ),
);

/** Walks over the expression: a predicate that is not listed may delete, write or run something. */
async function find(words: readonly Word[], _stdin: Stdin, inner: Inner): Promise<StatementEffect> {
  const found: StatementEffect[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as Word;
    const text = word.text ?? '';
    if (FIND_VALUED.has(text)) {
      at += 1;
      const value = words[at];
      if (value === undefined || (!value.single && value.option))
        throw new NotUnderstood(`find ${text} has no plain value`);
    } else if (/^-(?:exec|execdir|ok|okdir)$/u.test(text)) {
      const end = endOfExec(words, at);
      const run = words
        .slice(at + 1, end)
        .map((part) => (part.text === '{}' ? operandWord('{}') : withMarker(part, '{}')));
      found.push(await inner.runs(run, 'closed'));
      at = end;
    } else if (!FIND_ALONE.has(text) && !isStartingPoint(word)) {
      throw new NotUnderstood(`find ${word.source} is not on the list`);
    }
  }
  return combineEffects(found);
}

/** A folder to begin in: a word that can be no predicate. */
function isStartingPoint(word: Word): boolean {
  return !word.option && word.text !== '{}' && word.text !== ';';
}

function endOfExec(words: readonly Word[], at: number): number {
  const ends = (word: Word, index: number): boolean =>
    word.text === ';' || (word.text === '+' && words[index - 1]?.text === '{}');
  const end = words.findIndex((word, index) => index > at && ends(word, index));
  if (end < 0 || words.slice(at + 1, end).some((word) => word.text === null))
    throw new NotUnderstood('find -exec is unclear');
  return end;
}
