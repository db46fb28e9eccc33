import type { ExecutableStep } from '../domain/runbook.ts';
import { UserError } from '../lib/errors.ts';
import type { RunsContext } from './context.ts';

/**
 * Refuses a plan in which a step uses what an earlier one of it captures: nobody can approve a command whose values are
 * not there yet.
 */
export async function requireValuesNow(
  context: Pick<RunsContext, 'executors'>,
  steps: readonly ExecutableStep[],
): Promise<void> {
  const captured = new Map<string, string>();
  for (const step of steps) {
    const names = (await context.executors.get(step.language)?.placeholders(step.text)) ?? [];
    const name = names.find((candidate) => captured.has(candidate));
    if (name !== undefined) {
      throw new UserError(
        'plan_captures',
        `“${step.title}” uses ${name}, which “${captured.get(name)}” finds only when it runs: ask for it by itself afterwards.`,
      );
    }
    for (const capture of step.captures) captured.set(capture.name, step.title);
  }
}
