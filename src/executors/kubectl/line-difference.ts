const AROUND = 3;
/** Longer texts are compared as a whole: the table of the comparison grows with the product of their lengths. */
const MAX_LINES = 2_000;

/** Both texts line by line, `-` for what goes and `+` for what comes, with three lines around each place; empty when they are equal. */
export function lineDifference(before: string, after: string): string {
  if (before === after) return '';
  const [a, b] = [before.split('\n'), after.split('\n')];
  if (a.length > MAX_LINES || b.length > MAX_LINES) return `(${a.length} lines would become ${b.length})`;
  const marked = mark(a, b);
  const near = marked.map((_, at) =>
    marked.slice(Math.max(0, at - AROUND), at + AROUND + 1).some((line) => !line.startsWith(' ')),
  );
  const shown: string[] = [];
  marked.forEach((line, at) => {
    if (near[at]) shown.push(line);
    else if (near[at - 1] || (at === 0 && shown.length === 0)) shown.push(' …');
  });
  return shown.join('\n').replace(/\n …$/u, '').replace(/^ …\n/u, '');
}

/** Longest common subsequence, the plain way. */
function mark(a: readonly string[], b: readonly string[]): string[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  const lengthAt = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    const row = lengths[i];
    if (!row) continue;
    for (let j = b.length - 1; j >= 0; j -= 1)
      row[j] = a[i] === b[j] ? lengthAt(i + 1, j + 1) + 1 : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1));
  }
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(` ${a[i]}`);
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && lengthAt(i + 1, j) >= lengthAt(i, j + 1))) {
      lines.push(`-${a[i]}`);
      i += 1;
    } else {
      lines.push(`+${b[j]}`);
      j += 1;
    }
  }
  return lines;
}
