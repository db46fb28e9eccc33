import { type ExecutableStep, findStep, type Runbook } from '../domain/runbook.ts';
import { UserError } from '../lib/errors.ts';
import type { RunsContext } from './context.ts';

/** Where a plan has to be cut, because a step uses a value that an earlier one, or its verify step, finds while it runs. */
export type PlanCut<S> = {
  /** What can be approved together now. */
  readonly before: readonly S[];
  readonly step: S;
  readonly value: string;
  /** Title of the step that finds the value. */
  readonly finder: string;
};

/** The first place where a plan of these steps, in their order, has to be cut; null when it can be approved whole. */
export async function findCut<S extends Pick<ExecutableStep, 'title' | 'language' | 'text' | 'captures' | 'verify'>>(
  context: Pick<RunsContext, 'executors'>,
  runbook: Runbook,
  steps: readonly S[],
): Promise<PlanCut<S> | null> {
  const finders = new Map<string, string>();
  for (const [index, step] of steps.entries()) {
    const names = (await context.executors.get(step.language)?.placeholders(step.text)) ?? [];
    const value = names.find((name) => finders.has(name));
    if (value !== undefined) return { before: steps.slice(0, index), step, value, finder: finders.get(value) ?? '' };
    const verify = step.verify === null ? null : findStep(runbook, step.verify);
    for (const { name } of step.captures) finders.set(name, step.title);
    if (verify?.kind === 'executable') for (const { name } of verify.captures) finders.set(name, verify.title);
  }
  return null;
}

/**
 * Refuses a plan in which a step uses what is found only while the plan runs: nobody can approve a command whose values are
 * not there yet (design §5, promise 3), and in the middle of an incident the rest of the plan would be void.
 */
export async function requireValuesNow(
  context: Pick<RunsContext, 'executors'>,
  runbook: Runbook,
  steps: readonly ExecutableStep[],
): Promise<void> {
  const cut = await findCut(context, runbook, steps);
  if (cut === null) return;
  const { before, step, value, finder } = cut;
  const titles = before.map(({ title }) => `“${title}”`).join(', ');
  const instead =
    before.length === 1
      ? `ask for ${titles} by itself now, and for “${step.title}” when that is done`
      : `the largest plan that can be approved now is ${titles}; ask for “${step.title}” when that is done`;
  throw new UserError(
    'plan_captures',
    `“${step.title}” uses ${value}, which “${finder}” finds anew while the plan runs, so its command cannot be approved yet: ${instead}.`,
  );
}
