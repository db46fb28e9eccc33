import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The names that Git gives to the bytes of a file, in the two kinds of repositories. */
export type GitBlob = { readonly sha1: string; readonly sha256: string };

/** Answers with the commit that a file's bytes stand in; null when they stand in none. */
export type CommitOf = (file: string, blob: GitBlob) => string | null;

/** What was committed at one HEAD: asked again, the same HEAD costs one command instead of a walk through the history. */
export type Commits = { readonly head: string; readonly commitOf: CommitOf };

/**
 * Reads what Git has committed in a folder: two commands for the whole folder, however many files it has. The bytes
 * that were read are compared with the committed blob, so a local change is noticed whenever it happened. Outside of
 * Git, without Git or without permission every answer is null. Paths are relative to `dir`, with slashes. `before` is
 * the answer of last time.
 */
export async function readCommits(dir: string, before: Commits | null = null): Promise<Commits> {
  try {
    const head = (await git(dir, ['rev-parse', 'HEAD'])).trim();
    if (before !== null && before.head === head) return before;
    const tree = await git(dir, ['ls-tree', '-r', '-z', 'HEAD', '--', '.']);
    const blobs = new Map<string, string>();
    for (const entry of tree.split('\0')) {
      const [meta = '', path] = entry.split('\t');
      const [, type, hash] = meta.split(' ');
      if (type === 'blob' && hash !== undefined && path !== undefined) blobs.set(path, hash);
    }
    if (blobs.size === 0) return { head, commitOf: () => null };
    const commits = readLog(
      await git(dir, ['log', '-m', '--first-parent', '--format=%x01%H', '--name-only', '-z', '--relative', '--', '.']),
    );
    const commitOf: CommitOf = (file, { sha1, sha256 }) => {
      const committed = blobs.get(file);
      return committed === sha1 || committed === sha256 ? (commits.get(file) ?? null) : null;
    };
    return { head, commitOf };
  } catch {
    // Packs may come from anywhere; that they are not in Git is no fault, and the null says it.
    return { head: '', commitOf: () => null };
  }
}

/** The newest commit of each path. The log is newest first. */
function readLog(log: string): Map<string, string> {
  const commits = new Map<string, string>();
  for (const part of log.split('\x01')) {
    const [commit = '', ...paths] = part.split(/[\0\n]+/u);
    for (const path of paths) if (path !== '' && !commits.has(path)) commits.set(path, commit);
  }
  return commits;
}

async function git(dir: string, args: readonly string[]): Promise<string> {
  // A repository's own configuration may name programs to run; none of these commands needs one.
  const safe = ['-c', 'core.fsmonitor=false', '-c', 'core.quotePath=false', '--no-optional-locks', '-C', dir];
  const { stdout } = await run('git', [...safe, ...args], { timeout: 10_000, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** Hashes bytes as Git does. */
export function gitBlob(bytes: Buffer): GitBlob {
  const name = (algorithm: string) =>
    createHash(algorithm).update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
  return { sha1: name('sha1'), sha256: name('sha256') };
}
