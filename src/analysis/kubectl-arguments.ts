import { UserError } from '../lib/errors.ts';
import { KUBECTL_COMMANDS, type KubectlCommand, STEERING_OPTIONS, VERB_ALIASES } from './kubectl-commands.ts';

/** A call of kubectl, taken apart. */
export type KubectlCall = {
  /** `get`, `rollout status`: a key of KUBECTL_COMMANDS. */
  readonly verb: string;
  readonly command: KubectlCommand;
  readonly operands: readonly string[];
  /** By long name; a switch holds `true` or `false`. */
  readonly options: ReadonlyMap<string, readonly string[]>;
  /** What stands behind `--`. */
  readonly rest: readonly string[];
};

type OptionRule = { readonly name: string; readonly short: string | null; readonly kind: 'switch' | 'value' | 'list' };

/** Stands for a value that is not bound yet: one character of Unicode's last private plane for each placeholder. */
export const OPEN_VALUE = /[\u{f0000}-\u{ffffd}]/u;

const DURATION = /^(?:\d+(?:\.\d+)?(?:h|ms|m|s))+$/u;
const WHOLE = /^\d{1,9}$/u;
/** Options of which only some values mean anything. */
const VALUES: Readonly<Record<string, RegExp>> = {
  tail: /^-1$|^\d{1,9}$/u,
  replicas: WHOLE,
  'current-replicas': WHOLE,
  'limit-bytes': WHOLE,
  'max-log-requests': WHOLE,
  'chunk-size': WHOLE,
  revision: WHOLE,
  'to-revision': WHOLE,
  'grace-period': /^-1$|^\d{1,6}$/u,
  since: DURATION,
  timeout: DURATION,
  'since-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/u,
  'dry-run': /^(?:none|server)$/u,
  type: /^(?:strategic|merge|json)$/u,
  cascade: /^(?:background|foreground|orphan)$/u,
  subresource: /^(?:status|scale)$/u,
  filename: /^-$/u,
};

/** Takes the arguments of kubectl apart, by the verb's own options. Throws UserError `statement_invalid` for whatever it does not know. */
export function parseKubectl(args: readonly string[]): KubectlCall {
  const { verb, command, at } = findVerb(args);
  const rules = command.options.split(/\s+/u).filter(Boolean).map(readRule);
  const options = new Map<string, string[]>();
  const operands: string[] = [];
  let rest: readonly string[] = [];
  const add = (rule: OptionRule, value: string) => {
    checkValue(rule, value);
    const before = options.get(rule.name) ?? [];
    if (before.length > 0 && rule.kind !== 'list') throw invalid(`--${rule.name} is given twice: give it once.`);
    options.set(rule.name, [...before, value]);
  };
  for (let index = at; index < args.length; index += 1) {
    const word = args[index] ?? '';
    if (word === '--') {
      rest = args.slice(index + 1);
      break;
    }
    if (!word.startsWith('-') || word === '-') operands.push(word);
    else index += readOption(word, args[index + 1], { rules, verb, add });
  }
  if (rest.length > 0 && verb !== 'exec') throw invalid(`kubectl ${verb} takes nothing behind \`--\`: leave it out.`);
  const [least, most] = command.operands;
  if (operands.length < least || operands.length > most) {
    throw invalid(
      `kubectl ${verb} takes ${least === most ? least : `${least} to ${most}`} arguments, not ${operands.length}.`,
    );
  }
  return { verb, command, operands, options, rest };
}

/** The one value of an option, or undefined. */
export function optionOf(call: KubectlCall, name: string): string | undefined {
  return call.options.get(name)?.[0];
}

/** Whether a switch is on. */
export function isOn(call: KubectlCall, name: string): boolean {
  return optionOf(call, name) === 'true';
}

/** How many words the verb takes, when it stands first; null when it is unknown. */
function findVerb(args: readonly string[]): { verb: string; command: KubectlCommand; at: number } {
  const [first = '', second = ''] = args;
  if (first.startsWith('-')) throw invalid('Write the verb first and the options behind it: `get pods -n shop`.');
  for (const [words, at] of [
    [`${first} ${second}`, 2],
    [first, 1],
  ] as const) {
    const verb = VERB_ALIASES.get(words) ?? words;
    const command = KUBECTL_COMMANDS.get(verb);
    if (command) return { verb, command, at };
  }
  throw invalid(
    `kubectl ${first === '' ? 'alone' : shown(first)}${second === '' || second.startsWith('-') ? '' : ` ${shown(second)}`} is not among the commands of this executor (${[...KUBECTL_COMMANDS.keys()].join(', ')}): use one of them or the API through http.`,
  );
}

