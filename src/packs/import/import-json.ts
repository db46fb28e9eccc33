import { plural } from '../../lib/text.ts';
import type { ImportedDocument } from './import-document.ts';

/** One line of `warroom import --json`: what became of one document. */
export function documentJson(document: ImportedDocument): Record<string, unknown> {
  const { entries, accounting } = document;
  const pieces = entries.flatMap((entry) => entry.pieces.map((piece) => ({ entry: entry.id, piece })));
  return {
    file: document.file,
    encoding_repaired: document.encodingRepaired,
    lines: document.text.length,
    entries: entries.map(({ id, title, from, to }) => ({ id, title, from, to })),
    steps: pieces.flatMap(({ entry, piece }) =>
      piece.kind === 'command'
        ? [
            {
              entry,
              from: piece.from,
              to: piece.to,
              phase: piece.settledPhase,
              lang: piece.native.language,
              text: piece.native.text,
              effect: piece.effect,
              params: piece.native.params,
            },
          ]
        : [],
    ),
    manual: pieces.flatMap(({ entry, piece }) =>
      piece.kind === 'manual' ? [{ entry, from: piece.from, to: piece.to, text: piece.text }] : [],
    ),
    documentation: accounting.documentation,
    not_understood: accounting.notUnderstood,
  };
}

/** The same for people: a few lines for each document. */
export function documentReport(document: ImportedDocument): string[] {
  const { file, entries, accounting, notes, settings } = document;
  const pieces = entries.flatMap((entry) => entry.pieces);
  const steps = pieces.filter((piece) => piece.kind === 'command');
  const manual = pieces.filter((piece) => piece.kind === 'manual');
  const count = (ranges: readonly { from: number; to: number }[]) =>
    ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  const effects = (['read', 'change', 'destructive'] as const).map(
    (effect) => `${steps.filter((step) => step.effect === effect).length} ${effect}`,
  );
  const imported = count(accounting.steps) + count(accounting.manual);
  return [
    `${file}: ${plural(entries.length, 'runbook')}, ${plural(steps.length, 'step')} (${effects.join(', ')}), ${plural(manual.length, 'manual step')}`,
    ...notes.map((note) => `  ${note}`),
    `  ${plural(accounting.filled, 'line')}: ${imported} imported, ${count(accounting.documentation)} kept as documentation, ${count(accounting.notUnderstood)} not understood`,
    ...accounting.notUnderstood.map(
      ({ from, to, reason }) => `  not understood, line ${from === to ? from : `${from}-${to}`}: ${reason}`,
    ),
    ...settings.todo.map(({ line, text }) => `  to complete, line ${line}: ${text}`),
  ];
}
