import type { ResolvedPiece } from './resolve-steps.ts';

/** A stretch of lines, 1-based and inclusive. */
export type LineRange = { readonly from: number; readonly to: number };

/** What became of every line that is not blank; no line is in two lists. */
export type Accounting = {
  readonly steps: readonly LineRange[];
  readonly manual: readonly LineRange[];
  readonly documentation: readonly LineRange[];
  readonly notUnderstood: readonly (LineRange & { readonly reason: string })[];
  /** Lines that are not blank. */
  readonly filled: number;
};

/** Assigns every line of a document. What no piece claims (headings, marks of fences, text outside of runbooks) is documentation. */
export function accountLines(
  lines: readonly string[],
  entries: readonly { readonly pieces: readonly ResolvedPiece[] }[],
): Accounting {
  const owner = new Array<'step' | 'manual' | 'unknown' | null>(lines.length + 1).fill(null);
  const pieces = entries.flatMap((entry) => entry.pieces);
  const claim = (kind: 'step' | 'manual' | 'unknown', { from, to }: LineRange) => {
    for (let line = from; line <= to; line += 1) owner[line] ??= kind;
  };
  for (const piece of pieces) if (piece.kind === 'command') claim('step', piece);
  for (const piece of pieces) if (piece.kind === 'manual') claim('manual', piece);
  for (const piece of pieces) if (piece.kind === 'unknown') claim('unknown', piece);
  const reasons = new Map(
    pieces.flatMap((piece) => (piece.kind === 'unknown' ? [[piece.from, piece.reason] as const] : [])),
  );
  return {
    steps: ranges(lines, owner, 'step'),
    manual: ranges(lines, owner, 'manual'),
    documentation: ranges(lines, owner, null),
    notUnderstood: pieces.flatMap((piece) =>
      piece.kind === 'unknown' && owner[piece.from] === 'unknown'
        ? [{ from: piece.from, to: piece.to, reason: reasons.get(piece.from) ?? piece.reason }]
        : [],
    ),
    filled: lines.filter((line) => line.trim() !== '').length,
  };
}

function ranges(lines: readonly string[], owner: readonly (string | null)[], kind: string | null): LineRange[] {
  const found: { from: number; to: number }[] = [];
  lines.forEach((text, index) => {
    const line = index + 1;
    if (text.trim() === '' || owner[line] !== kind) return;
    const last = found.at(-1);
    if (last && last.to === line - 1) last.to = line;
    else found.push({ from: line, to: line });
  });
  return found;
}

/** Stretches of lines outside of all entries. */
export function restOf(lines: readonly string[], entries: readonly LineRange[]): LineRange[] {
  const inside = new Uint8Array(lines.length + 2);
  for (const { from, to } of entries) inside.fill(1, from, to + 1);
  const owner = lines.map((_, index) => (inside[index + 1] === 1 ? 'entry' : null));
  return ranges(lines, [null, ...owner], null);
}
