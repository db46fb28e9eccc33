import { readPipeline } from '../../../analysis/shell/read-pipeline.ts';
import { readItems } from './options.ts';
import { insideDocker } from './programs/docker.ts';
import { insideKubectl } from './programs/kubectl.ts';
import type { Invocation } from './translation.ts';

/** The call that counts, past `sudo`, `watch`, `timeout` and a container; `place` names that container. */
export type Unwrapped = {
  readonly inner: Invocation | null;
  readonly place: string | null;
  readonly notes: readonly string[];
};

/** Programs that mean the same from outside of the container: they speak to a server. */
const CLIENTS = /^(?:psql|redis-cli)$/u;

/** Takes wrappers off that do not change what a command does; `inner` is null where one does. */
export async function unwrap(call: Invocation): Promise<Unwrapped> {
  const bare = await withoutWrappers(call, 0);
  if (bare.inner === null) return bare;
  const inside = insideOf(bare.inner);
  if (inside === null) return bare;
  const [name = '', ...args] = inside.argv;
  if (!CLIENTS.test(name)) return bare;
  const where = inside.place === '' ? ['The container was chosen anew each time: say which server is meant.'] : [];
  return { inner: { ...bare.inner, name, args }, place: inside.place, notes: [...bare.notes, ...where] };
}

function insideOf(call: Invocation): { place: string; argv: readonly string[] } | null {
  if (/^(?:kubectl|k|oc)$/u.test(call.name)) return insideKubectl(call.args);
  return /^docker(?:-compose)?$/u.test(call.name) ? insideDocker(call) : null;
}

async function withoutWrappers(call: Invocation, depth: number): Promise<Unwrapped> {
  const peeled = depth > 3 ? null : await peel(call);
  if (peeled === null) return { inner: call, place: null, notes: [] };
  if (peeled.inner === null) return peeled;
  const below = await withoutWrappers(peeled.inner, depth + 1);
  return { ...below, notes: [...peeled.notes, ...below.notes] };
}

async function peel(call: Invocation): Promise<Unwrapped | null> {
  switch (call.name) {
    case 'sudo':
      return sudo(call);
    case 'time':
    case 'command':
      return next(call, call.args, []);
    case 'timeout':
      return timeout(call);
    case 'watch':
      return await watch(call);
    default:
      return null;
  }
}

function next(call: Invocation, words: readonly string[], notes: readonly string[]): Unwrapped {
  const [name, ...args] = words;
  const known = name !== undefined && /^[\w./-]+$/u.test(name) && !name.startsWith('-') && !/WRMARK/u.test(name);
  return { inner: known ? { ...call, name: name.replace(/^.*\//u, ''), args } : null, place: null, notes };
}

/** Rights on the machine do not matter for what speaks to a server; the user does for PostgreSQL. */
function sudo(call: Invocation): Unwrapped {
  const read = readItems(call.args, { options: '-n -E -H -i -u: --user:', stopAtOperand: true });
  const program = read?.items.find((item) => item.kind === 'operand')?.value;
  const user = read?.items.find((item) => item.kind === 'option' && /^(?:-u|--user)$/u.test(item.name))?.value ?? null;
  if (read === null || program === undefined || /WRMARK/u.test(user ?? ''))
    return { inner: null, place: null, notes: [] };
  return next({ ...call, user }, [program, ...(read.after ?? [])], []);
}

function timeout(call: Invocation): Unwrapped {
  const [seconds = '', ...words] = call.args;
  const known = /^\d+s?$/u.test(seconds);
  return known
    ? next(call, words, [`The command was given ${seconds.replace('s', '')} s: timeout=${seconds.replace('s', '')}s.`])
    : { inner: null, place: null, notes: [] };
}

/** `watch -n 30 'command'`: the command once; `poll` repeats it and ends. */
async function watch(call: Invocation): Promise<Unwrapped> {
  const read = readItems(call.args, { options: '-n: --interval: -d -t --differences --no-title', stopAtOperand: true });
  const first = read?.items.find((item) => item.kind === 'operand')?.value;
  const every =
    read?.items.find((item) => item.kind === 'option' && /^(?:-n|--interval)$/u.test(item.name))?.value ?? '2';
  if (read === null || first === undefined || !/^\d+$/u.test(every)) return { inner: null, place: null, notes: [] };
  // watch hands its words to a shell as one text.
  const [command, ...others] = (await readPipeline([first, ...(read.after ?? [])].join(' '))) ?? [];
  const words = command?.words.map(({ text }) => text) ?? [];
  const plain =
    command !== undefined && others.length === 0 && command.redirects.length === 0 && command.environment.length === 0;
  if (!plain || words.includes(null)) return { inner: null, place: null, notes: [] };
  return next(
    call,
    words.filter((word) => word !== null),
    [`The command was repeated every ${every} s: poll="${every}s for 15m" does so.`],
  );
}
