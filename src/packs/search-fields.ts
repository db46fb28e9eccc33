import type { Runbook } from '../domain/runbook.ts';

/** What a runbook is found by, weightiest first. */
export const FIELDS = ['id', 'alerts', 'title', 'symptoms', 'headings', 'blast', 'commands', 'prose'] as const;
export type Field = (typeof FIELDS)[number];

/** What a word counts in each field. */
export const WEIGHTS: Readonly<Record<Field, number>> = {
  id: 8,
  alerts: 6,
  title: 5,
  symptoms: 4,
  headings: 2,
  blast: 1.5,
  commands: 1.5,
  prose: 1,
};

/** What people call a field. */
export const CALLED: Readonly<Record<Field, string>> = {
  id: 'id',
  alerts: 'alert',
  title: 'title',
  symptoms: 'symptom',
  headings: 'heading',
  blast: 'blast radius',
  commands: 'command',
  prose: 'text',
};

/** The lines of a field as they stand in the runbook, Markdown included. */
export function linesOf(runbook: Runbook, field: Field): readonly string[] {
  switch (field) {
    case 'id':
      return [runbook.id];
    case 'alerts':
      return runbook.alerts;
    case 'title':
      return [runbook.title];
    case 'symptoms':
      return runbook.symptoms;
    case 'headings':
      return [...new Set([...runbook.prose.map(({ heading }) => heading), ...runbook.steps.map(({ title }) => title)])];
    case 'blast':
      return runbook.blastRadius.map(({ text }) => text);
    case 'commands':
      return runbook.steps.flatMap((step) => (step.kind === 'executable' ? step.text.split('\n') : []));
    case 'prose':
      return [
        // Symptoms are a field of their own.
        ...runbook.prose.flatMap(({ phase, markdown }) => (phase === 'symptoms' ? [] : markdown.split('\n'))),
        ...runbook.steps.flatMap((step) => (step.kind === 'manual' ? [step.text] : step.description.split('\n'))),
      ];
    default:
      return field satisfies never;
  }
}