function readRule(spec: string): OptionRule {
  const kind = spec.endsWith('=*') ? 'list' : spec.endsWith('=') ? 'value' : 'switch';
  const names = spec.replace(/=\*?$/u, '').split('|');
  return { name: names.at(-1) ?? '', short: names.length > 1 ? (names[0] ?? null) : null, kind };
}

type Reading = { rules: readonly OptionRule[]; verb: string; add(rule: OptionRule, value: string): void };

/** Reads one option as pflag does; answers with how many further words it took. */
function readOption(word: string, next: string | undefined, reading: Reading): number {
  if (!word.startsWith('--')) return readShort(word, next, reading);
  const equals = word.indexOf('=');
  const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
  const rule = reading.rules.find((candidate) => candidate.name === name);
  if (rule === undefined) throw unknownOption(name, word, reading.verb);
  if (equals >= 0) {
    reading.add(rule, word.slice(equals + 1));
    return 0;
  }
  return takeValue(rule, next, reading);
}

function readShort(word: string, next: string | undefined, reading: Reading): number {
  for (let at = 1; at < word.length; at += 1) {
    const letter = word[at] ?? '';
    const rule = reading.rules.find((candidate) => candidate.short === letter);
    if (rule === undefined) throw unknownOption(letter, `-${letter}`, reading.verb);
    const attached = word.slice(at + 1);
    if (rule.kind === 'switch' && !attached.startsWith('=')) {
      reading.add(rule, 'true');
      continue;
    }
    if (attached === '') return takeValue(rule, next, reading);
    reading.add(rule, attached.replace(/^=/u, ''));
    return 0;
  }
  return 0;
}

function takeValue(rule: OptionRule, next: string | undefined, reading: Reading): number {
  if (rule.kind === 'switch' || (rule.name === 'dry-run' && !next?.match(/^(?:none|server)$/u))) {
    reading.add(rule, rule.kind === 'switch' ? 'true' : '');
    return 0;
  }
  if (next === undefined) throw invalid(`--${rule.name} has no value: give it one.`);
  reading.add(rule, next);
  return 1;
}

function checkValue(rule: OptionRule, value: string): void {
  if (rule.kind === 'switch' && !/^(?:true|false)$/u.test(value))
    throw invalid(`--${rule.name} is a switch: write it alone or with =true or =false.`);
  const pattern = VALUES[rule.name];
  if (pattern && !OPEN_VALUE.test(value)) requireValue(rule.name, pattern, value);
}

/** Throws UserError `statement_invalid` when a value that was bound since means nothing for its option. */
export function checkBoundValues(call: KubectlCall): void {
  for (const [name, values] of call.options) {
    const pattern = VALUES[name];
    if (pattern) for (const value of values) requireValue(name, pattern, value);
  }
}

function requireValue(name: string, pattern: RegExp, value: string): void {
  if (!pattern.test(value)) {
    const hint = name === 'filename' ? 'write `-f -` and the documents below the command' : 'correct it';
    throw invalid(`--${name} cannot be ${value === '' ? 'empty' : shown(value)}: ${hint}.`);
  }
}

function unknownOption(name: string, word: string, verb: string): UserError {
  if (STEERING_OPTIONS.has(name)) {
    return invalid(
      `${shown(word)} would leave the target or its credential: the target in system.yml says which cluster and as whom, so leave it out.`,
    );
  }
  if (/^(?:f|follow|w|watch|watch-only|i|t|stdin|tty)$/u.test(name))
    return invalid(`${shown(word)} never ends in a step: leave it out, and use poll to look again.`);
  return invalid(`kubectl ${verb} has no option ${shown(word)} here: leave it out.`);
}

function shown(word: string): string {
  return word.length > 60 ? `${word.slice(0, 60)}…` : word;
}

function invalid(message: string): UserError {
  return new UserError('statement_invalid', message);
}
