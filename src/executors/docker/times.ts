import { UserError } from '../../lib/errors.ts';

const UNIT_SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 };

/** `10m` (ago), a date or seconds since 1970 as the engine wants it: whole seconds. Throws UserError `value_refused`. */
export function engineTime(text: string, now: Date): string {
  if (/^\d{1,12}(?:\.\d{1,9})?$/u.test(text)) return text;
  if (/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/u.test(text)) {
    const parts = [...text.matchAll(/(?<count>\d+(?:\.\d+)?)(?<unit>ms|[smhd])/gu)];
    const ago = parts.reduce(
      (sum, { groups }) => sum + Number(groups?.count) * (UNIT_SECONDS[groups?.unit ?? ''] ?? 0),
      0,
    );
    return String(Math.floor(now.getTime() / 1_000 - ago));
  }
  const date = /^\d{4}-\d{2}-\d{2}/u.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(date))
    throw new UserError('value_refused', `\`${text.slice(0, 40)}\` is no time: write 10m, 2h or a date.`);
  return String(Math.floor(date / 1_000));
}

/** A count of lines or seconds. Throws UserError `value_refused`. */
export function wholeNumber(text: string, what: string, most: number): number {
  const number = /^\d{1,9}$/u.test(text) ? Number(text) : Number.NaN;
  if (number >= 0 && number <= most) return number;
  throw new UserError('value_refused', `\`${text.slice(0, 40)}\` is no ${what}: write a number up to ${most}.`);
}
