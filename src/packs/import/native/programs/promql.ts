import { promqlEffect } from '../../../../analysis/promql-effect.ts';
import { keepBraces, type MarkedText, splitMarks } from '../marks.ts';
import { type Translation, targetKind } from '../translation.ts';

const FUNCTIONS =
  /\b(?:rate|irate|increase|sum|avg|max|min|count|topk|bottomk|histogram_quantile|absent|absent_over_time|delta|idelta|deriv|predict_linear|quantile|avg_over_time|max_over_time|min_over_time|sum_over_time|count_over_time|changes|resets|label_replace|clamp_max|clamp_min|time|vector|stddev|group|count_values)\s*(?:(?:by|without)\s*\([^)]*\)\s*)?\(/u;
const SELECTOR = /^[A-Za-z_:][\w:]*\s*\{[^}]*=~?\s*["'`$W]/u;

/** Surely PromQL: an aggregation or a selector with a quoted label, read to its end by the reader of expressions. */
export function looksLikePromql(text: string): boolean {
  const expression = text.trim();
  if (
    !/[({[]/u.test(expression) ||
    promqlEffect(expression).effect !== 'read' ||
    /^\s*(?:select|with|insert)\b/iu.test(expression)
  )
    return false;
  const ranges = /\[\d+(?:ms|[smhdwy])(?::[^\]]*)?\]/u.test(expression);
  const matchers = /\{[^{}]*(?:=|!=|=~|!~)\s*"[^"]*"[^{}]*\}/u.test(expression);
  return (
    (FUNCTIONS.test(expression) && (ranges || matchers || /^[a-z_]+\s*(?:by|without|\()/u.test(expression))) ||
    (SELECTOR.test(expression) && matchers)
  );
}

/** `(db_size_bytes / db_quota_bytes) * 100`: names of metrics with a unit at their end, and signs between them. */
export function isMetricArithmetic(text: string): boolean {
  const words = text.match(/[A-Za-z_][\w:]*/gu) ?? [];
  return (
    /^[\s\w:()+*/<>=.-]+$/u.test(text) &&
    words.length > 0 &&
    words.every((word) => METRIC.test(word)) &&
    /[\w)]\s*[-+*/<>]\s*[\w(]/u.test(text) &&
    promqlEffect(text).effect === 'read'
  );
}

const METRIC =
  /^[a-z][a-z0-9:]*(?:_[a-z0-9:]+)*_(?:bytes|total|seconds|count|sum|ratio|percent|info|status|bucket|size|length)$/u;

/** An expression with values bound as label values: `pod="<pod>"` → `pod=${pod}`. Null where one stands elsewhere. */
export function writePromql({ text, placeholders }: MarkedText): Translation | null {
  const expression = text.trim();
  const open = expression.replaceAll(/(["'])(WRMARK\d{3}Z)\1/gu, '$2');
  const pieces = splitMarks(open, placeholders);
  const bound = pieces.every((piece, at) => {
    const before = pieces[at - 1];
    return typeof piece === 'string' || (typeof before === 'string' && /(?:=|!=|=~|!~)\s*$/u.test(before));
  });
  const written = pieces
    .map((piece) => (typeof piece === 'string' ? keepBraces(piece) : `\${${piece.param.name}}`))
    .join('');
  if (!bound || promqlEffect(written).effect !== 'read') return null;
  return { language: 'promql', text: written, targetKind: targetKind('promql'), targetOptions: {}, notes: [] };
}
