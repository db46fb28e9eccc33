import { figuresOf, type Series } from '../answer.ts';
import type { Range } from '../parse-query.ts';
import { Canvas, type Color, type Dot } from './canvas.ts';
import { fitText, textWidth, wrapText, writeText } from './letters.ts';
import { drawMark, markPlaces } from './marks.ts';
import { encodePng } from './png.ts';
import { isDrawable, shortNumber, type TimeScale, timeScale, timeText, valueScale } from './scales.ts';

export type ChartInput = {
  readonly title: string;
  /** Most important first; the first `DRAWN` are drawn, the others counted. */
  readonly series: readonly (Series & { readonly name: string })[];
  readonly range: Range;
  /** The end of the range (ms since 1970). */
  readonly until: number;
  readonly theme: 'light' | 'dark';
};

/** Twice the width of a phone: letters of 22 pixels are read there as 11. */
const WIDTH = 720;
const PLOT_HEIGHT = 300;
const MARGIN = 24;
const TEXT = 22;
const ROW = 32;
const SAMPLE = 44;
const DRAWN = 6;
const TITLE_LINES = 2;

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

type Box = { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number };
type Drawing = {
  readonly canvas: Canvas;
  readonly theme: Theme;
  readonly input: ChartInput;
  readonly drawn: ChartInput['series'];
  readonly plot: Box;
};

/**
 * A line chart of a range query, as PNG: title, axes over the whole range, at most six series each with a mark of its own, the threshold
 * as a dashed line, and a legend with the last values below, where it hides nothing.
 */
export function drawChart(input: ChartInput): Buffer {
  const theme = THEMES[input.theme];
  const drawn = input.series.slice(0, DRAWN);
  const rows = drawn.length + (input.series.length > DRAWN ? 1 : 0) + (input.range.threshold === null ? 0 : 1);
  const title = wrapText(input.title, { width: WIDTH - 2 * MARGIN, lines: TITLE_LINES, size: TEXT, weight: 'bold' });
  const top = MARGIN + title.length * ROW + 12;
  const bottom = top + PLOT_HEIGHT;
  const canvas = new Canvas(WIDTH, bottom + ROW + 16 + rows * ROW + MARGIN / 2, theme.ground);
  title.forEach((line, index) => {
    writeText(canvas, line, [MARGIN, MARGIN + TEXT + index * ROW], { size: TEXT, color: theme.text, weight: 'bold' });
  });
  const scale = valueScale(drawn, input.range.threshold);
  const left = MARGIN + Math.max(...scale.ticks.map(({ text }) => textWidth(text, TEXT))) + 10;
  const drawing: Drawing = { canvas, theme, input, drawn, plot: { left, right: WIDTH - MARGIN, top, bottom } };
  const y = (value: number) => bottom - ((value - scale.low) / (scale.high - scale.low)) * PLOT_HEIGHT;
  for (const { value, text } of scale.ticks) {
    canvas.rectangle({ x: left, y: y(value), width: WIDTH - MARGIN - left, height: 2 }, theme.grid);
    writeText(canvas, text, [left - 10, y(value) + TEXT / 3], { size: TEXT, color: theme.faint, align: 'right' });
  }
  const times = timeScale(input.range, input.until);
  const x = (at: number) =>
    left + ((at - times.from) / Math.max(1, times.until - times.from)) * (WIDTH - MARGIN - left);
  drawTimes(drawing, times);
  drawLines(drawing, { x, y, times });
  if (input.range.threshold !== null) drawDashes(drawing, drawing.plot, y(input.range.threshold) + 1);
  drawLegend(drawing);
  return encodePng(canvas.pixels, canvas.width, canvas.height);
}

function drawTimes({ canvas, theme, plot }: Drawing, times: TimeScale): void {
  const style = { size: TEXT, color: theme.faint } as const;
  const base = plot.bottom + ROW - 4;
  writeText(canvas, timeText(times.from, times), [plot.left, base], style);
  const middle = timeText((times.from + times.until) / 2, times);
  writeText(canvas, middle, [(plot.left + plot.right) / 2, base], { ...style, align: 'center' });
  writeText(canvas, `${timeText(times.until, times)} UTC`, [plot.right, base], { ...style, align: 'right' });
}

type Axes = {
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
  readonly times: TimeScale;
};

/** All lines first, then all marks: no line hides the mark of another one. */
function drawLines({ canvas, theme, input, drawn, plot }: Drawing, { x, y, times }: Axes): void {
  const lines = drawn.map((series) =>
    pieces(withinTimes(series, times), input.range.stepMs).map((piece) =>
      piece.map(({ at, value }): Dot => [x(at), y(value)]),
    ),
  );
  lines.forEach((own, index) => {
    const color = theme.lines[index] ?? theme.text;
    for (const line of own) canvas.line(line, color, line.length === 1 ? 9 : 4);
  });
  if (drawn.length < 2) return;
  lines.forEach((own, index) => {
    const paint = { color: theme.lines[index] ?? theme.text, ground: theme.ground };
    for (const place of markPlaces(own, { index, of: drawn.length, left: plot.left }))
      drawMark(canvas, index, place, paint);
  });
}

function drawDashes({ canvas, theme }: Drawing, span: { left: number; right: number }, y: number): void {
  for (let at = span.left; at < span.right; at += 18)
    canvas.line(
      [
        [at, y],
        [Math.min(at + 10, span.right), y],
      ],
      theme.alarm,
      3,
    );
}

function drawLegend(drawing: Drawing): void {
  const { canvas, theme, input, drawn, plot } = drawing;
  let base = plot.bottom + ROW + 16 + ROW - 8;
  const row = (text: string, value: string, color: Color) => {
    writeText(canvas, value, [WIDTH - MARGIN, base], { size: TEXT, color, weight: 'bold', align: 'right' });
    const indent = MARGIN + SAMPLE + 12;
    const room = WIDTH - MARGIN - indent - textWidth(value, TEXT, 'bold') - 16;
    writeText(canvas, fitText(text, room, { size: TEXT, keep: 'both ends' }), [indent, base], { size: TEXT, color });
    base += ROW;
  };
  drawn.forEach((series, index) => {
    const { last } = figuresOf(series);
    const color = theme.lines[index] ?? theme.text;
    canvas.rectangle({ x: MARGIN, y: base - 10, width: SAMPLE, height: 4 }, color);
    if (drawn.length > 1) drawMark(canvas, index, [MARGIN + SAMPLE / 2, base - 8], { color, ground: theme.ground });
    const number = input.series.length > 1 ? `${index + 1}. ` : '';
    row(`${number}${series.name}`, last === null ? 'no value' : shortNumber(last), theme.text);
  });
  const more = input.series.length - drawn.length;
  if (more > 0) row(`and ${more} more, all lower`, '', theme.faint);
  if (input.range.threshold === null) return;
  drawDashes(drawing, { left: MARGIN, right: MARGIN + SAMPLE + 2 }, base - 8);
  row('limit', shortNumber(input.range.threshold), theme.alarm);
}

function withinTimes({ points }: Series, { from, until }: TimeScale): Series['points'] {
  return points.filter(({ at }) => at >= from && at <= until);
}

/** A line is broken where a value is missing for more than a step, or is no number. */
function pieces(points: Series['points'], stepMs: number): Series['points'][number][][] {
  const found: Series['points'][number][][] = [];
  let last: number | null = null;
  for (const point of points) {
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
