import { figuresOf, numberText, type Series } from '../answer.ts';
import type { Range } from '../parse-query.ts';
import { Canvas, type Color, type Dot } from './canvas.ts';
import { fitText, textWidth, writeText } from './letters.ts';
import { encodePng } from './png.ts';

export type ChartInput = {
  readonly title: string;
  /** Most important first; the first `DRAWN` are drawn, the others counted. */
  readonly series: readonly (Series & { readonly name: string })[];
  readonly range: Range;
  readonly theme: 'light' | 'dark';
};

/** Twice the width of a phone: letters of 22 pixels are read there as 11. */
const WIDTH = 720;
const PLOT_HEIGHT = 300;
const MARGIN = 24;
const TEXT = 22;
const ROW = 32;
const DRAWN = 6;

type Theme = {
  readonly ground: Color;
  readonly text: Color;
  readonly faint: Color;
  readonly grid: Color;
  readonly alarm: Color;
  readonly lines: readonly Color[];
};
/** Line colours keep 3:1 against their ground and are told apart by people who see no red or green (after Okabe and Ito). */
const THEMES: Readonly<Record<ChartInput['theme'], Theme>> = {
  light: {
    ground: [255, 255, 255],
    text: [29, 28, 29],
    faint: [97, 96, 97],
    grid: [226, 226, 226],
    alarm: [200, 20, 50],
    lines: [
      [0, 98, 163],
      [190, 90, 0],
      [0, 130, 95],
      [160, 80, 140],
      [110, 100, 0],
      [60, 60, 60],
    ],
  },
  dark: {
    ground: [26, 29, 33],
    text: [236, 236, 236],
    faint: [171, 171, 173],
    grid: [58, 61, 66],
    alarm: [255, 107, 122],
    lines: [
      [86, 180, 233],
      [240, 165, 40],
      [60, 200, 160],
      [225, 145, 195],
      [240, 228, 66],
      [200, 200, 200],
    ],
  },
};

/** A line chart of a range query, as PNG: title, axes, at most six series, the threshold as a dashed line, a legend with the last values. */
export function drawChart(input: ChartInput): Buffer {
  const theme = THEMES[input.theme];
  const drawn = input.series.slice(0, DRAWN);
  const legend = drawn.length + (input.series.length > DRAWN ? 1 : 0);
  const height = MARGIN + ROW + 12 + PLOT_HEIGHT + ROW + 16 + legend * ROW + MARGIN / 2;
  const canvas = new Canvas(WIDTH, height, theme.ground);
  const title = fitText(input.title, WIDTH - 2 * MARGIN, { size: TEXT, weight: 'bold' });
  writeText(canvas, title, [MARGIN, MARGIN + TEXT], { size: TEXT, color: theme.text, weight: 'bold' });
  const scale = valueScale(drawn, input.range.threshold);
  const labels = scale.ticks.map((tick) => numberText(tick));
  const left = MARGIN + Math.max(...labels.map((label) => textWidth(label, TEXT))) + 10;
  const plot = { left, right: WIDTH - MARGIN, top: MARGIN + ROW + 12, bottom: MARGIN + ROW + 12 + PLOT_HEIGHT };
  const y = (value: number) => plot.bottom - ((value - scale.low) / (scale.high - scale.low)) * PLOT_HEIGHT;
  scale.ticks.forEach((tick, index) => {
    canvas.rectangle({ x: plot.left, y: y(tick), width: plot.right - plot.left, height: 2 }, theme.grid);
    writeText(canvas, labels[index] ?? '', [plot.left - 10, y(tick) + TEXT / 3], {
      size: TEXT,
      color: theme.faint,
      align: 'right',
    });
  });
  const times = timeScale(drawn, input.range);
  const x = (at: number) =>
    plot.left + ((at - times.from) / Math.max(1, times.until - times.from)) * (plot.right - plot.left);
  drawTimes(canvas, { times, x, y: plot.bottom + ROW }, theme);
  drawn.forEach((series, index) => {
    for (const piece of pieces(series, input.range.stepMs))
      canvas.line(
        piece.map(({ at, value }): Dot => [x(at), y(value)]),
        theme.lines[index] ?? theme.text,
        4,
      );
  });
  if (input.range.threshold !== null)
    drawThreshold(canvas, { ...plot, y: y(input.range.threshold), value: input.range.threshold }, theme);
  drawLegend(canvas, { drawn, all: input.series.length, top: plot.bottom + ROW + 16 }, theme);
  return encodePng(canvas.pixels, canvas.width, canvas.height);
}

