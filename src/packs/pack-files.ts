import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import { type GitBlob, gitBlob } from './git-source.ts';
import type { Problem } from './problems.ts';
import type { RuleName } from './rules.ts';

const MAX_FILE_BYTES = 1024 * 1024;
/** A file written this shortly before it was read may be written again without a trace in its times. */
const FRESH_MS = 2_000;

/** What a file holds. `text` is null when it cannot be used, and `problem` says why. */
export type FileContent = {
  /** SHA-256 of the bytes, hexadecimal; empty when they could not be read. */
  readonly hash: string;
  readonly blob: GitBlob | null;
  readonly text: string | null;
  readonly problem: Problem | null;
};

/** Reads files again only when their size, times or inode have changed. */
export type PackFiles = {
  /** Null when the file does not exist (any more). `file` is what messages call it. */
  read(path: string, file: string): Promise<FileContent | null>;
  /** Forgets every file that is not among these paths. */
  keepOnly(paths: ReadonlySet<string>): void;
};

type Known = { readonly stamp: string | null; readonly content: FileContent };

/** Files with a memory; a new one reads everything. */
export function createPackFiles(clock: Clock): PackFiles {
  const known = new Map<string, Known>();
  return {
    read: async (path, file) => {
      try {
        const stamp = await stampOf(path);
        const fresh = clock.now().getTime() - stamp.changedAt < FRESH_MS;
        const before = known.get(path);
        if (before?.stamp === stamp.text) return before.content;
        const content = await readContent(path, file, before?.content ?? null);
        known.set(path, { stamp: fresh ? null : stamp.text, content });
        return content;
      } catch (error) {
        if (isMissing(error)) return null;
        const problem = fileProblem(file, 'unreadable', `the file cannot be read: ${messageOf(error)}`, '');
        return { hash: '', blob: null, text: null, problem };
      }
    },
    keepOnly: (paths) => {
      for (const path of known.keys()) if (!paths.has(path)) known.delete(path);
    },
  };
}

/** A text that differs whenever the file was written or replaced (links are followed), and when that was in ms since 1970. */
export async function stampOf(path: string): Promise<{ text: string; changedAt: number }> {
  const { dev, ino, size, mtimeMs, ctimeMs, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return {
    text: `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`,
    changedAt: Math.max(Number(ctimeMs), Number(mtimeMs)),
  };
}

async function readContent(path: string, file: string, before: FileContent | null): Promise<FileContent> {
  const bytes = await readFile(path);
  const hash = createHash('sha256').update(bytes).digest('hex');
  if (before?.hash === hash) return before;
  const refused = (message: string, fix: string): FileContent => {
    return { hash, blob: null, text: null, problem: fileProblem(file, 'unreadable', message, fix) };
  };
  if (bytes.length > MAX_FILE_BYTES) return refused('the file is larger than 1 MB', 'Split it.');
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { hash, blob: gitBlob(bytes), text, problem: null };
  } catch {
    return refused('the file is not UTF-8', 'Save it as UTF-8.');
  }
}

/** Names in a folder without hidden ones, sorted; null when it is no folder or does not exist (any more). */
export async function listFolder(path: string): Promise<string[] | null> {
  try {
    return (await readdir(path)).filter((name) => !name.startsWith('.')).sort();
  } catch (error) {
    if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'ENOTDIR') return null;
    throw error;
  }
}

/** True for the files of a system's folder that are runbooks. */
export function isRunbookFile(name: string): boolean {
  return name.endsWith('.md') && name.toLowerCase() !== 'readme.md';
}

/** A problem of a whole file. */
export function fileProblem(file: string, rule: RuleName, message: string, fix: string): Problem {
  return { rule, file, line: 1, column: 1, severity: 'error', message, fix };
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
