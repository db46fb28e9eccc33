import type { Runbook } from '../domain/runbook.ts';
import type { SystemDefinition } from '../domain/system.ts';
import { type Problem, suggest } from './problems.ts';
import type { RuleName } from './rules.ts';

/** Line and column of a value of `system.yml`. */
type PlaceOf = (path: readonly PropertyKey[]) => { line: number; column: number };

/** Checks that the steps and runbooks that a system's checklists, thresholds and metrics name exist in its folder. */
export function checkRoutines(system: SystemDefinition, runbooks: readonly Runbook[], at: PlaceOf): Problem[] {
  const problems: Problem[] = [];
  const report = (path: readonly PropertyKey[], rule: RuleName, message: string, fix: string) =>
    problems.push({ rule, file: `${system.id}/system.yml`, ...at(path), severity: 'error', message, fix });
  const runbook = (id: string, path: readonly PropertyKey[]): Runbook | null => {
    const found = runbooks.find((candidate) => candidate.id === id);
    if (found) return found;
    const known = runbooks.map((candidate) => candidate.id);
    report(path, 'unknown-runbook', `${system.name} has no runbook "${id}"`, suggest(id, known));
    return null;
  };
  const step = (reference: string | null, path: readonly PropertyKey[]): void => {
    if (reference === null) return;
    const [runbookId = '', stepId = ''] = reference.split('#');
    const found = runbook(runbookId, path);
    const steps = found?.steps.filter((candidate) => candidate.kind === 'executable') ?? [];
    if (!found || steps.some((candidate) => candidate.id === stepId)) return;
    const ids = steps.map((candidate) => candidate.id);
    report(path, 'unknown-step', `${runbookId} has no step "${stepId}" that can be run`, suggest(stepId, ids));
  };
  system.checklists.forEach((list, index) => {
    list.items.forEach((item, position) => {
      step(item.step, ['checklists', index, 'items', position, 'step']);
    });
  });
  system.thresholds.forEach((item, index) => {
    if (item.runbook !== null) runbook(item.runbook, ['thresholds', index, 'runbook']);
  });
  system.metrics.forEach((item, index) => {
    step(item.step, ['metrics', index, 'step']);
  });
  return problems;
}
