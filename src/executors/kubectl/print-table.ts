/** Least width of a column and the space behind it, as kubectl's printer has them (k8s.io/cli-runtime/pkg/printers). */
const WIDTH = { least: 6, padding: 3 };

/** Lines of columns, the last one ragged. `widths` says how wide columns are at least and what stands behind them. */
export function alignColumns(
  lines: readonly (readonly string[])[],
  widths: { readonly least: number; readonly padding: number } = WIDTH,
): string[] {
  const columns: number[] = [];
  for (const line of lines) {
    line.slice(0, -1).forEach((cell, at) => {
      columns[at] = Math.max(columns[at] ?? widths.least, [...cell].length + widths.padding);
    });
  }
  return lines.map((line) =>
    line
      .map((cell, at) => (at === line.length - 1 ? cell : cell + ' '.repeat((columns[at] ?? 0) - [...cell].length)))
      .join(''),
  );
}

/** How long ago, as kubectl says it: `45s`, `3m20s`, `5h12m`, `2d3h`, `41d`, `2y10d` (k8s.io/apimachinery/pkg/util/duration). */
export function shortAge(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return joined(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(seconds / 3600);
  if (hours < 8) return joined(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 192) return joined(days, 'd', hours % 24, 'h');
  if (hours < 24 * 365 * 2) return `${days}d`;
  const years = Math.floor(days / 365);
  if (hours < 24 * 365 * 8) return joined(years, 'y', days % 365, 'd');
  return `${years}y`;
}

function joined(first: number, unit: string, second: number, smaller: string): string {
  return second === 0 ? `${first}${unit}` : `${first}${unit}${second}${smaller}`;
}

/** The age of something since a timestamp; `<unknown>` without one. */
export function ageSince(timestamp: string | undefined, now: Date): string {
  const at = timestamp === undefined ? Number.NaN : Date.parse(timestamp);
  return Number.isNaN(at) ? '<unknown>' : shortAge(now.getTime() - at);
}
