import type { Effect } from '../domain/effect.ts';
import { UserError } from '../lib/errors.ts';

/** What stands behind a verb: the most that it does, its options and how many operands it takes. */
type VerbSpec = {
  readonly effect: Effect;
  /** Options separated by spaces, spellings by `|`, the first one is the name; `:` takes a value, `*` takes several. */
  readonly options: string;
  readonly least: number;
  readonly most: number;
  /** What follows the first operand is a command of its own. */
  readonly command?: true;
};

/** A command as it was understood. */
export type DockerCommand = {
  /** `ps`, `system df`, `compose logs`. */
  readonly verb: string;
  readonly effect: Effect;
  /** Options by name; those without a value hold an empty list. */
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly operands: readonly string[];
  /** The command of `exec` and `run`. */
  readonly inner: readonly string[];
  /** Index of each operand and of the first inner word in the words that were read. */
  readonly places: readonly number[];
};

const ANY_NUMBER = 50;
const read = (options: string, least: number, most: number): VerbSpec => ({ effect: 'read', options, least, most });
const change = (options: string, least: number, most: number): VerbSpec => ({ effect: 'change', options, least, most });
const prune = (options: string): VerbSpec => ({ effect: 'destructive', options, least: 0, most: 0 });
const inside = (options: string): VerbSpec => ({ effect: 'change', options, least: 1, most: 1, command: true });

const PS = read('all|a quiet|q filter|f* last|n: latest|l no-trunc format: size|s', 0, 0);
const LOGS = read('tail|n: since: until: timestamps|t follow|f details', 1, 1);
const STATS = read('no-stream all|a format: no-trunc', 0, ANY_NUMBER);
const EVENTS = read('since: until: filter|f* format:', 0, 0);
const EXEC = inside('env|e* user|u: workdir|w: interactive|i tty|t');

/** Every verb there is. What is missing here cannot be run: build, cp, rm, run, secrets, configs and swarm among others. */
const VERBS: Readonly<Record<string, VerbSpec>> = {
  ps: PS,
  'container ls': PS,
  'container ps': PS,
  'container list': PS,
  logs: LOGS,
  'container logs': LOGS,
  inspect: read('format|f: size|s type:', 1, 10),
  'container inspect': read('format|f: size|s', 1, 10),
  stats: STATS,
  'container stats': STATS,
  top: read('', 1, 1),
  'container top': read('', 1, 1),
  events: EVENTS,
  'system events': EVENTS,
  images: read('all|a quiet|q filter|f* no-trunc format:', 0, 1),
  'image ls': read('all|a quiet|q filter|f* no-trunc format:', 0, 1),
  'system df': read('verbose|v format:', 0, 0),
  restart: change('time|t|timeout: signal|s:', 1, ANY_NUMBER),
  'container restart': change('time|t|timeout: signal|s:', 1, ANY_NUMBER),
  stop: change('time|t|timeout: signal|s:', 1, ANY_NUMBER),
  'container stop': change('time|t|timeout: signal|s:', 1, ANY_NUMBER),
  start: change('', 1, ANY_NUMBER),
  'container start': change('', 1, ANY_NUMBER),
  kill: change('signal|s:', 1, ANY_NUMBER),
  'container kill': change('signal|s:', 1, ANY_NUMBER),
  exec: EXEC,
  'container exec': EXEC,
  'container prune': prune('force|f filter*'),
  'image prune': prune('all|a force|f filter*'),
  'network prune': prune('force|f filter*'),
  'volume prune': prune('all|a force|f filter*'),
  'system prune': prune('all|a force|f volumes filter*'),
  'builder prune': prune('all|a force|f filter*'),
  'compose ps': read('all|a quiet|q services format: no-trunc', 0, ANY_NUMBER),
  'compose logs': read('tail|n: since: until: timestamps|t no-log-prefix no-color follow|f index:', 0, ANY_NUMBER),
  'compose top': read('', 0, ANY_NUMBER),
  'compose stats': STATS,
  'compose restart': change('timeout|t|time: no-deps', 0, ANY_NUMBER),
  'compose stop': change('timeout|t|time:', 0, ANY_NUMBER),
  'compose start': change('', 0, ANY_NUMBER),
  'compose kill': change('signal|s:', 0, ANY_NUMBER),
  'compose up': change('detach|d no-deps no-build no-recreate', 0, ANY_NUMBER),
  'compose exec': inside('no-TTY|T env|e* user|u: workdir|w: index: interactive|i tty|t'),
  'compose run': inside('rm no-TTY|T no-deps env|e* user|u: workdir|w: interactive|i tty|t'),
};

const GROUPS = /^(?:container|image|network|volume|system|builder|compose)$/u;
const COMPOSE_OPTIONS =
  'file|f* project-name|p: profile* project-directory: env-file* ansi: progress: compatibility no-ansi';

/**
 * Reads the words of one command, with or without `docker` (`docker-compose`) in front. Throws UserError `statement_invalid` for a verb or
 * an option that is not known: what nobody reviewed is not sent.
 */
export function readDockerCommand(words: readonly string[]): DockerCommand {
  const reader = new Reader(words);
  const program = reader.next('a command');
  if (program === 'docker-compose') return readVerb(reader, 'compose');
  const first = program === 'docker' ? reader.next('a command after docker') : program;
  if (first.startsWith('-')) throw invalid(`\`docker ${first}\` is not supported: the engine stands in the target.`);
  return readVerb(reader, first);
}

