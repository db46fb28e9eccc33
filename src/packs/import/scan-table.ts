import type { TableBlock } from './block.ts';

const SEPARATOR = /^[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/u;

/** A row with a line of dashes below it. */
export function isTableStart(lines: readonly string[], at: number): boolean {
  const next = lines[at + 1];
  if (next === undefined || !(lines[at] ?? '').includes('|')) return false;
  return next.includes('-') && next.includes('|') && SEPARATOR.test(next);
}

/** The table that starts at `at`, to the first line without a bar. */
export function scanTable(lines: readonly string[], at: number): TableBlock {
  let end = at + 2;
  while (end < lines.length && (lines[end] ?? '').includes('|') && lines[end]?.trim() !== '') end += 1;
  const rows = lines.slice(at + 2, end).map((line, index) => ({ cells: cellsOf(line), line: at + 3 + index }));
  return { kind: 'table', head: cellsOf(lines[at] ?? ''), rows, from: at + 1, to: end };
}

/** Cells without the bars; `\|` and bars within code do not part cells. */
function cellsOf(line: string): string[] {
  const cells: string[] = [];
  let [cell, code] = ['', false];
  const text = line
    .trim()
    .replace(/^[>\s]*\|?/u, '')
    .replace(/\|$/u, '');
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === '\\' && text[at + 1] === '|') {
      cell += '|';
      at += 1;
      continue;
    }
    if (character === '`') code = !code;
    if (character === '|' && !code) {
      cells.push(cell.trim());
      cell = '';
    } else cell += character;
  }
  return [...cells, cell.trim()];
}
