import type { Block, CodeBlock } from './block.ts';
import { readFenceOpening, readWikiCode, scanFence, scanUntil } from './scan-code.ts';
import { isTableStart, scanTable } from './scan-table.ts';

/** Where the scanner stands. `at` is 0-based. */
type State = {
  readonly lines: readonly string[];
  readonly blocks: Block[];
  at: number;
  /** Column from which text belongs to the last list item; 0 outside of lists. */
  itemContent: number;
  /** In Jira's markup `#` begins a numbered item. */
  readonly jira: boolean;
};

const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/u;
const JIRA_HEADING = /^h([1-6])\.[ \t]+(.*)$/u;
const WIKI_HEADING = /^(={2,6})[ \t]*([^=].*?)[ \t]*\1[ \t]*$/u;
const ITEM = /^([ \t]*)([-*+•]|\d{1,9}[.)])([ \t]+)(?:\[([ xX])\][ \t]+)?(\S.*)$/u;
const JIRA_ITEM = /^()([#*-]+)([ \t]+)(?:\[([ xX])\][ \t]+)?(\S.*)$/u;
const RULE = /^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$/u;
const QUOTE = /^ {0,3}(?:>[ \t]?)+/u;
/** A line of bold text alone; a colon may stand on either side of the marks. */
const BOLD_LINE = /^(?:\*\*|__)(?![\s*_])([^*_\n][^*\n]*?)(?:\*\*|__)[ \t]*:?[ \t]*$/u;

/** Cuts a document into blocks. Any text can be cut; one pass, no recursion. */
export function scanBlocks(lines: readonly string[]): Block[] {
  const state: State = {
    lines,
    blocks: [],
    at: 0,
    itemContent: 0,
    jira: lines.some((line) => JIRA_HEADING.test(line)),
  };
  scanFront(state);
  while (state.at < lines.length) {
    if (blank(lines[state.at])) state.at += 1;
    else scanOne(state);
  }
  return state.blocks;
}

function scanOne(state: State): void {
  const scanners = [scanCode, scanRule, scanHeading, scanTableBlock, scanItem, scanIndented, scanHtml];
  if (!scanners.some((scan) => scan(state))) scanProse(state);
}

function scanFront(state: State): void {
  const mark = state.lines[0]?.trim();
  if (mark !== '---' && mark !== '+++') return;
  const end = state.lines
    .slice(1, 200)
    .findIndex((line) => line.trim() === mark || (mark === '---' && line.trim() === '...'));
  if (end < 1 || !/^[\w"'-]+[ \t]*[:=]/u.test(state.lines[1] ?? '')) return;
  add(state, { kind: 'front', from: 1, to: end + 2, lines: state.lines.slice(0, end + 2) }, end + 2);
}

function scanCode(state: State): boolean {
  const { lines, at } = state;
  // Only within a quotation: elsewhere a `>` at the start of a line is a prompt or sends the output to a file.
  const bare = QUOTE.test(lines[at] ?? '') ? unquote : (text: string) => text;
  const line = bare(lines[at] ?? '');
  const opening = readFenceOpening(line);
  const wiki = opening === null ? readWikiCode(line) : null;
  if (opening === null && wiki === null) return false;
  const found = opening
    ? scanFence(lines, at, opening, bare)
    : scanUntil(lines, at, wiki ?? { language: '', end: /$/u, rest: '' });
  add(state, found, found.to);
  return true;
}

function scanRule(state: State): boolean {
  const line = state.lines[state.at] ?? '';
  if (!RULE.test(line)) return false;
  add(state, { kind: 'rule', from: state.at + 1, to: state.at + 1, lines: [line] }, state.at + 1);
  state.itemContent = 0;
  return true;
}

function scanHeading(state: State): boolean {
  const line = state.lines[state.at] ?? '';
  const found = headingOf(line, state.jira) ?? setextOf(line, state.lines[state.at + 1]);
  if (found === null) return false;
  add(
    state,
    { kind: 'heading', level: found.level, text: found.text, from: state.at + 1, to: state.at + found.size },
    state.at + found.size,
  );
  state.itemContent = 0;
  return true;
}

function headingOf(line: string, jira: boolean): { level: number; text: string; size: number } | null {
  const atx = jira ? null : HEADING.exec(line);
  if (atx) return { level: atx[1]?.length ?? 1, text: clean(atx[2] ?? ''), size: 1 };
  const other = JIRA_HEADING.exec(line);
  if (other) return { level: Number(other[1]), text: clean(other[2] ?? ''), size: 1 };
  const wiki = WIKI_HEADING.exec(line);
  if (wiki) return { level: wiki[1]?.length ?? 2, text: clean(wiki[2] ?? ''), size: 1 };
  const bold = BOLD_LINE.exec(line);
  return bold ? { level: 7, text: clean(bold[1] ?? ''), size: 1 } : null;
}

function setextOf(line: string, next: string | undefined): { level: number; text: string; size: number } | null {
  const mark = /^ {0,3}(=+|-+)[ \t]*$/u.exec(next ?? '')?.[1];
  if (mark === undefined || /^\s{4}/u.test(line) || line.includes('|') || ITEM.test(line) || QUOTE.test(line))
    return null;
  if (mark.length < 2) return null;
  return { level: mark.startsWith('=') ? 1 : 2, text: clean(line), size: 2 };
}

function scanTableBlock(state: State): boolean {
  if (!isTableStart(state.lines, state.at)) return false;
  const table = scanTable(state.lines, state.at);
  add(state, table, table.to);
  return true;
}

function scanItem(state: State): boolean {
  const { lines, at } = state;
  const line = lines[at] ?? '';
  const match = itemOf(line, state.jira);
  if (match === null) return false;
  const [, before = '', marker = '', gap = '', box, first = ''] = match;
  const indent = state.jira ? (marker.length - 1) * 2 : width(before);
  // Four columns beyond the text of the list around it: code, not an item.
  if (!state.jira && indent >= state.itemContent + 4) return false;
  let end = at + 1;
  while (end < lines.length && continues(lines, end, state.jira)) end += 1;
  const text = [first, ...lines.slice(at + 1, end)].map((each) => each.trim()).join(' ');
  const ordered = /^[\d#]/u.test(marker);
  add(state, { kind: 'item', ordered, task: box !== undefined, indent, text, from: at + 1, to: end }, end);
  state.itemContent = indent + marker.length + Math.min(4, gap.length);
  return true;
}

function itemOf(line: string, jira: boolean): RegExpExecArray | null {
  return (jira ? JIRA_ITEM : ITEM).exec(line);
}

/** True when a line goes on with the paragraph before it. */
function continues(lines: readonly string[], at: number, jira: boolean): boolean {
  const line = lines[at];
  if (blank(line) || line === undefined) return false;
  const trimmed = line.trimStart();
  return !(
    itemOf(line, jira) !== null ||
    readFenceOpening(line) !== null ||
    readWikiCode(line) !== null ||
    RULE.test(line) ||
    headingOf(trimmed, jira) !== null ||
    QUOTE.test(line) ||
    isTableStart(lines, at)
  );
}

/** Code by its indentation, after a blank line or another block. */
function scanIndented(state: State): boolean {
  const { lines, at } = state;
  const base = state.itemContent + 4;
  if (width(indentOf(lines[at] ?? '')) < base) {
    if (width(indentOf(lines[at] ?? '')) < Math.min(2, state.itemContent)) state.itemContent = 0;
    return false;
  }
  let [end, last] = [at, at];
  for (; end < lines.length; end += 1) {
    if (blank(lines[end])) continue;
    if (width(indentOf(lines[end] ?? '')) < base) break;
    last = end;
  }
  const body = lines.slice(at, last + 1).map((line) => cut(line, base));
  const code: CodeBlock = {
    kind: 'code',
    language: '',
    body,
    bodyFrom: at + 1,
    closed: true,
    indent: base,
    from: at + 1,
    to: last + 1,
  };
  add(state, code, last + 1);
  return true;
}

function scanHtml(state: State): boolean {
  const { lines, at } = state;
  const line = (lines[at] ?? '').trimStart();
  if (!/^<(?:!--|\/?[a-z][a-z0-9-]*[\s/>]|\/?[a-z][a-z0-9-]*$)/iu.test(line)) return false;
  let end = at + 1;
  if (line.startsWith('<!--') && !line.includes('-->')) {
    const limit = Math.min(lines.length, at + 500);
    let close = at + 1;
    while (close < limit && !lines[close]?.includes('-->')) close += 1;
    if (close < limit) end = close + 1;
  }
  add(state, { kind: 'html', from: at + 1, to: end, lines: lines.slice(at, end) }, end);
  return true;
}

function scanProse(state: State): void {
  const { lines, at } = state;
  const indent = width(indentOf(lines[at] ?? ''));
  const quoted = QUOTE.test(lines[at] ?? '');
  let end = at + 1;
  while (end < lines.length && prolongs(state, end, quoted)) end += 1;
  const texts = lines.slice(at, end).map((line) => unquote(line).trim());
  if (!quoted && indent < state.itemContent && indent < 2) state.itemContent = 0;
  add(state, { kind: 'prose', lines: texts, indent, quoted, from: at + 1, to: end }, end);
}

function prolongs(state: State, at: number, quoted: boolean): boolean {
  const line = state.lines[at] ?? '';
  if (quoted) return QUOTE.test(line) && readFenceOpening(unquote(line)) === null;
  return continues(state.lines, at, state.jira) && setextOf(line, state.lines[at + 1]) === null;
}

function add(state: State, block: Block, next: number): void {
  state.blocks.push(block);
  state.at = next;
}

function blank(line: string | undefined): boolean {
  return line === undefined || line.trim() === '';
}

function unquote(line: string): string {
  return line.replace(QUOTE, '');
}

function indentOf(line: string): string {
  return /^[ \t]*/u.exec(line)?.[0] ?? '';
}

function width(indent: string): number {
  let columns = 0;
  for (const character of indent) columns += character === '\t' ? 4 - (columns % 4) : 1;
  return columns;
}

function cut(line: string, columns: number): string {
  let [at, seen] = [0, 0];
  while (at < line.length && seen < columns && /[ \t]/u.test(line[at] ?? '')) {
    seen += line[at] === '\t' ? 4 - (seen % 4) : 1;
    at += 1;
  }
  return line.slice(at);
}

/** A title without the marks of emphasis and code. */
function clean(text: string): string {
  return text
    .replaceAll(/\*\*|__|`/gu, '')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/gu, '$1')
    .replaceAll(/\{#[^}]*\}|<[^>]{0,200}>/gu, '')
    .trim();
}
