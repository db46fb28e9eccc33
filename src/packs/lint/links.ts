import { posix } from 'node:path';
import { walk } from '../markdown.ts';
import type { Problem } from '../problems.ts';
import { type Place, type RunbookFile, runbookProblem } from './runbook-file.ts';

const MISSING = 'missing:';
/** Answers whether a file exists; the path starts at the pack folder and may lead out of it. */
export type FileExists = (path: string) => Promise<boolean>;

/**
 * Links that the loader leaves alone: those to other files than runbooks, and those that are marked as not written yet,
 * `[RB-099](missing:rb-099.md)`, which GitHub shows as plain text.
 */
export async function checkLinks(file: RunbookFile, exists: FileExists): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const node of walk(file.markdown.root)) {
    if (node.type !== 'link' && node.type !== 'definition' && node.type !== 'image') continue;
    const place = { line: node.position?.start.line ?? 1, column: node.position?.start.column ?? 1 };
    const problem = node.url.startsWith(MISSING)
      ? await missingLink(file, node.url.slice(MISSING.length), place, exists)
      : await deadLink(file, node.url, place, exists);
    if (problem) problems.push(problem);
  }
  return problems;
}

async function missingLink(file: RunbookFile, url: string, place: Place, exists: FileExists): Promise<Problem> {
  const path = pathOf(file, url);
  const isThere = path !== null && (await exists(path));
  return runbookProblem(file, 'missing-link', place, {
    message: isThere ? `${path} exists by now` : `nobody has written ${url} yet`,
    fix: isThere ? 'Take "missing:" away.' : 'Write it, then take "missing:" away.',
  });
}

async function deadLink(file: RunbookFile, url: string, place: Place, exists: FileExists): Promise<Problem | null> {
  const path = pathOf(file, url);
  // Links to runbooks are the loader's.
  const isRunbook = path?.endsWith('.md') === true && posix.basename(path).toLowerCase() !== 'readme.md';
  if (path === null || isRunbook || (await exists(path))) return null;
  return runbookProblem(file, 'dead-link', place, {
    message: `there is no file at ${path}`,
    fix: 'Correct the path or remove the link.',
  });
}

/** The path of a link's file from the pack folder; null for addresses and places in the same file. */
function pathOf(file: RunbookFile, url: string): string | null {
  const target = url.split(/[?#]/u)[0] ?? '';
  if (target === '' || /^[a-z][a-z0-9+.-]*:|^\//iu.test(target)) return null;
  try {
    return posix.normalize(posix.join(posix.dirname(file.file), decodeURIComponent(target)));
  } catch {
    return posix.normalize(posix.join(posix.dirname(file.file), target));
  }
}
