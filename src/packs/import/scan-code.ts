import type { CodeBlock } from './block.ts';

export type FenceOpening = { readonly indent: number; readonly marks: string; readonly language: string };
/** Code of other markups: `{code:bash}`, `{noformat}`, `<pre>`; `rest` is what stands behind the opening on its line. */
export type WikiOpening = { readonly language: string; readonly end: RegExp; readonly rest: string };

const OPENING = /^([ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?)(`{3,}|~{3,})[ \t]*([^`]*)$/u;
const NESTING = /^(?:markdown|md|mdx)$/u;

/** The opening of a fence at any indentation, also right behind a list marker; null for any other line. */
export function readFenceOpening(line: string): FenceOpening | null {
  const match = OPENING.exec(line);
  if (!match) return null;
  const info = (match[3] ?? '').trim();
  const language = /^[{.\s]*([^\s{},;:]+)/u.exec(info)?.[1] ?? '';
  return { indent: match[1]?.length ?? 0, marks: match[2] ?? '', language: language.toLowerCase() };
}

export function readWikiCode(line: string): WikiOpening | null {
  const wiki = /^\s*\{(code|noformat)(?::([a-z0-9]*)[^}]*)?\}(.*)$/iu.exec(line);
  if (wiki)
    return {
      language: (wiki[2] ?? '').toLowerCase(),
      end: wiki[1]?.toLowerCase() === 'code' ? /\{code\}/iu : /\{noformat\}/iu,
      rest: wiki[3] ?? '',
    };
  const html =
    /^\s*<(pre|source|syntaxhighlight)\b(?:[^>]*?\blang(?:uage)?="?([\w-]+)"?)?[^>]*>(?:<code[^>]*>)?(.*)$/iu.exec(
      line,
    );
  if (html)
    return {
      language: (html[2] ?? '').toLowerCase(),
      end: new RegExp(`(?:</code>)?</${html[1]}>`, 'iu'),
      rest: html[3] ?? '',
    };
  return null;
}

/**
 * The fence that opens at `at`. One that is never closed ends before the next opening of its kind or before the next
 * heading below the first level (`# ` may be a comment), so that a forgotten mark does not swallow the rest of the file.
 */
export function scanFence(
  lines: readonly string[],
  at: number,
  opening: FenceOpening,
  unquote: (line: string) => string,
): CodeBlock {
  const mark = opening.marks[0] ?? '`';
  const closing = new RegExp(`^[ \\t]*${mark}{${opening.marks.length},}[ \\t]*$`, 'u');
  const nests = NESTING.test(opening.language);
  let end = at + 1;
  let closed = false;
  let implicit = false;
  for (; end < lines.length; end += 1) {
    const line = unquote(lines[end] ?? '');
    if (closing.test(line)) {
      closed = true;
      break;
    }
    const other = nests ? null : readFenceOpening(line);
    if (other !== null && other.marks[0] === mark && other.language !== '' && other.indent <= opening.indent) {
      implicit = true;
      break;
    }
  }
  if (!closed && !implicit) end = untilHeading(lines, at + 1);
  const body = lines.slice(at + 1, end).map((line) => dedent(unquote(line), opening.indent));
  const to = closed ? end + 1 : end;
  return {
    kind: 'code',
    language: opening.language,
    body,
    bodyFrom: at + 2,
    closed,
    indent: opening.indent,
    from: at + 1,
    to,
  };
}

/** The block of another markup that opens at `at`; without its end it takes one line. */
export function scanUntil(lines: readonly string[], at: number, opening: WikiOpening): CodeBlock {
  const { language, end: closing, rest } = opening;
  const base = { kind: 'code', language, closed: true, indent: 0, from: at + 1 } as const;
  if (closing.test(rest)) return { ...base, body: [rest.replace(closing, '')], bodyFrom: at + 1, to: at + 1 };
  const limit = Math.min(lines.length, at + 500);
  let end = at + 1;
  while (end < limit && !closing.test(lines[end] ?? '')) end += 1;
  if (end === limit) return { ...base, closed: false, body: [rest], bodyFrom: at + 1, to: at + 1 };
  const last = (lines[end] ?? '').replace(closing, '');
  return {
    ...base,
    body: [rest, ...lines.slice(at + 1, end), last].map(decodeEntities),
    bodyFrom: at + 1,
    to: end + 1,
  };
}

function untilHeading(lines: readonly string[], from: number): number {
  let end = from;
  while (end < lines.length && !/^#{2,6}[ \t]+\S/u.test(lines[end] ?? '')) end += 1;
  return end;
}

function dedent(line: string, columns: number): string {
  let at = 0;
  while (at < columns && (line[at] === ' ' || line[at] === '\t')) at += 1;
  return line.slice(at);
}

function decodeEntities(line: string): string {
  return line.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}
