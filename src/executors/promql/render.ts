import { plural } from '../../lib/text.ts';
import { figuresOf, numberText, type Series, seriesName } from './answer.ts';
import type { Range } from './parse-query.ts';

/** Most series that are written out. */
const SHOWN = 30;

/** The answer as text: a value per series, or the figures of each over the range, the highest first. */
export function renderAnswer(series: readonly Series[], range: Range | null): string {
  if (series.length === 0) return '(no series: nothing fits this query now)';
  const sorted = range === null ? series : byHighest(series);
  const lines = sorted.slice(0, SHOWN).map((item, index) => {
    if (range === null) return instantLine(item);
    // the number under which the legend of the picture has it, which has not the room or not the letters for every name
    return `${sorted.length > 1 ? `${index + 1}. ` : ''}${rangeLines(item, range)}`;
  });
  const rest = sorted.length - SHOWN;
  return [...lines, ...(rest > 0 ? [`… and ${plural(rest, 'more series', 'more series')}`] : [])].join('\n');
}

/** Those that matter first: by their maximum. */
export function byHighest(series: readonly Series[]): Series[] {
  const keyed = series.map((item) => ({ item, most: figuresOf(item).max ?? Number.NEGATIVE_INFINITY }));
  return keyed.sort((a, b) => b.most - a.most).map(({ item }) => item);
}

function instantLine(series: Series): string {
  const last = series.points.at(-1);
  return last ? `${seriesName(series.labels)}  ${numberText(last.value)}` : seriesName(series.labels);
}

function rangeLines(series: Series, range: Range): string {
  const { min, avg, max, last } = figuresOf(series);
  if (min === null || avg === null || max === null) return `${seriesName(series.labels)}\n  no value that is a number`;
  const over =
    range.threshold === null ? 0 : series.points.filter(({ value }) => value > (range.threshold ?? 0)).length;
  const crossed =
    range.threshold === null
      ? ''
      : `, above ${numberText(range.threshold)} at ${over} of ${plural(series.points.length, 'point')}`;
  const figures = `min ${numberText(min)}, avg ${numberText(avg)}, max ${numberText(max)}, last ${last === null ? 'none' : numberText(last)}`;
  return `${seriesName(series.labels)}\n  ${figures}${crossed}`;
}
