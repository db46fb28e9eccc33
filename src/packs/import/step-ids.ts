import { slugify } from '../../lib/text.ts';
import { programOf } from './recognise.ts';
import type { ImportedStep, ResolvedPiece } from './resolve-steps.ts';

/** Ids that say what a step does, each once in its runbook. */
export function stepIds(pieces: readonly ResolvedPiece[]): Map<ImportedStep, string> {
  const ids = new Map<ImportedStep, string>();
  const counts = new Map<string, number>();
  for (const piece of pieces) {
    if (piece.kind !== 'command') continue;
    const words = slugify(piece.title, 40).replaceAll('-', '_');
    const name = /^[a-z]/u.test(words) ? words : slugify(programOf(piece.text) ?? 'step', 24).replaceAll('-', '_');
    // Ids of task-list items are `manual_1` and so on.
    const base = /^[a-z]/u.test(name) && !name.startsWith('manual_') ? name : `step_${name}`;
    let count = (counts.get(base) ?? 0) + 1;
    while (counts.has(`${base}_${count}`)) count += 1;
    counts.set(base, count);
    const id = count === 1 ? base : `${base}_${count}`;
    if (count > 1) counts.set(id, 1);
    ids.set(piece, id);
  }
  return ids;
}
