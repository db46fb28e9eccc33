import { UserError } from '../../lib/errors.ts';
import { DESTRUCTIVE, REMOTE } from '../programs/dangerous.ts';
import { findProgram } from '../programs/table.ts';
import { combineEffects, READS, type StatementEffect } from '../statement-effect.ts';
import { withSyntaxTree } from './grammar.ts';
import { programEffect } from './program-effect.ts';
import type { ShellScope, Stdin } from './scope.ts';
import { findHoles, holesByStart } from './structure.ts';
import { collectVariables, type Variables } from './variables.ts';
import { walk } from './walk.ts';
import { literalWord, NotUnderstood, type Word } from './word.ts';
import { WRAPPERS } from './wrappers.ts';

const MAX_LENGTH = 50_000;
const MAX_DEPTH = 6;
/** A sign before a line break that is taken away could join with the sign after it. */
const JOINING = /[$<>(`\\{!=#*?[]\\\n|[|&;]\\\n[|&;>(]/u;

/**
 * What a shell script may do. Its syntax tree must consist of known constructs, and every command in it must be on the list of
 * programs in `src/analysis/programs`; whatever is not understood is a change. Variables that the script does not set itself count as
 * parameters: they may be an argument, never a command, an option of a program that has harmful ones, or a kind of Kubernetes object.
 */
export async function classifyShell(text: string): Promise<StatementEffect> {
  return await classifyText({ text, depth: 0, stdin: 'closed', outer: null });
}

type Work = { readonly text: string; readonly depth: number; readonly stdin: Stdin; readonly outer: Variables | null };

async function classifyText(work: Work): Promise<StatementEffect> {
  const objection = textObjection(work);
  if (objection !== null) return raise(change(objection), work.text);
  try {
    return await withSyntaxTree(work.text, async (root) => {
      if (root.hasError) return raise(change('The shell text has a syntax error.'), work.text);
      return await walk(root, scopeOf(root, work), work.stdin);
    });
  } catch (error) {
    if (error instanceof NotUnderstood) return raise(change(sentence(error.message)), work.text);
    throw error;
  }
}

function textObjection({ text, depth }: Work): string | null {
  if (depth > MAX_DEPTH) return 'Shells are nested too deeply to be understood.';
  if (text.length > MAX_LENGTH) return 'The shell text is too long to be understood.';
  if (/[^\P{C}\t\n]|[^\P{Z} ]/u.test(text)) return 'The shell text holds an invisible character.';
  if (JOINING.test(text)) return 'A line break joins two signs.';
  return text.trim() === '' ? 'There is no command here.' : null;
}

function scopeOf(root: Parameters<typeof walk>[0], work: Work): ShellScope {
  const variables = collectVariables(root, work.outer);
  const functions = new Set<string>();
  const reads = (text: string, stdin: Stdin): Promise<StatementEffect> =>
    classifyText({ text, depth: work.depth + 1, stdin, outer: variables });
  const runs = (words: readonly Word[], stdin: Stdin): Promise<StatementEffect> =>
    commandEffect(words, stdin, { functions, runs, reads });
  return {
    script: work.text,
    words: { script: work.text, holes: holesByStart(root), kindOf: variables.kindOf },
    variables,
    functions,
    holesIn: findHoles,
    runs,
  };
}

type Around = {
  readonly functions: ReadonlySet<string>;
  readonly runs: ShellScope['runs'];
  readonly reads: (text: string, stdin: Stdin) => Promise<StatementEffect>;
};

async function commandEffect(words: readonly Word[], stdin: Stdin, around: Around): Promise<StatementEffect> {
  const [first, ...rest] = words;
  if (first?.text == null) return change(`The command ${shown(first?.source)} is only known when it runs.`);
  const name = first.text.replace(/^\/(?:usr\/)?(?:local\/)?s?bin\//u, '');
  const raised = destruction(name, rest);
  try {
    // A function's body has been looked at where it is defined. A wrapper would look for a program of that name.
    if (around.functions.has(first.text)) return combineEffects([READS, raised]);
    const found = await listedEffect({ name, words: rest, stdin }, around);
    return combineEffects([found, found.effect === 'read' ? READS : raised]);
  } catch (error) {
    if (!(error instanceof NotUnderstood) && !(error instanceof UserError)) throw error;
    return combineEffects([change(sentence(`${shown(name)}: ${error.message}`)), raised]);
  }
}

async function listedEffect(
  call: { name: string; words: readonly Word[]; stdin: Stdin },
  around: Around,
): Promise<StatementEffect> {
  const wrapper = WRAPPERS.get(call.name);
  if (wrapper !== undefined)
    return await wrapper(call.words, call.stdin, { reads: around.reads, runs: withoutFunctions(around) });
  const away = await remoteEffect(call, around);
  if (away !== null) return away;
  const program = findProgram(call.name);
  if (program === null) return change(`${shown(call.name)} is not on the list of commands that only read.`);
  return await programEffect(call, program);
}

/** What another program starts is a program, whatever functions the script has. */
function withoutFunctions({ reads }: Around): ShellScope['runs'] {
  const runs: ShellScope['runs'] = (words, stdin) => commandEffect(words, stdin, { functions: new Set(), runs, reads });
  return runs;
}

/** Inside of a container or on another host nothing is a read; what destroys there is looked for in every tail of the arguments. */
async function remoteEffect(
  { name, words, stdin }: { name: string; words: readonly Word[]; stdin: Stdin },
  around: Around,
): Promise<StatementEffect | null> {
  if (!Object.hasOwn(REMOTE, name)) return null;
  const verb = words.findIndex((word) => REMOTE[name]?.test(word.text ?? ''));
  if (verb < 0) return null;
  const found = [change(`${shown(name)} runs a command in a container or on another host.`)];
  for (let at = verb; at < words.length; at += 1) {
    const inside = words[at]?.text ?? '';
    const isCommand =
      Object.hasOwn(DESTRUCTIVE, inside) || WRAPPERS.has(inside) || /^(?:psql|redis-cli|\S* \S.*)$/su.test(inside);
    if (!isCommand) continue;
    const effect = inside.includes(' ') ? await around.reads(inside, stdin) : await around.runs(words.slice(at), stdin);
    if (effect.effect === 'destructive') found.push(effect);
  }
  return combineEffects(found);
}

function destruction(name: string, rest: readonly Word[]): StatementEffect {
  const text = rest.map((word) => word.text ?? word.source).join(' ');
  const pattern = Object.hasOwn(DESTRUCTIVE, name) ? DESTRUCTIVE[name] : /^mkfs/u.test(name) ? /^/u : undefined;
  if (pattern?.test(text) !== true) return READS;
  return {
    effect: 'destructive',
    reasons: [`${shown(`${name} ${text}`.trim())} destroys something or takes it down.`],
  };
}

/** In a text that is not understood, what plainly destroys is looked for line by line. It only ever raises. */
function raise(found: StatementEffect, text: string): StatementEffect {
  const raised = text
    .slice(0, MAX_LENGTH)
    .split(/[\n;|&(){}`]+/u)
    .map((part) => part.trim().split(/\s+/u))
    .flatMap((words) =>
      words.map((name, at) => destruction(name.replaceAll(/["'\\]/gu, ''), words.slice(at + 1).map(literalWord))),
    );
  return combineEffects([found, ...raised]);
}

function change(reason: string): StatementEffect {
  return { effect: 'change', reasons: [reason] };
}

function shown(text = ''): string {
  const line = text.replaceAll(/\s+/gu, ' ');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

function sentence(text: string): string {
  return /[.!?]$/u.test(text) ? text : `${text}.`;
}
