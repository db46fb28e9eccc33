import { kubectlEffect } from '../../../../analysis/kubectl-effect.ts';
import { fillMarks } from '../marks.ts';
import { type Invocation, type Translation, targetKind } from '../translation.ts';
import { writeCommand } from '../write-command.ts';
import { needsPerson } from './talking.ts';

/** Options that may stand before the verb, which the executor wants first; those with a value. */
const GLOBAL_VALUED = new Set(['-n', '--namespace', '--context', '--kubeconfig', '--request-timeout', '-v']);
/** Kinds that only OpenShift's own client builds, rolls out or shows. */
const OPENSHIFT = /^(?:dc|deploymentconfigs?|bc|buildconfigs?|builds?)(?:\/|$)/u;

/** Words of one call as the executor takes them, and what that leaves out. */
type Shaped = {
  readonly words: readonly string[];
  readonly options: Record<string, unknown>;
  readonly notes: readonly string[];
};

/**
 * `kubectl`, its shorthand `k`, and the verbs that `oc` shares. Exact means that the reader of the executor takes the words: whatever it refuses
 * (files, port-forward, edit, Secrets) stays with the shell.
 */
export async function translateKubectl(call: Invocation): Promise<Translation | null> {
  const shaped = shape(call);
  if (shaped === null) return null;
  const { words, options, notes } = shaped;
  const { refusal } = await kubectlEffect(words.map((word) => open(word)));
  const takesBody =
    words.some((word, at) => word === '-' && /^(?:-f|--filename)$/u.test(words[at - 1] ?? '')) ||
    words.includes('--filename=-');
  if (refusal !== null || (call.input !== null) !== takesBody) return null;
  const line = writeCommand(['kubectl', ...words.map(oneLine)], call.placeholders);
  if (line === null || /\$\{/u.test(call.input ?? '')) return null;
  const documents = call.input === null ? '' : `\n${fillMarks(call.input, call.placeholders).trimEnd()}`;
  return {
    language: 'kubectl',
    text: `${line}${documents}`,
    targetKind: targetKind('kubectl', String(options.context ?? '')),
    targetOptions: options,
    notes,
    // What `describe` says of an object is in words of its own.
    printsOtherwise: words[0] === 'describe',
  };
}

/** A mark stands for one value that is not known yet: the executor's reader has a sign for that. */
function open(word: string): string {
  return word.replaceAll(/WRMARK\d{3}Z/gu, '\u{f0000}');
}

function shape(call: Invocation): Shaped | null {
  const moved = verbFirst(call.args);
  if (moved === null || moved.words.some((word) => word.startsWith('WRMARK') && moved.words.indexOf(word) < 1))
    return null;
  const shared = call.name === 'oc' ? sharedWithKubectl(moved.words) : moved.words;
  if (shared === null) return null;
  const { options } = moved;
  if (shared[0] === 'exec') return shapeExec(shared, options);
  const kept = shared.filter((word) => !endless(shared[0] ?? '', word));
  const notes = kept.length < shared.length ? ['What is there is shown once: poll looks again.'] : [];
  return { words: kept, options, notes };
}

/** `-f` and `-w` would never end. `-f` is a file everywhere but for `logs`. */
function endless(verb: string, word: string): boolean {
  if (/^logs?$/u.test(verb)) return /^(?:-f|--follow(?:=true)?)$/u.test(word);
  return /^(?:get|events)$/u.test(verb) && /^(?:-w|--watch(?:=true)?|--watch-only)$/u.test(word);
}

/** The verb to the front; a context and a kubeconfig are the target's business. Null for options that steer anything else. */
function verbFirst(args: readonly string[]): { words: string[]; options: Record<string, unknown> } | null {
  const verb: string[] = [];
  const before: string[] = [];
  const options: Record<string, unknown> = {};
  let behind = false;
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? '';
    const name = word.split('=')[0] ?? '';
    if (word === '--') behind = true;
    if (!behind && /^--(?:context|kubeconfig)$/u.test(name)) {
      const joined = word.includes('=');
      if (!joined) at += 1;
      const value = joined ? word.slice(name.length + 1) : args[at];
      if (value === undefined || /WRMARK/u.test(value)) return null;
      options[name.slice(2)] = value;
    } else if (verb.length === 0 && word.startsWith('-')) {
      before.push(word);
      if (!GLOBAL_VALUED.has(word)) continue;
      at += 1;
      before.push(args[at] ?? '');
    } else verb.push(word);
  }
  const separator = verb.indexOf('--');
  const words =
    separator < 0 ? [...verb, ...before] : [...verb.slice(0, separator), ...before, ...verb.slice(separator)];
  return { words, options };
}

/** The verbs of `oc` that are kubectl's; `oc adm drain` is `kubectl drain`. Null for its own. */
function sharedWithKubectl(words: readonly string[]): string[] | null {
  const own = words[0] === 'adm' ? words.slice(1) : [...words];
  if (words[0] === 'adm' && !/^(?:cordon|uncordon|drain|top)$/u.test(own[0] ?? '')) return null;
  return own.some((word) => OPENSHIFT.test(word)) ? null : own;
}

/** One argument vector in a container, without a terminal. A program that would talk to a person stays where one can. */
function shapeExec(words: readonly string[], options: Record<string, unknown>): Shaped | null {
  const separator = words.indexOf('--');
  const own = (separator < 0 ? words : words.slice(0, separator)).filter(
    (word) => !/^(?:-i|-t|-it|-ti|--stdin(?:=true)?|--tty(?:=true)?)$/u.test(word),
  );
  const argv = separator < 0 ? null : words.slice(separator + 1);
  if (argv === null || argv.length === 0 || needsPerson(argv)) return null;
  return { words: [...own, '--', ...argv], options, notes: [] };
}

/** A JSON patch over several lines says the same on one. */
function oneLine(word: string): string {
  if (!word.includes('\n')) return word;
  try {
    return JSON.stringify(JSON.parse(word));
  } catch {
    return word;
  }
}

/** The place and the command of `kubectl exec POD -- COMMAND …`; null when it is none. */
export function insideKubectl(args: readonly string[]): { place: string; argv: readonly string[] } | null {
  const moved = verbFirst(args);
  if (moved === null || moved.words[0] !== 'exec') return null;
  const separator = moved.words.indexOf('--');
  if (separator < 0) return null;
  const own = moved.words.slice(1, separator);
  const operands: string[] = [];
  for (let at = 0; at < own.length; at += 1) {
    const word = own[at] ?? '';
    if (/^(?:-n|--namespace|-c|--container)$/u.test(word)) at += 1;
    else if (/^-n.|^-c.|^--(?:namespace|container)=|^-(?:i|t|it|ti)$|^--(?:stdin|tty)(?:=true)?$/u.test(word)) continue;
    else if (word.startsWith('-')) return null;
    else operands.push(word);
  }
  const [pod, ...others] = operands;
  if (pod === undefined || others.length > 0) return null;
  return { place: !/WRMARK/u.test(pod) ? pod.replace(/^.*\//u, '') : '', argv: moved.words.slice(separator + 1) };
}