function drawTimes(
  canvas: Canvas,
  use: { times: { from: number; until: number }; x: (at: number) => number; y: number },
  theme: Theme,
): void {
  const { from, until } = use.times;
  const long = until - from > 2 * 86_400_000;
  const text = (at: number) =>
    long ? new Date(at).toISOString().slice(5, 10) : new Date(at).toISOString().slice(11, 16);
  const style = { size: TEXT, color: theme.faint } as const;
  writeText(canvas, text(from), [use.x(from), use.y - 4], style);
  writeText(canvas, text((from + until) / 2), [use.x((from + until) / 2), use.y - 4], { ...style, align: 'center' });
  writeText(canvas, `${text(until)} UTC`, [use.x(until), use.y - 4], { ...style, align: 'right' });
}

function drawThreshold(
  canvas: Canvas,
  use: { left: number; right: number; top: number; y: number; value: number },
  theme: Theme,
): void {
  for (let at = use.left; at < use.right; at += 18)
    canvas.line(
      [
        [at, use.y + 1],
        [Math.min(at + 10, use.right), use.y + 1],
      ],
      theme.alarm,
      3,
    );
  const label = `limit ${numberText(use.value)}`;
  const width = textWidth(label, TEXT, 'bold') + 12;
  const below = use.y - use.top < ROW;
  canvas.rectangle(
    { x: use.right - width, y: below ? use.y + 5 : use.y - 5 - TEXT - 4, width, height: TEXT + 6 },
    theme.ground,
    0.8,
  );
  writeText(canvas, label, [use.right - 6, below ? use.y + 5 + TEXT : use.y - 9], {
    size: TEXT,
    color: theme.alarm,
    weight: 'bold',
    align: 'right',
  });
}

function drawLegend(
  canvas: Canvas,
  use: { drawn: ChartInput['series']; all: number; top: number },
  theme: Theme,
): void {
  use.drawn.forEach((series, index) => {
    const base = use.top + (index + 1) * ROW - 8;
    const { last } = figuresOf(series);
    const value = last === null ? 'no value' : numberText(last);
    canvas.rectangle({ x: MARGIN, y: base - 14, width: 26, height: 10 }, theme.lines[index] ?? theme.text);
    writeText(canvas, value, [WIDTH - MARGIN, base], { size: TEXT, color: theme.text, weight: 'bold', align: 'right' });
    const room = WIDTH - 2 * MARGIN - 38 - textWidth(value, TEXT, 'bold') - 16;
    writeText(canvas, fitText(series.name, room, { size: TEXT }), [MARGIN + 38, base], {
      size: TEXT,
      color: theme.text,
    });
  });
  if (use.all <= use.drawn.length) return;
  const base = use.top + (use.drawn.length + 1) * ROW - 8;
  writeText(canvas, `and ${use.all - use.drawn.length} more, all lower`, [MARGIN + 38, base], {
    size: TEXT,
    color: theme.faint,
  });
}

/** A line is broken where a value is missing for more than a step, or is no number. */
function pieces(series: Series, stepMs: number): Series['points'][number][][] {
  const found: Series['points'][number][][] = [];
  let last: number | null = null;
  for (const point of series.points) {
    if (!isDrawable(point.value)) {
      last = null;
      continue;
    }
    if (last === null || point.at - last > stepMs * 1.5) found.push([]);
    found.at(-1)?.push(point);
    last = point.at;
  }
  return found;
}

function timeScale(series: readonly Series[], range: Range): { from: number; until: number } {
  const times = series.flatMap(({ points }) => points.map(({ at }) => at));
  const until = times.reduce((most, at) => Math.max(most, at), 0);
  return { from: until - range.rangeMs, until };
}

/** Round ticks around the values and the threshold; zero is shown when it is near. */
function valueScale(
  series: readonly Series[],
  threshold: number | null,
): { low: number; high: number; ticks: number[] } {
  const values = series.flatMap(({ points }) => points.map(({ value }) => value).filter(isDrawable));
  if (threshold !== null) values.push(threshold);
  const [least, most] = values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  if (least > most) return { low: 0, high: 1, ticks: [0, 1] };
  const low = least > 0 && least < (most - least) * 2 + most * 0.5 ? 0 : least;
  // figures that differ by less than a billionth are one: a double has no room for ticks between them
  const span = Math.max(most - low, Math.abs(most) * 1e-9, Math.abs(low) * 1e-9) || 1;
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = ([1, 2, 5, 10].find((factor) => span / (factor * power) <= 5.5) ?? 10) * power;
  const bottom = Math.floor(low / step) * step;
  const count = Math.max(1, Math.ceil((most - bottom) / step + 0.05));
  const ticks = Array.from({ length: count + 1 }, (_item, index) => Number((bottom + index * step).toPrecision(12)));
  return { low: bottom, high: bottom + count * step, ticks };
}

/** No NaN, no infinity, and nothing so large or so small that its scale is no number any more. */
function isDrawable(value: number): boolean {
  return Number.isFinite(value) && Math.abs(value) < 1e100 && (value === 0 || Math.abs(value) > 1e-100);
}
