const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** Ten years: longer is a slip of the keyboard, and the sum of it and a date might be none. */
const MAX_MS = 3_650 * UNITS.d;

/** Parses `90s`, `5m`, `2h`, `1h30m`, `1d`, `1w` into milliseconds; null when it is none of these. */
export function parseDuration(text: string): number | null {
  const parts = [...text.trim().matchAll(/(\d+)(ms|s|m|h|d|w)/gu)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text.trim()) return null;
  const ms = parts.reduce((sum, part) => sum + Number(part[1]) * UNITS[part[2] as keyof typeof UNITS], 0);
  return ms <= MAX_MS ? ms : null;
}

/** `1h 30m`, `5m`, `45s`: the two largest units, for people. Negative durations show as their absolute value. */
export function formatDuration(ms: number): string {
  let rest = Math.round(Math.abs(ms) / 1_000);
  const parts: string[] = [];
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const amount = Math.floor(rest / seconds);
    rest -= amount * seconds;
    if (amount > 0) parts.push(`${amount}${unit}`);
  }
  return parts.slice(0, 2).join(' ') || '0s';
}
