import { createHash } from 'node:crypto';
import { mkdir, open, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { optionOf } from '../../../analysis/kubectl-arguments.ts';
import type { Json } from '../../../lib/canonical-json.ts';
import { messageOf, UserError } from '../../../lib/errors.ts';
import { type Command, type CommandContext, CommandFailure, namespaceOf } from '../command.ts';
import { execInPod } from '../kube-exec.ts';
import { packFile, unpackFile } from '../tar.ts';

const MAX_FILE_BYTES = 64 * 1024 * 1024;

type Remote = { readonly namespace: string; readonly pod: string; readonly path: string };

/**
 * `cp`: one regular file between a container (which needs tar) and the target's folder `files`. An existing file is not overwritten here.
 * Value: `{path, bytes, sha256}`.
 */
export const cp: Command = async (context) => {
  const [from = '', to = ''] = context.call.operands;
  const [source, destination] = [remoteOf(context, from), remoteOf(context, to)];
  if ((source === null) === (destination === null))
    throw new UserError('statement_invalid', 'One side of cp is in a pod: write [namespace/]pod:/path.');
  const folder = context.session.place.files;
  if (folder === null)
    throw new UserError('statement_invalid', 'This target copies no files: give it `files: /folder` in its options.');
  return source === null
    ? await toPod(context, folder, from, destination as Remote)
    : await fromPod(context, folder, source, to);
};

async function fromPod(
  context: CommandContext,
  folder: string,
  source: Remote,
  to: string,
): Promise<Record<string, Json>> {
  const place = await localPlace(folder, to);
  const [dir, base] = [path.posix.dirname(source.path), path.posix.basename(source.path)];
  const result = await run(context, source, ['tar', 'cf', '-', '-C', dir, '--', base]);
  const content = unpackFile(result.stdout);
  if (result.exitCode !== 0 || content === null) {
    const said = result.stderr.toString('utf8').trim().split('\n')[0] ?? '';
    throw new CommandFailure(
      `${source.path} of pod/${source.pod} could not be copied (${said || 'it is no regular file, or too large'}): check the path.`,
    );
  }
  try {
    const file = await open(place, 'wx', 0o600);
    await file.writeFile(content).finally(() => file.close());
  } catch (error) {
    throw new CommandFailure(`The file could not be written (${messageOf(error)}): choose another name.`);
  }
  return told(context, to, content);
}

async function toPod(
  context: CommandContext,
  folder: string,
  from: string,
  target: Remote,
): Promise<Record<string, Json>> {
  const place = await localPlace(folder, from);
  let content: Buffer;
  try {
    if ((await stat(place)).size > MAX_FILE_BYTES) throw new Error('it is larger than 64 MiB');
    content = await readFile(await realpath(place));
  } catch (error) {
    throw new CommandFailure(`${from} could not be read (${messageOf(error)}): check the file.`);
  }
  const [dir, base] = [path.posix.dirname(target.path), path.posix.basename(target.path)];
  const result = await run(context, target, ['tar', 'xf', '-', '-C', dir], packFile(base, content));
  if (result.exitCode !== 0) {
    const said = result.stderr.toString('utf8').trim().split('\n')[0] ?? '';
    throw new CommandFailure(
      `${from} could not be copied to pod/${target.pod} (${said || 'tar failed'}): check the path.`,
    );
  }
  return told(context, `${target.pod}:${target.path}`, content);
}

function told(context: CommandContext, name: string, content: Buffer): Record<string, Json> {
  const sha256 = createHash('sha256').update(content).digest('hex');
  context.print(`${content.length} bytes copied to ${name} (sha256 ${sha256})`);
  return { path: name, bytes: content.length, sha256 };
}

async function run(context: CommandContext, remote: Remote, argv: readonly string[], stdin?: Buffer) {
  const container = optionOf(context.call, 'container');
  return await execInPod(context.session, {
    ...{ namespace: remote.namespace, pod: remote.pod, container, argv },
    ...(stdin === undefined ? {} : { stdin }),
    maxBytes: MAX_FILE_BYTES + 64 * 1024,
  });
}

/** `pod:/path`, `namespace/pod:/path`; null for a file here. */
function remoteOf(context: CommandContext, text: string): Remote | null {
  const colon = text.indexOf(':');
  if (colon < 0) return null;
  const names = text.slice(0, colon).split('/');
  const file = text.slice(colon + 1);
  if (!file.startsWith('/') || file.endsWith('/') || file.split('/').includes('..'))
    throw new UserError(
      'statement_invalid',
      'The path in the pod is that of one file, from the root and without `..`.',
    );
  const [first = '', second] = names;
  if (names.length > 2 || first === '')
    throw new UserError('statement_invalid', `\`${text.slice(0, 60)}\` is not written [namespace/]pod:/path.`);
  return second === undefined
    ? { namespace: namespaceOf(context), pod: first, path: file }
    : { namespace: first, pod: second, path: file };
}

/** A file directly in the target's folder: no paths, so nothing can lead out of it. */
async function localPlace(folder: string, name: string): Promise<string> {
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,120}$/u.test(name))
    throw new UserError(
      'statement_invalid',
      `\`${name.slice(0, 60)}\` is not the name of a file in the folder of this target: write a name without a path.`,
    );
  await mkdir(folder, { recursive: true });
  return path.join(await realpath(folder), name);
}