function readVerb(reader: Reader, first: string): DockerCommand {
  const options = new Map<string, string[]>();
  let verb = first;
  if (GROUPS.test(first)) {
    if (first === 'compose') reader.options(COMPOSE_OPTIONS, { into: options, where: 'docker compose' });
    verb = `${first} ${reader.next(`a verb after \`${first}\``)}`;
  }
  const spec = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (!spec)
    throw invalid(
      `\`docker ${verb}\` is not among what Warroom sends to an engine: use another command, or an \`sh\` step.`,
    );
  const where = `docker ${verb}`;
  const operands: string[] = [];
  const places: number[] = [];
  for (;;) {
    reader.options(spec.options, { into: options, where });
    const place = reader.place;
    const word = reader.nextOrNull();
    if (word === null) break;
    operands.push(word);
    places.push(place);
    if (spec.command) break;
  }
  const inner = spec.command ? reader.rest() : [];
  if (operands.length < spec.least)
    throw invalid(`\`${where}\` needs ${spec.command ? 'a container and a command' : 'a container'}: name it.`);
  if (operands.length > spec.most)
    throw invalid(`\`${where}\` does not take \`${operands[spec.most] ?? ''}\`: leave it out.`);
  if (spec.command && inner.length === 0 && verb !== 'compose run')
    throw invalid(`\`${where}\` needs a command to run inside: write it.`);
  return {
    verb: verb
      .replace(/^container (?:ls|list|ps)$/u, 'ps')
      .replace(/^container (?!prune)/u, '')
      .replace(/^image ls$/u, 'images')
      .replace(/^system events$/u, 'events'),
    effect: spec.effect,
    options,
    operands,
    inner,
    places,
  };
}

class Reader {
  readonly #words: readonly string[];
  #at = 0;
  #ended = false;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  get place(): number {
    return this.#at;
  }

  next(what: string): string {
    const word = this.nextOrNull();
    if (word === null) throw invalid(`There must be ${what}: write it.`);
    return word;
  }

  nextOrNull(): string | null {
    const word = this.#words[this.#at] ?? null;
    this.#at += 1;
    return word;
  }

  rest(): string[] {
    const rest = this.#words.slice(this.#at);
    this.#at = this.#words.length;
    return rest;
  }

  /** Takes all options that stand here. */
  options(spec: string, use: { into: Map<string, string[]>; where: string }): void {
    const known = optionTable(spec);
    for (
      let word = this.#words[this.#at];
      word?.startsWith('-') && word !== '-' && !this.#ended;
      word = this.#words[this.#at]
    ) {
      this.#at += 1;
      if (word === '--') this.#ended = true;
      else if (word.startsWith('--')) this.#long(word, known, use);
      else this.#short(word, known, use);
    }
  }

  #long(word: string, known: OptionTable, use: { into: Map<string, string[]>; where: string }): void {
    const [spelling = '', ...values] = word.slice(2).split('=');
    const option = spelling.length > 1 ? known.get(spelling) : undefined;
    if (!option) throw unknownOption(`--${spelling}`, use.where);
    const joined = values.length > 0 ? values.join('=') : null;
    if (option.takes) this.#store(option, { value: joined ?? this.#value(`--${spelling}`) }, use.into);
    else if (joined === null || joined === 'true') this.#store(option, { value: null }, use.into);
    else throw invalid(`--${spelling} takes no value here: leave \`=${joined}\` out.`);
  }

  #short(word: string, known: OptionTable, use: { into: Map<string, string[]>; where: string }): void {
    const letters = [...word.slice(1)];
    for (const [index, letter] of letters.entries()) {
      const option = known.get(letter);
      if (!option) throw unknownOption(`-${letter}`, use.where);
      if (!option.takes) {
        this.#store(option, { value: null }, use.into);
        continue;
      }
      const joined = letters
        .slice(index + 1)
        .join('')
        .replace(/^=/u, '');
      this.#store(option, { value: joined === '' ? this.#value(`-${letter}`) : joined }, use.into);
      return;
    }
  }

  #value(option: string): string {
    const value = this.#words[this.#at];
    if (value === undefined) throw invalid(`${option} needs a value: write it.`);
    this.#at += 1;
    return value;
  }

  #store(option: Option, given: { value: string | null }, into: Map<string, string[]>): void {
    const before = into.get(option.name) ?? [];
    if (given.value !== null && before.length > 0 && !option.several)
      throw invalid(`The option ${option.name} stands twice: keep one.`);
    into.set(option.name, given.value === null ? before : [...before, given.value]);
  }
}

type Option = { readonly name: string; readonly takes: boolean; readonly several: boolean };
type OptionTable = ReadonlyMap<string, Option>;

function optionTable(spec: string): OptionTable {
  const table = new Map<string, Option>();
  for (const entry of spec.split(' ').filter((part) => part !== '')) {
    const takes = /[:*]$/u.test(entry);
    const spellings = entry.replace(/[:*]$/u, '').split('|');
    const option = { name: spellings[0] ?? '', takes, several: entry.endsWith('*') };
    for (const spelling of spellings) table.set(spelling, option);
  }
  return table;
}

function unknownOption(option: string, where: string): UserError {
  return invalid(`\`${where}\` has no option ${option} here: leave it out.`);
}

function invalid(message: string): UserError {
  return new UserError('statement_invalid', message);
}
