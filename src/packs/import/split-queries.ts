import { promqlEffect } from '../../analysis/promql-effect.ts';
import type { CodePart } from './code-part.ts';

type Query = 'sql' | 'promql' | 'redis' | 'http';

/** Cuts a block of one query language into statements; comments become titles, dots and placeholders alone stay documentation. */
export function splitQueries(body: readonly string[], bodyFrom: number, language: Query): CodePart[] {
  const parts: CodePart[] = [];
  let open: { from: number; lines: string[] } | null = null;
  const close = (to: number) => {
    if (open === null) return;
    const text = open.lines.join('\n').trim();
    const answer = language === 'http' && /^HTTP\/\d/u.test(text);
    const kind = !answer && /[\p{L}]/u.test(text.replaceAll(/\.{3}|…/gu, '')) ? 'command' : 'documentation';
    parts.push({
      kind,
      from: bodyFrom + open.from,
      to: bodyFrom + to,
      text: language === 'sql' ? text.replace(/;\s*$/u, '') : text,
      language,
      note: '',
    });
    open = null;
  };
  let quoted = false;
  const alone = language === 'promql' && standAlone(body);
  body.forEach((line, index) => {
    const trimmed = line.trim();
    if (open === null && trimmed === '') return;
    if (open === null && COMMENT[language].test(trimmed)) {
      parts.push({
        kind: 'comment',
        from: bodyFrom + index,
        to: bodyFrom + index,
        text: trimmed.replace(COMMENT[language], '').trim(),
        language,
        note: '',
      });
      return;
    }
    if (open === null && /^\\[a-z]/iu.test(trimmed)) {
      parts.push({
        kind: 'not-understood',
        from: bodyFrom + index,
        to: bodyFrom + index,
        text: trimmed,
        language,
        note: 'a command of the client psql is no SQL',
      });
      return;
    }
    if (trimmed === '' && !quoted && language !== 'sql' && language !== 'http') {
      close(index - 1);
      return;
    }
    open ??= { from: index, lines: [] };
    open.lines.push(line);
    quoted = language === 'sql' && isOpen(line, quoted);
    if (ends(trimmed, language, quoted, alone)) close(index);
  });
  close(lastFilled(body));
  return parts;
}

const COMMENT: Readonly<Record<Query, RegExp>> = {
  sql: /^(?:--|#(?!>))\s*/u,
  promql: /^#\s*/u,
  redis: /^(?:#|\/\/)\s*/u,
  http: /^(?:###?|\/\/)\s*/u,
};

function ends(line: string, language: Query, quoted: boolean, alone: boolean): boolean {
  if (language === 'redis' || (language === 'promql' && alone)) return true;
  return language === 'sql' && !quoted && /;\s*(?:--.*)?$/u.test(line);
}

/** Several expressions, each on a line of its own. */
function standAlone(body: readonly string[]): boolean {
  const filled = body.filter((line) => line.trim() !== '' && !COMMENT.promql.test(line.trim()));
  return filled.length > 1 && filled.every((line) => promqlEffect(line).effect === 'read');
}

/** True when a string of SQL is still open at the end of the line. */
function isOpen(line: string, before: boolean): boolean {
  const text = before ? line : line.replace(/--.*$/u, '');
  return ((text.match(/'/gu) ?? []).length % 2 === 1) !== before;
}

function lastFilled(body: readonly string[]): number {
  let last = body.length - 1;
  while (last > 0 && body[last]?.trim() === '') last -= 1;
  return last;
}
