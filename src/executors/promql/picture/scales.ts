import { numberText, type Series } from '../answer.ts';
import type { Range } from '../parse-query.ts';

/** What stands at the side of the plot: its lowest and highest value, and round values between them with their texts. */
export type ValueScale = {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
};
/** What stands below it (ms since 1970). */
export type TimeScale = { readonly from: number; readonly until: number };

const MINUTE = 60_000;
const DAY = 86_400_000;
const UNITS: readonly (readonly [size: number, letter: string])[] = [
  [1e18, 'E'],
  [1e15, 'P'],
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** Round ticks around the values and the threshold; zero is shown when it is near, and for a value that never changes. */
export function valueScale(series: readonly Series[], threshold: number | null): ValueScale {
  const values = series.flatMap(({ points }) => points.map(({ value }) => value).filter(isDrawable));
  if (threshold !== null) values.push(threshold);
  if (values.length === 0) values.push(0);
  const [least, most] = values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  const flat = least === most;
  const low = least > 0 && (flat || least < (most - least) * 2 + most * 0.5) ? 0 : least;
  const high = flat && most < 0 ? 0 : flat && most === 0 ? 1 : most;
  // figures that differ by less than a billionth are one: a double has no room for ticks between them
  const span = Math.max(high - low, Math.abs(high) * 1e-9, Math.abs(low) * 1e-9);
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = ([1, 2, 5, 10].find((factor) => span / (factor * power) <= 5.5) ?? 10) * power;
  const bottom = Math.floor(low / step) * step;
  const count = Math.max(1, Math.ceil((high - bottom) / step + 0.05));
  const ticks = Array.from({ length: count + 1 }, (_item, index) => Number((bottom + index * step).toPrecision(12)));
  const texts = tickTexts(ticks, step);
  return {
    low: bottom,
    high: bottom + count * step,
    ticks: ticks.map((value, index) => ({ value, text: texts[index] ?? '' })),
  };
}

/** All in the unit of the largest, as short as they are told apart. */
function tickTexts(ticks: readonly number[], step: number): string[] {
  const largest = Math.max(...ticks.map(Math.abs));
  const [size, letter] = unitOf(largest);
  if (size === 1) return ticks.map((tick) => numberText(tick).replace(/\.00e/u, 'e'));
  const decimals = Math.max(0, -Math.floor(Math.log10(step / size) + 1e-9));
  if (decimals > 3) return ticks.map(numberText);
  return ticks.map((tick) => (tick === 0 ? '0' : `${(tick / size).toFixed(decimals)}${letter}`));
}

/** A value in a few letters: `13.7G` for 13700000000; what is below ten thousand stays as it is. */
export function shortNumber(value: number): string {
  const [size, letter] = unitOf(value);
  return size === 1 ? numberText(value) : `${Number((value / size).toPrecision(4))}${letter}`;
}

function unitOf(value: number): readonly [size: number, letter: string] {
  const size = Math.abs(value);
  if (size < 1e4 || size >= 1e21) return [1, ''];
  return UNITS.find(([least]) => size >= least) ?? [1, ''];
}

/** The whole time that was asked about, whether or not values came to its end: what stops early shall look so. */
export function timeScale(range: Range, until: number): TimeScale {
  return { from: until - range.rangeMs, until };
}

/** A time as its scale needs it: seconds for minutes, the day for days. UTC. */
export function timeText(at: number, { from, until }: TimeScale): string {
  const iso = new Date(at).toISOString();
  const day = new Intl.DateTimeFormat('en-US', { month: 'short', day: 'numeric', timeZone: 'UTC' });
  if (until - from > 8 * DAY) return day.format(at);
  if (until - from > DAY) return `${day.format(at)} ${iso.slice(11, 16)}`;
  return until - from < 10 * MINUTE ? iso.slice(11, 19) : iso.slice(11, 16);
}

/** No NaN, no infinity, and nothing so large or so small that its scale is no number any more. */
export function isDrawable(value: number): boolean {
  return Number.isFinite(value) && Math.abs(value) < 1e100 && (value === 0 || Math.abs(value) > 1e-100);
}
