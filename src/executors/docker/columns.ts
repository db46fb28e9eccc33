/** Aligned columns as docker prints them, without a line of dashes, so that filters such as grep see one line for each row. */
export function renderColumns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, index) => Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  return [head, ...rows].map(line).join('\n');
}

/** `1.5 GB` of bytes, in powers of 1000 as docker counts. */
export function humanBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const power = bytes < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  return `${value >= 100 || power === 0 ? Math.round(value) : Math.round(value * 10) / 10} ${units[power] ?? ''}`;
}

/** One line of text: line breaks and tabs would look like further rows. */
export function oneLine(text: string): string {
  return text.replace(/\s+/gu, ' ').trim();
}
