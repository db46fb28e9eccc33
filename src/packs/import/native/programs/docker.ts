import { type Item, type Items, lastValue, operandsOf, readItems, wordsOf } from '../options.ts';
import { type Invocation, type Translation, targetKind } from '../translation.ts';
import { writeCommand } from '../write-command.ts';
import { needsPerson } from './talking.ts';

/** A verb that the executor has: its options, how many operands, and options that would never end. */
type Verb = {
  readonly options: string;
  readonly operands: readonly [number, number];
  readonly endless?: string;
  readonly always?: string;
};

const LOGS = '--tail: --since: --until: -t --timestamps -f --follow --no-log-prefix --no-color --details';
const WAIT = '-t: --time: --timeout:';
const MANY = 32;

/** Verbs whose whole meaning the engine has; `run`, `up`, `down`, `build`, `rm` make or remove things that files describe. */
const DOCKER: Readonly<Record<string, Verb>> = {
  ps: {
    options: '-a --all -q --quiet -f: --filter: --format: --no-trunc -n: --last: -l --latest -s --size',
    operands: [0, 0],
  },
  logs: { options: `${LOGS} -n:`, operands: [1, 1], endless: '-f --follow' },
  inspect: { options: '-f: --format: -s --size --type:', operands: [1, MANY] },
  stats: { options: '-a --all --format: --no-stream --no-trunc', operands: [0, MANY], always: '--no-stream' },
  top: { options: '', operands: [1, 1] },
  restart: { options: WAIT, operands: [1, MANY] },
  stop: { options: WAIT, operands: [1, MANY] },
  start: { options: '', operands: [1, MANY] },
  kill: { options: '-s: --signal:', operands: [1, MANY] },
  'system df': { options: '-v --verbose --format:', operands: [0, 0] },
  'system prune': { options: '-a --all -f --force --volumes --filter:', operands: [0, 0] },
};
const COMPOSE: Readonly<Record<string, Verb>> = {
  ps: { options: '-a --all -q --quiet --services --status: --filter: --format:', operands: [0, MANY] },
  logs: { options: `${LOGS} -n:`, operands: [0, MANY], endless: '-f --follow' },
  restart: { options: WAIT, operands: [0, MANY] },
  stop: { options: WAIT, operands: [0, MANY] },
  start: { options: '', operands: [0, MANY] },
  top: { options: '', operands: [0, MANY] },
};
const COMPOSE_GLOBAL =
  '-f: --file: -p: --project-name: --profile: --env-file: --project-directory: --ansi: --progress: --no-ansi';
const EXEC = '-i -t -T --interactive --tty --no-TTY';

/** `docker`, `docker compose`, `docker-compose`: the verbs of the engine, containers of a project found by its labels. */
export function translateDocker(call: Invocation): Translation | null {
  if (call.input !== null || call.name === 'podman') return null;
  const compose = composeArguments(call.name, call.args);
  if (compose === null) return null;
  const list = compose.is ? COMPOSE : DOCKER;
  const [first = '', ...rest] = compose.args;
  const nested = `${first} ${rest[0] ?? ''}`;
  const alias = !compose.is && first === 'container' ? (rest[0] ?? '') : first;
  const verb = Object.hasOwn(list, nested) && !compose.is ? nested : alias === 'ls' ? 'ps' : alias;
  const words = nested === verb || alias !== first ? rest.slice(1) : rest;
  const inner = verb === 'exec' ? execWords(words) : verbWords(verb, words, list);
  if (inner === null) return null;
  const program = compose.is ? ['docker', 'compose'] : ['docker'];
  const text = writeCommand([...program, ...verb.split(' '), ...inner.words], call.placeholders);
  if (text === null) return null;
  return {
    language: 'docker',
    text,
    targetKind: targetKind('docker', compose.project ?? ''),
    targetOptions: compose.project === null ? {} : { project: compose.project },
    notes: [...inner.notes, ...compose.notes],
  };
}

type Compose = {
  readonly is: boolean;
  readonly args: readonly string[];
  readonly project: string | null;
  readonly notes: readonly string[];
};

/** What follows `docker compose` with its own options; which file describes the project does not matter for containers that exist. */
function composeArguments(name: string, args: readonly string[]): Compose | null {
  const is = name === 'docker-compose' || args[0] === 'compose';
  if (!is) return args[0]?.startsWith('-') === true ? null : { is, args, project: null, notes: [] };
  const read = readItems(name === 'docker-compose' ? args : args.slice(1), {
    options: COMPOSE_GLOBAL,
    stopAtOperand: true,
  });
  if (read === null) return null;
  const project = lastValue(read.items, '-p', '--project-name') ?? null;
  const file = lastValue(read.items, '-f', '--file');
  if (
    /WRMARK/u.test(`${project} ${file}`) ||
    lastValue(read.items, '--profile', '--project-directory', '--env-file') !== undefined
  )
    return null;
  const notes = file == null ? [] : [`The project of ${file} is found by its labels.`];
  return { is, args: [...operandsOf(read.items), ...(read.after ?? [])], project, notes };
}

type Words = { readonly words: readonly string[]; readonly notes: readonly string[] };

function verbWords(name: string, args: readonly string[], list: Readonly<Record<string, Verb>>): Words | null {
  const verb = Object.hasOwn(list, name) ? list[name] : undefined;
  const read = verb === undefined ? null : readItems(args, verb);
  if (verb === undefined || read === null || read.after !== null) return null;
  const operands = operandsOf(read.items).length;
  if (operands < verb.operands[0] || operands > verb.operands[1]) return null;
  const endless = new Set((verb.endless ?? '').split(' '));
  const kept = read.items.filter((item) => item.kind === 'operand' || !endless.has(item.name));
  const once = verb.always !== undefined && lastValue(kept, verb.always) === undefined;
  const words = wordsOf(
    once ? [{ kind: 'option', name: verb.always ?? '', value: null } satisfies Item, ...kept] : kept,
  );
  return {
    words,
    notes: once || kept.length < read.items.length ? ['What is there is shown once: poll looks again.'] : [],
  };
}

/** One argument vector in a container, without a terminal; options that change user or environment stay with docker. */
function execWords(args: readonly string[]): Words | null {
  const read = readItems(args, { options: EXEC, stopAtOperand: true });
  const [container] = read === null ? [] : operandsOf(read.items);
  const argv = read?.after ?? [];
  const [program = ''] = argv;
  if (container === undefined || program === '' || program.startsWith('-')) return null;
  if (needsPerson(argv)) return null;
  return { words: [container, ...argv], notes: [] };
}

/** The place and the command of `docker exec C …` and `docker compose exec S …`; null when it is none. */
export function insideDocker({
  name,
  args,
}: {
  readonly name: string;
  readonly args: readonly string[];
}): { place: string; argv: readonly string[] } | null {
  const compose = composeArguments(name, args);
  if (compose === null || compose.args[0] !== 'exec') return null;
  const read: Items | null = readItems(compose.args.slice(1), { options: `${EXEC} -u: --user:`, stopAtOperand: true });
  const [container] = read === null ? [] : operandsOf(read.items);
  if (read === null || container === undefined) return null;
  return { place: /WRMARK/u.test(container) ? '' : container, argv: read.after ?? [] };
}
