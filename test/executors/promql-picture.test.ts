import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Series, tellingNames } from '../../src/executors/promql/answer.ts';
import { drawChart } from '../../src/executors/promql/picture/chart.ts';
import { fitText, textWidth, wrapText } from '../../src/executors/promql/picture/letters.ts';
import { shortNumber, timeScale, timeText, valueScale } from '../../src/executors/promql/picture/scales.ts';

const MINUTE = 60_000;
const UNTIL = Date.parse('2026-11-21T18:30:00Z');
const LINE_COLORS = [
  [0, 98, 163],
  [190, 90, 0],
  [0, 130, 95],
  [160, 80, 140],
  [110, 100, 0],
  [60, 60, 60],
] as const;
const ALARM = [200, 20, 50] as const;

/** A series over the hour before `UNTIL`, one value a minute; null is a value that is missing. */
function hour(name: string, valueAt: (minute: number) => number | null): Series & { name: string } {
  const points = Array.from({ length: 61 }, (_item, minute) => ({ minute, value: valueAt(minute) }));
  return {
    name,
    labels: {},
    points: points.flatMap(({ minute, value }) =>
      value === null ? [] : [{ at: UNTIL - (60 - minute) * MINUTE, value }],
    ),
  };
}

function draw(series: readonly (Series & { name: string })[], threshold: number | null = null, title = 'rate(x[5m])') {
  const range = { rangeMs: 60 * MINUTE, stepMs: MINUTE, threshold };
  return decode(drawChart({ title, series, range, until: UNTIL, theme: 'light' }));
}

describe('what a picture shows', () => {
  it('of lines that lie on one another each is still seen, by a mark of its own', () => {
    const picture = draw(LINE_COLORS.map((_color, index) => hour(`series ${index}`, () => 5)));
    for (const color of LINE_COLORS) expect(picture.count(color, { bottom: 340 })).toBeGreaterThan(200);
  });

  it('the marks differ in shape, so that nobody has to tell colours apart', () => {
    const picture = draw(LINE_COLORS.map((_color, index) => hour(`series ${index}`, (minute) => index + minute / 100)));
    const shapes = LINE_COLORS.map((color) => picture.legendShape(color));
    expect(new Set(shapes).size).toBe(LINE_COLORS.length);
  });

  it('a limit hides nothing of a line that runs along it', () => {
    const along = hour('along', () => 1.06);
    const other = { ...hour('top', () => 2), name: 'top' };
    const [without, limited] = [draw([along, other]), draw([along, other], 1)];
    const whole = without.count(LINE_COLORS[0], { bottom: 340 });
    expect(limited.count(LINE_COLORS[0], { bottom: 340 })).toBeGreaterThan(whole * 0.98);
    expect(limited.count(ALARM)).toBeGreaterThan(300);
  });

  it('a series that stopped half an hour ago stops in the middle', () => {
    const picture = draw([hour('gone', (minute) => (minute <= 30 ? 5 : null))]);
    expect(picture.count(LINE_COLORS[0], { left: 60, right: 360, bottom: 340 })).toBeGreaterThan(500);
    expect(picture.count(LINE_COLORS[0], { left: 400, bottom: 340 })).toBe(0);
  });

  it('a value that stands alone is seen on a phone', () => {
    const picture = draw([hour('once', (minute) => (minute === 30 ? 4 : null))]);
    expect(picture.count(LINE_COLORS[0], { bottom: 340 })).toBeGreaterThan(40);
  });

  it('a long query takes two lines before it is cut', () => {
    const [short, long] = [
      draw([hour('a', () => 1)]),
      draw([hour('a', () => 1)], null, 'sum by (x) (rate(y[5m])) '.repeat(9)),
    ];
    expect(long.height - short.height).toBe(32);
  });
});

describe('the scale of values', () => {
  const scaleOf = (...values: number[]) =>
    valueScale([{ labels: {}, points: values.map((value, at) => ({ at, value })) }], null);

  it.each<[string, number[], string[]]>([
    ['nothing', [], ['0', '0.2', '0.4', '0.6', '0.8', '1', '1.2']],
    ['zero for ever', [0, 0], ['0', '0.2', '0.4', '0.6', '0.8', '1', '1.2']],
    ['five for ever', [5, 5], ['0', '1', '2', '3', '4', '5', '6']],
    ['less than zero for ever', [-3, -3], ['-3', '-2', '-1', '0', '1']],
    ['percentages near 100', [99.1, 99.9], ['99', '99.2', '99.4', '99.6', '99.8', '100']],
    ['bytes', [13_700_000_000, 16_700_000_000], ['0', '5G', '10G', '15G', '20G']],
    ['requests', [3, 1_000_000], ['0', '0.2M', '0.4M', '0.6M', '0.8M', '1.0M', '1.2M']],
    ['more than a long holds', [9.2e18, 1.8e19], ['0', '5E', '10E', '15E', '20E']],
    ['microseconds', [2e-5, 3e-5], ['0', '1e-5', '2e-5', '3e-5', '4e-5']],
    [
      'what differs only in its last figures',
      [1e9, 1e9 + 500],
      ['1000000000', '1000000100', '1000000200', '1000000300', '1000000400', '1000000500', '1000000600'],
    ],
  ])('%s has ticks that are short and differ', (_title, values, texts) => {
    expect(scaleOf(...values).ticks.map(({ text }) => text)).toEqual(texts);
  });

  it.each([
    [13_700_000_000, '13.7G'],
    [-20_480, '-20.48k'],
    [9_999, '9999'],
    [0.25, '0.25'],
    [Number.NaN, 'NaN'],
  ])('%d stands in the legend as %s', (value, text) => expect(shortNumber(value)).toBe(text));
});

