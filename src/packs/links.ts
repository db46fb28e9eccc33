import { posix } from 'node:path';
import type { Runbook } from '../domain/runbook.ts';
import { type Markdown, walk } from './markdown.ts';
import type { Problem } from './problems.ts';

/** A link to another Markdown file by relative path; `path` starts at the pack folder. */
export type FileLink = { readonly path: string; readonly line: number; readonly column: number };

/** The links of a file that lead to Markdown files of the packs. `file` is its own path. */
export function readLinks(markdown: Markdown, file: string): FileLink[] {
  return [...walk(markdown.root)].flatMap((node) => {
    if (node.type !== 'link' && node.type !== 'definition') return [];
    const target = node.url.split(/[?#]/u)[0] ?? '';
    if (!target.endsWith('.md') || /^[a-z][a-z0-9+.-]*:|^\//iu.test(target)) return [];
    const path = posix.normalize(posix.join(posix.dirname(file), decodePath(target)));
    return [{ path, line: node.position?.start.line ?? 1, column: node.position?.start.column ?? 1 }];
  });
}

/**
 * What links lead to: the ids of runbooks (`[RB-002](rb-002.md)`), qualified when they belong to another system, each
 * once. A link to a Markdown file that is no runbook is an error.
 */
export function resolveLinks(
  from: Pick<Runbook, 'system' | 'source'>,
  links: readonly FileLink[],
  byFile: ReadonlyMap<string, Runbook>,
): { ids: string[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const ids = new Set<string>();
  for (const { path, line, column } of links) {
    const target = byFile.get(path);
    if (target) ids.add(target.system === from.system ? target.id : `${target.system}/${target.id}`);
    else if (posix.basename(path).toLowerCase() !== 'readme.md') {
      problems.push({
        rule: 'dead-link',
        file: from.source.file,
        line,
        column,
        severity: 'error',
        message: `there is no runbook at ${path}`,
        fix: 'Correct the path or remove the link.',
      });
    }
  }
  return { ids: [...ids], problems };
}

function decodePath(target: string): string {
  try {
    return decodeURIComponent(target);
  } catch {
    return target;
  }
}
