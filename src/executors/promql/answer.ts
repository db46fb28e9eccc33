import { z } from 'zod';
import type { Json } from '../../lib/canonical-json.ts';

const labels = z.record(z.string(), z.string());
const sample = z.tuple([z.number(), z.string()]);
const data = z.discriminatedUnion('resultType', [
  z.looseObject({
    resultType: z.literal('vector'),
    result: z.array(z.looseObject({ metric: labels, value: sample.optional() })),
  }),
  z.looseObject({
    resultType: z.literal('matrix'),
    result: z.array(z.looseObject({ metric: labels, values: z.array(sample).default([]) })),
  }),
  z.looseObject({ resultType: z.literal('scalar'), result: sample }),
  z.looseObject({ resultType: z.literal('string'), result: sample }),
]);
const answer = z.discriminatedUnion('status', [
  z.looseObject({ status: z.literal('success'), data, warnings: z.array(z.string()).optional() }),
  z.looseObject({
    status: z.literal('error'),
    errorType: z.string().default('error'),
    error: z.string().default('no reason given'),
  }),
]);

/** One value at one time (ms since 1970); NaN and infinities are what they are. */
export type Point = { readonly at: number; readonly value: number };
export type Series = { readonly labels: Readonly<Record<string, string>>; readonly points: readonly Point[] };
export type Answer =
  | {
      readonly kind: 'series';
      readonly type: string;
      readonly series: readonly Series[];
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'error'; readonly error: string };

/** Most series that are kept; whoever asks for more asked too broadly. */
export const MOST_SERIES = 500;

/** Reads an answer of Prometheus' HTTP API; null when it is none. Numbers are texts there, `NaN`, `+Inf` and `-Inf` among them. */
export function readAnswer(contentType: string, body: string): Answer | null {
  if (!/^application\/json\b/iu.test(contentType)) return null;
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return null;
  }
  const parsed = answer.safeParse(json);
  if (!parsed.success) return null;
  if (parsed.data.status === 'error') return { kind: 'error', error: `${parsed.data.errorType}: ${parsed.data.error}` };
  const { data: found, warnings = [] } = parsed.data;
  const basis = { kind: 'series', type: found.resultType, warnings } as const;
  if (found.resultType === 'scalar') return { ...basis, series: [{ labels: {}, points: [point(found.result)] }] };
  if (found.resultType === 'string') return { ...basis, series: [{ labels: { value: found.result[1] }, points: [] }] };
  if (found.resultType === 'vector')
    return {
      ...basis,
      series: found.result.map((item) => ({ labels: item.metric, points: item.value ? [point(item.value)] : [] })),
    };
  return { ...basis, series: found.result.map((item) => ({ labels: item.metric, points: item.values.map(point) })) };
}

export type Figures = {
  readonly min: number | null;
  readonly avg: number | null;
  readonly max: number | null;
  readonly last: number | null;
};

/** What a series comes down to; null where it has no finite value. */
export function figuresOf(series: Series): Figures {
  const values = series.points.map(({ value }) => value).filter(Number.isFinite);
  if (values.length === 0) return { min: null, avg: null, max: null, last: null };
  const last = series.points.at(-1)?.value ?? Number.NaN;
  return {
    min: values.reduce((least, value) => Math.min(least, value)),
    avg: values.reduce((sum, value) => sum + value / values.length, 0),
    max: values.reduce((most, value) => Math.max(most, value)),
    last: Number.isFinite(last) ? last : null,
  };
}

/**
 * What `expect` sees. `value` is that of a single series or scalar, null otherwise and for NaN and infinities (their text stands in
 * `series[].text`); `min`, `avg`, `max` and `last` go over all series of a range.
 */
export function resultValue(type: string, series: readonly Series[]): Record<string, Json> {
  const kept = series.slice(0, MOST_SERIES);
  const rows = kept.map((item) => {
    const last = item.points.at(-1);
    return {
      labels: item.labels,
      value: last && Number.isFinite(last.value) ? last.value : null,
      text: last ? numberText(last.value) : '',
      ...(type === 'matrix' ? { ...figuresOf(item) } : {}),
    };
  });
  const single = rows.length === 1 ? (rows[0]?.value ?? null) : null;
  const all = figuresOf({ labels: {}, points: series.flatMap(({ points }) => points) });
  return { result_type: type, series: rows, count: series.length, value: single, ...all, last: single };
}

/** `{job="api", …}` in the order of Prometheus, or the name alone. */
export function seriesName(labels: Readonly<Record<string, string>>): string {
  const { __name__: name = '', ...rest } = labels;
  const pairs = Object.entries(rest).map(([key, value]) => `${key}="${value}"`);
  return pairs.length === 0 ? name || 'value' : `${name}{${pairs.join(', ')}}`;
}

/**
 * Names that tell series apart in little room: without the labels that all of them share. A series alone, or one that differs in nothing,
 * keeps its whole name.
 */
export function tellingNames(series: readonly Series[]): string[] {
  const [first, ...others] = series;
  const shared = new Set(
    Object.entries(first?.labels ?? {})
      .filter(([key, value]) => others.length > 0 && others.every(({ labels: own }) => own[key] === value))
      .map(([key]) => key),
  );
  return series.map(({ labels: own }) => {
    const rest = Object.fromEntries(Object.entries(own).filter(([key]) => !shared.has(key)));
    return seriesName(Object.keys(rest).length === 0 ? own : rest);
  });
}

/** A number as people read it: at most four digits that matter. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0 || Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e-4 && size < 1e9 ? String(Number(value.toPrecision(size >= 1_000 ? 6 : 4))) : value.toExponential(2);
}

function point([seconds, text]: readonly [number, string]): Point {
  const value = text === '+Inf' ? Number.POSITIVE_INFINITY : text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
  return { at: Math.round(seconds * 1_000), value };
}
