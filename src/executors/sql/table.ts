import type { Json } from '../../lib/canonical-json.ts';
import { plural, truncate } from '../../lib/text.ts';

/** What fits into one line of a code block on a phone, in characters. */
const PHONE_WIDTH = 46;
const CELL_WIDTH = 28;
const VALUE_WIDTH = 400;
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;

/** Rows as people read them: an aligned table, or one block per row where a table would not fit a phone. */
export function renderRows(columns: readonly string[], rows: readonly (readonly Json[])[]): string {
  if (columns.length === 0 || rows.length === 0) return `(${plural(rows.length, 'row')})`;
  const [only, ...others] = columns;
  if (only !== undefined && others.length === 0) return oneColumn(only, rows);
  const cells = rows.map((row) => row.map(cellText));
  const widths = columns.map((column, index) =>
    Math.min(CELL_WIDTH, Math.max(...[column, ...cells.map((row) => row[index] ?? '')].map(displayWidth))),
  );
  const total = widths.reduce((sum, width) => sum + width, 0) + 3 * (widths.length - 1);
  // A table would show less than half of such a value.
  const loses = cells.some((row) => row.some((cell) => displayWidth(cell) > 2 * CELL_WIDTH));
  const body = total <= PHONE_WIDTH && !loses ? horizontal(columns, { cells, rows, widths }) : vertical(columns, cells);
  return `${body}\n(${plural(rows.length, 'row')})`;
}

/** A plan, a definition, a list of names: one line each, as long as it is, the indentation of plans kept. */
function oneColumn(column: string, rows: readonly (readonly Json[])[]): string {
  const cells = rows.map(([value = null]) => truncate(cellText(value), VALUE_WIDTH));
  const width = Math.min(PHONE_WIDTH, Math.max(...[column, ...cells].map(displayWidth)));
  const numeric = rows.every(([value]) => value === null || typeof value === 'number');
  const line = (cell: string) => pad(cell, width, numeric).trimEnd();
  return [line(column), '-'.repeat(width), ...cells.map(line), `(${plural(rows.length, 'row')})`].join('\n');
}

function horizontal(
  columns: readonly string[],
  table: { cells: readonly (readonly string[])[]; rows: readonly (readonly Json[])[]; widths: readonly number[] },
): string {
  const numeric = columns.map((_column, index) =>
    table.rows.every((row) => row[index] === null || typeof row[index] === 'number'),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => pad(truncate(cell, CELL_WIDTH), table.widths[index] ?? 0, numeric[index] ?? false))
      .join(' | ')
      .trimEnd();
  const rule = table.widths.map((width) => '-'.repeat(width)).join('-+-');
  return [line(columns), rule, ...table.cells.map(line)].join('\n');
}

function vertical(columns: readonly string[], cells: readonly (readonly string[])[]): string {
  const width = Math.min(CELL_WIDTH, Math.max(...columns.map(displayWidth)));
  return cells
    .map((row, number) => {
      const lines = columns.map(
        (column, index) =>
          `${pad(truncate(column, CELL_WIDTH), width, false)} : ${truncate(row[index] ?? '', VALUE_WIDTH)}`,
      );
      return [`- row ${number + 1} ${'-'.repeat(20)}`, ...lines].join('\n');
    })
    .join('\n');
}

function cellText(value: Json): string {
  if (value === null) return '(null)';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.replace(/\s*\n\s*/gu, ' ⏎ ').replace(/\t/gu, ' ');
}

/** Columns of a fixed-width font: letters of East Asia and pictures take two, marks on a letter none. */
function displayWidth(text: string): number {
  return [...text].reduce((sum, char) => sum + (WIDE.test(char) ? 2 : /\p{M}/u.test(char) ? 0 : 1), 0);
}

function pad(text: string, width: number, right: boolean): string {
  const missing = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return right ? missing + text : text + missing;
}
