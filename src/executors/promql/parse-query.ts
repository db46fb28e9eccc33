import { promqlEffect } from '../../analysis/promql-effect.ts';
import { UserError } from '../../lib/errors.ts';
import { type BoundValue, boundValue, plainText, shownValue } from '../bound-values.ts';
import type { BoundValues } from '../executor.ts';
import { looksPiped } from '../filters/chain.ts';
import { type Piece, placeholderNames, splitPlaceholders } from '../placeholders.ts';

/** The times of a range query, and where a line is drawn across its picture. */
export type Range = { readonly rangeMs: number; readonly stepMs: number; readonly threshold: number | null };

/** A query before binding: an expression at this moment (`range` null) or over a time up to now. */
export type QueryTemplate = {
  readonly range: Range | null;
  readonly pieces: readonly Piece[];
  readonly names: readonly string[];
};

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
/** More points than a picture on a phone has pixels say nothing. */
const MOST_POINTS = 1_500;
const DEFAULT_POINTS = 120;

/**
 * Reads an expression, with `range 1h step 1m threshold 0.05` on a line before it for a range. Throws UserError `statement_invalid`, and
 * `placeholder_unbindable` for a value inside of quotes.
 */
export function parseQuery(source: string): QueryTemplate {
  const lines = source.replaceAll('\r\n', '\n').split('\n');
  const first = lines.findIndex((line) => line.trim() !== '' && !line.trimStart().startsWith('#'));
  const head = lines[first]?.trim() ?? '';
  const ranged = /^range\s/u.test(head);
  const expression = (ranged ? lines.slice(first + 1) : lines).join('\n').trim();
  if (expression === '') throw invalid('There is no PromQL expression here: write one.');
  const pieces = splitPlaceholders(expression);
  requirePlaces(pieces);
  const shape = pieces.map((piece) => (piece.kind === 'text' ? piece.text : '1')).join('');
  const found = promqlEffect(shape);
  // a comparison with a number in the place of a label's value is no PromQL, so the shape is looked at only for brackets and signs
  if (found.effect !== 'read' && looksPiped(shape))
    throw invalid('The series of PromQL are not piped: choose them with labels, topk(5, …) or a comparison.');
  if (found.effect !== 'read') throw invalid(found.reasons[0] ?? 'This is no PromQL expression.');
  return { range: ranged ? readRange(head) : null, pieces, names: placeholderNames(pieces) };
}

/**
 * The expression with its values: after `=` and `!=` a quoted text, after `=~` and `!~` a quoted text that matches itself alone, elsewhere a
 * number. Throws UserError `value_missing` and `value_refused`.
 */
export function bindQuery(
  template: QueryTemplate,
  values: BoundValues,
): { sent: string; shown: string; bound: BoundValue[] } {
  const bound = template.names.map((name) => boundValue(values, name));
  const build = (textOf: (value: BoundValue) => string): string =>
    template.pieces
      .map((piece, index) =>
        piece.kind === 'text'
          ? piece.text
          : bindAt(template.pieces, index, { value: boundValue(values, piece.name), textOf }),
      )
      .join('');
  return {
    sent: build(({ value }) => plainText(value)),
    shown: build(({ value }) => String(shownValue(value))),
    bound,
  };
}

function bindAt(
  pieces: readonly Piece[],
  index: number,
  use: { value: BoundValue; textOf: (value: BoundValue) => string },
): string {
  const operator = operatorBefore(pieces, index);
  const { name, value } = use.value;
  if (operator === null) {
    if (typeof value === 'number' && Number.isFinite(value)) return String(value);
    throw new UserError(
      'value_refused',
      `The value of ${name} stands where PromQL wants a number: give it the type number or integer.`,
    );
  }
  if (/\p{Cs}/u.test(plainText(value)))
    throw new UserError('value_refused', `The value of ${name} holds half a character: correct it.`);
  const text = use.textOf(use.value);
  return JSON.stringify(operator.endsWith('~') ? text.replace(/[\\^$.|?*+()[\]{}]/gu, '\\$&') : text);
}

/** The operator of the label matcher whose value stands here, or null outside of one. */
function operatorBefore(pieces: readonly Piece[], index: number): string | null {
  const before = pieces
    .slice(0, index)
    .map((piece) => (piece.kind === 'text' ? piece.text : '1'))
    .join('');
  const bare = before.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/gu, '""');
  if (bare.lastIndexOf('{') <= bare.lastIndexOf('}')) return null;
  return /(?<operator>=~|!~|!=|=)\s*$/u.exec(bare)?.groups?.operator ?? null;
}

function requirePlaces(pieces: readonly Piece[]): void {
  let quote: string | null = null;
  for (const piece of pieces) {
    if (piece.kind === 'value') {
      if (quote === null) continue;
      throw new UserError(
        'placeholder_unbindable',
        `\`\${${piece.name}}\` stands inside of quotes: leave them out, the value brings its own.`,
      );
    }
    for (let at = 0; at < piece.text.length; at += 1) {
      const sign = piece.text[at] ?? '';
      if (quote === null && /["'`]/u.test(sign)) quote = sign;
      else if (quote !== null && sign === '\\' && quote !== '`') at += 1;
      else if (sign === quote) quote = null;
    }
  }
}

function readRange(line: string): Range {
  const parts =
    /^range\s+(?<range>\S+)(?:\s+step\s+(?<step>\S+))?(?:\s+threshold\s+(?<threshold>-?\d+(?:\.\d+)?(?:e-?\d+)?))?$/iu.exec(
      line,
    )?.groups;
  if (!parts)
    throw invalid(
      'The first line of a range is `range 1h`, with `step 1m` and `threshold 0.05` if wanted: correct it.',
    );
  const rangeMs = duration(parts.range ?? '');
  const stepMs =
    parts.step === undefined
      ? Math.max(1_000, Math.ceil(rangeMs / DEFAULT_POINTS / 1_000) * 1_000)
      : duration(parts.step);
  if (rangeMs / stepMs > MOST_POINTS)
    throw invalid(`This range has more than ${MOST_POINTS} steps: make the step longer.`);
  if (stepMs > rangeMs) throw invalid('The step is longer than the range: make it shorter.');
  return { rangeMs, stepMs, threshold: parts.threshold === undefined ? null : figure(parts.threshold) };
}

function figure(text: string): number {
  const number = Number(text);
  if (Math.abs(number) < 1e100) return number;
  throw invalid(`The threshold ${text.slice(0, 20)} is too large to be drawn: correct it.`);
}

function duration(text: string): number {
  const parts = [...text.matchAll(/(?<count>\d{1,6})(?<unit>[smhdw])/gu)];
  const total = parts.reduce((sum, { groups }) => sum + Number(groups?.count) * (UNIT_MS[groups?.unit ?? ''] ?? 0), 0);
  if (parts.map(([whole]) => whole).join('') === text && total > 0 && total <= 366 * 86_400_000) return total;
  throw invalid(`\`${text.slice(0, 20)}\` is no duration up to a year: write 30s, 5m, 1h or 1d.`);
}

function invalid(message: string): UserError {
  return new UserError('statement_invalid', message);
}
