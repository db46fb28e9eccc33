import { posix } from 'node:path';
import type { Runbook } from '../domain/runbook.ts';
import { parseMarkdown, walk } from './markdown.ts';
import type { Problem } from './problems.ts';

/**
 * Fills `links`: ids of the runbooks that a runbook links to by relative path (`[RB-002](rb-002.md)`), qualified when
 * they belong to another system. A link to a Markdown file that is no runbook is an error.
 */
export function resolveLinks(runbooks: ReadonlyMap<string, Runbook>): {
  runbooks: Map<string, Runbook>;
  problems: Problem[];
} {
  const byFile = new Map([...runbooks.values()].map((runbook) => [runbook.source.file, runbook]));
  const problems: Problem[] = [];
  const linked = new Map<string, Runbook>();
  for (const [key, runbook] of runbooks) {
    const links = new Set<string>();
    for (const { path, line, column } of markdownLinks(runbook)) {
      const target = byFile.get(path);
      if (target) links.add(target.system === runbook.system ? target.id : `${target.system}/${target.id}`);
      else if (posix.basename(path).toLowerCase() !== 'readme.md') {
        problems.push({
          rule: 'dead-link',
          file: runbook.source.file,
          line,
          column,
          severity: 'error',
          message: `there is no runbook at ${path}`,
          fix: 'Correct the path or remove the link.',
        });
      }
    }
    linked.set(key, { ...runbook, links: [...links] });
  }
  return { runbooks: linked, problems };
}

function markdownLinks(runbook: Runbook): { path: string; line: number; column: number }[] {
  // Most runbooks link to none: a second parse is spared.
  if (!/\.md\b/u.test(runbook.source.text)) return [];
  return [...walk(parseMarkdown(runbook.source.text).root)].flatMap((node) => {
    if (node.type !== 'link' && node.type !== 'definition') return [];
    const target = node.url.split(/[?#]/u)[0] ?? '';
    if (!target.endsWith('.md') || /^[a-z][a-z0-9+.-]*:|^\//iu.test(target)) return [];
    const path = posix.normalize(posix.join(posix.dirname(runbook.source.file), decodePath(target)));
    return [{ path, line: node.position?.start.line ?? 1, column: node.position?.start.column ?? 1 }];
  });
}

function decodePath(target: string): string {
  try {
    return decodeURIComponent(target);
  } catch {
    return target;
  }
}
