import type { Program } from '../programs/program.ts';
import { NotUnderstood, type Word } from './word.ts';

/** The arguments of a program, sorted into options and operands. */
export type Arguments = {
  /** Values of each option in the order given; null for an option without one. */
  readonly options: ReadonlyMap<string, readonly (Word | null)[]>;
  readonly operands: readonly Word[];
  /** What follows the first operand when the program stops there. */
  readonly rest: readonly Word[];
};

type Allowed = {
  readonly flags: Set<string>;
  readonly valued: Set<string>;
  readonly joined: Set<string>;
  readonly all: boolean;
};

/** Sorts the words by the options of a program. Throws `NotUnderstood` for an option that is not listed or a word that could be one. */
export function sortArguments(words: readonly Word[], program: Program, inherited = ''): Arguments {
  const allowed = allowedOptions(withInherited(program.options, inherited));
  const options = new Map<string, (Word | null)[]>();
  const operands: Word[] = [];
  const add = (name: string, value: Word | null): void => {
    options.set(name, [...(options.get(name) ?? []), value]);
  };
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as Word;
    if (program.stopAtOperand && operands.length > 0) return { options, operands, rest: words.slice(at) };
    if (allowed.all) operands.push(word);
    else if (word.text === '--') return { options, operands: [...operands, ...words.slice(at + 1)], rest: [] };
    else if (!word.option || word.text === '-') operands.push(word);
    else if (word.text === null && !word.prefix.startsWith('-')) {
      if (!mayBeAnything(word, program)) throw new NotUnderstood(`${word.source} could be an option.`);
      operands.push(word);
    } else {
      const found = readOption(word, allowed, program.wholeWords === true);
      for (const flag of found.flags) add(flag, null);
      if (found.name !== null) {
        if (found.value === null) at += 1;
        add(found.name, found.value ?? followingValue(words[at], found.name));
      }
    }
  }
  return { options, operands, rest: [] };
}

/** An option of the subcommand hides an outer one of the same name: `-f` is a file for `docker compose` and follows for its `logs`. */
export function withInherited(own: string, inherited: string): string {
  const bare = (option: string): string => option.replace(/[:?]$/u, '');
  const names = new Set(own.split(/\s+/u).map(bare));
  return [own, ...inherited.split(/\s+/u).filter((option) => !names.has(bare(option)))].join(' ');
}

function mayBeAnything(word: Word, program: Program): boolean {
  return program.unknown === 'any' || (program.unknown === 'outside' && word.free && word.single);
}

function allowedOptions(text: string): Allowed {
  const names = text.split(/\s+/u).filter((name) => name !== '');
  const ending = (end: string): Set<string> =>
    new Set(names.filter((name) => name.endsWith(end)).map((name) => name.slice(0, -1)));
  return {
    flags: new Set(names.filter((name) => !/[:?]$/u.test(name))),
    valued: ending(':'),
    joined: ending('?'),
    all: names.includes('*'),
  };
}

type ReadOption = { readonly flags: string[]; readonly name: string | null; readonly value: Word | null };

function readOption(word: Word, allowed: Allowed, wholeWords: boolean): ReadOption {
  const known = word.text ?? word.prefix;
  const equals = known.indexOf('=');
  const isLong = known.startsWith('--') || wholeWords;
  if (isLong) {
    const name = equals < 0 ? known : known.slice(0, equals);
    if (word.text === null && equals < 0) throw unlisted(word);
    if (equals >= 0 && (allowed.valued.has(name) || allowed.joined.has(name) || allowed.flags.has(name)))
      return { flags: [], name, value: cut(word, equals + 1) };
    if (equals < 0 && (allowed.flags.has(name) || allowed.joined.has(name)))
      return { flags: [name], name: null, value: null };
    if (equals < 0 && allowed.valued.has(name)) return { flags: [], name, value: null };
    throw unlisted(word);
  }
  return readCluster(word, known, allowed);
}

/** `-sSf`, `-n5`, `-XPOST`: letters until one takes a value. */
function readCluster(word: Word, known: string, allowed: Allowed): ReadOption {
  const flags: string[] = [];
  if (/^-\d+$/u.test(known) && word.text !== null && allowed.flags.has('-#'))
    return { flags: ['-#'], name: null, value: null };
  for (let at = 1; at < known.length; at += 1) {
    const name = `-${known[at]}`;
    const isLast = at === known.length - 1;
    if (allowed.valued.has(name))
      return {
        flags,
        name,
        value: isLast && word.text !== null ? null : cut(word, known[at + 1] === '=' ? at + 2 : at + 1),
      };
    if (allowed.joined.has(name)) return { flags, name, value: cut(word, at + 1) };
    if (!allowed.flags.has(name)) throw unlisted(word);
    flags.push(name);
  }
  // The unknown part of the word would be more letters.
  if (word.text === null) throw unlisted(word);
  return { flags, name: null, value: null };
}

/** The part of a word behind an option's name. */
function cut(word: Word, at: number): Word {
  const text = word.text === null ? null : word.text.slice(at);
  return { ...word, text, prefix: word.prefix.slice(at), option: false };
}

/** A value that looks like an option means that the table and the program disagree about who takes a value. */
function followingValue(word: Word | undefined, name: string): Word {
  if (word === undefined) throw new NotUnderstood(`${name} has no value.`);
  if (!word.single && word.option) throw new NotUnderstood(`${word.source} could be several arguments.`);
  if (word.text !== null && /^-./u.test(word.text) && !/^-[\d.]+[smhdwMy]?$/u.test(word.text))
    throw new NotUnderstood(`${name} is followed by the option ${word.text}.`);
  return word;
}

function unlisted(word: Word): NotUnderstood {
  return new NotUnderstood(`the option ${word.source.slice(0, 40)} is not on the list`);
}
