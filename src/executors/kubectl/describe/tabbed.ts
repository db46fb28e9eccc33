const PADDING = 2;

/**
 * Lines whose cells end in tabs, set in columns as Go's text/tabwriter does it: a column reaches over the lines that follow one another
 * and have a cell in it, and is as wide as the widest one of them.
 */
export function tabbed(lines: readonly string[]): string[] {
  const cells = lines.map((line) => line.split('\t'));
  const widths = cells.map((): number[] => []);
  const column = (from: number, to: number, at: number): void => {
    for (let first = from; first < to; ) {
      if (!hasCell(cells[first], at)) {
        first += 1;
        continue;
      }
      let end = first;
      while (end < to && hasCell(cells[end], at)) end += 1;
      const block = cells.slice(first, end).map((line) => [...(line[at] ?? '')].length);
      const width = Math.max(...block) + PADDING;
      for (let line = first; line < end; line += 1) widths[line]?.push(width);
      column(first, end, at + 1);
      first = end;
    }
  };
  column(0, cells.length, 0);
  return cells.map((line, index) =>
    line
      .map((cell, at) => cell + ' '.repeat(Math.max(0, (widths[index]?.[at] ?? 0) - [...cell].length)))
      .join('')
      .trimEnd(),
  );
}

/** The last cell of a line ends in no tab and belongs to no column. */
function hasCell(line: readonly string[] | undefined, at: number): boolean {
  return line !== undefined && at < line.length - 1;
}
