import { UserError } from '../../lib/errors.ts';

/** Takes the lines of a text, gives the lines that come out. */
export type LineFilter = (lines: readonly string[]) => string[];
/** Reads the arguments of one filter. Throws UserError `statement_invalid`. */
export type ReadFilter = (args: readonly string[]) => LineFilter;

/** Options of a filter: letters without a value, letters with one, and what long spellings mean. */
export type FilterOptions = {
  readonly flags: string;
  readonly valued?: string;
  readonly long?: Readonly<Record<string, string>>;
};

export type ReadOptions = {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly operands: readonly string[];
};

/** Takes options as programs do: `-in 5`, `-n5`, `--max-count=5`, `--`. Throws UserError `statement_invalid`. */
export function readOptions(program: string, args: readonly string[], options: FilterOptions): ReadOptions {
  const flags = new Set<string>();
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  const queue = [...args];
  let ended = false;
  const store = (letter: string, joined: string) => {
    const value = joined === '' ? queue.shift() : joined;
    if (value === undefined) throw invalid(`\`${program} -${letter}\` needs a value: write it.`);
    values.set(letter, [...(values.get(letter) ?? []), value]);
  };
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (ended || !word.startsWith('-') || word === '-') operands.push(word);
    else if (word === '--') ended = true;
    else if (word.startsWith('--')) {
      const [name = '', ...rest] = word.slice(2).split('=');
      const letter = options.long?.[name];
      if (letter === undefined) throw unknown(program, `--${name}`);
      if (options.valued?.includes(letter)) store(letter, rest.join('='));
      else flags.add(letter);
    } else if (/^-\d+$/u.test(word) && options.valued?.includes('n')) store('n', word.slice(1));
    else {
      const letters = [...word.slice(1)];
      for (const [index, letter] of letters.entries()) {
        if (options.valued?.includes(letter)) {
          store(letter, letters.slice(index + 1).join(''));
          break;
        }
        if (!options.flags.includes(letter)) throw unknown(program, `-${letter}`);
        flags.add(letter);
      }
    }
  }
  return { flags, values, operands };
}

/** Files are not read: a filter works on what comes through the pipe. */
export function refuseFiles(program: string, operands: readonly string[]): void {
  if (operands.length === 0 || (operands.length === 1 && operands[0] === '-')) return;
  throw invalid(
    `\`${program}\` reads what comes through the pipe, not \`${(operands[0] ?? '').slice(0, 40)}\`: leave it out.`,
  );
}

/** A count of an option. Throws UserError `statement_invalid`. */
export function count(program: string, text: string): number {
  if (!/^\d{1,9}$/u.test(text)) throw invalid(`\`${text.slice(0, 40)}\` is no number for \`${program}\`: correct it.`);
  return Number(text);
}

export function invalid(message: string): UserError {
  return new UserError('statement_invalid', message);
}

function unknown(program: string, option: string): UserError {
  return invalid(`\`${program}\` after | does not know ${option}: leave it out, or write an \`sh\` step.`);
}