describe('the scale of times', () => {
  it.each([
    ['5 minutes', 5 * MINUTE, ['18:25:00', '18:27:30', '18:30:00']],
    ['an hour', 60 * MINUTE, ['17:30', '18:00', '18:30']],
    ['a day', 1_440 * MINUTE, ['18:30', '06:30', '18:30']],
    ['two days', 2_880 * MINUTE, ['Nov 19 18:30', 'Nov 20 18:30', 'Nov 21 18:30']],
    ['a month', 43_200 * MINUTE, ['Oct 22', 'Nov 6', 'Nov 21']],
  ])('over %s no two moments read the same, or the day is clear', (_title, rangeMs, texts) => {
    const times = timeScale({ rangeMs, stepMs: MINUTE, threshold: null }, UNTIL);
    expect([times.from, (times.from + times.until) / 2, times.until].map((at) => timeText(at, times))).toEqual(texts);
  });
});

describe('names in little room', () => {
  const named = (...all: Record<string, string>[]) => tellingNames(all.map((labels) => ({ labels, points: [] })));

  it('leave out what all series share', () => {
    expect(named({ __name__: 'up', job: 'web', pod: 'a' }, { __name__: 'up', job: 'web', pod: 'b' })).toEqual([
      '{pod="a"}',
      '{pod="b"}',
    ]);
  });

  it('keep everything of a series alone, and what would leave nothing', () => {
    expect(named({ __name__: 'up', job: 'web' })).toEqual(['up{job="web"}']);
    expect(named({ job: 'web' }, { job: 'web' })).toEqual(['{job="web"}', '{job="web"}']);
    expect(named({ job: 'web' }, { job: 'web', pod: 'a' })).toEqual(['{job="web"}', '{pod="a"}']);
  });

  it('keep both ends when they are cut: pods differ in the last letters', () => {
    const cut = fitText('checkout-deployment-5f6d8c7b9-0abcd', 200, { size: 22, keep: 'both ends' });
    expect(cut).toMatch(/^checkout.*….*0abcd$/u);
    expect(textWidth(cut, 22)).toBeLessThanOrEqual(200);
  });

  it('show one box for a word that the font has no letters for, and those of Central Europe as they are', () => {
    expect(textWidth('東京都', 22)).toBe(textWidth('京', 22));
    expect(textWidth('تل', 22)).toBe(textWidth('京', 22));
    expect(textWidth('Łódź', 22)).toBeGreaterThan(3 * textWidth('京', 22) - 20);
    expect(textWidth('Łódź', 22)).not.toBe(textWidth('京ód京', 22));
  });

  it('are broken at a space where there is one near the end, and anywhere else otherwise', () => {
    const box = { width: 200, lines: 2, size: 22 };
    expect(wrapText('short', box)).toEqual(['short']);
    expect(wrapText('sum by (pod) (rate(x[5m]))', box)).toEqual(['sum by (pod)', '(rate(x[5m]))']);
    const [first = '', second = '', ...more] = wrapText('x'.repeat(100), box);
    expect(more).toEqual([]);
    expect(first).toMatch(/^x+$/u);
    expect(second).toMatch(/^x+…$/u);
  });
});

type Area = { left?: number; right?: number; bottom?: number };

function decode(png: Buffer) {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const rows = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)));
  const is = (x: number, y: number, color: readonly number[]) =>
    color.every((value, channel) => rows[y * (width * 3 + 1) + 1 + x * 3 + channel] === value);
  const within = (color: readonly number[], area: { left: number; right: number; top: number; bottom: number }) => {
    const found: [number, number][] = [];
    for (let y = area.top; y < area.bottom; y += 1)
      for (let x = area.left; x < area.right; x += 1) if (is(x, y, color)) found.push([x, y]);
    return found;
  };
  return {
    width,
    height,
    /** How many pixels have exactly that colour. */
    count: (color: readonly number[], { left = 0, right = width, bottom = height }: Area = {}) =>
      within(color, { left, right, top: 0, bottom }).length,
    /** The pixels of the legend's mark in that colour, from its own top left corner. */
    legendShape: (color: readonly number[]) => {
      const dots = within(color, { left: 32, right: 60, top: 400, bottom: height });
      const top = Math.min(...dots.map(([, y]) => y));
      return dots.map(([x, y]) => `${x},${y - top}`).join(' ');
    },
  };
}
