import type { Run } from '../domain/run.ts';
import type { ExecutableStep, Runbook, Step } from '../domain/runbook.ts';
import type { SystemDefinition, TargetDefinition } from '../domain/system.ts';
import type { Executor, Statement } from '../executors/executor.ts';
import { UserError } from '../lib/errors.ts';
import { Secret } from '../lib/secret.ts';
import type { RunsContext } from './context.ts';
import type { GivenValues } from './secret-shelf.ts';

type Tools = Pick<RunsContext, 'packs' | 'executors'>;

/** The target that a step names, in its own system. */
export function findTarget(system: SystemDefinition, name: string): TargetDefinition | null {
  return system.targets.find((target) => target.name === name) ?? null;
}

/** Why a step cannot be run at all, as one sentence; null when it can. */
export function unavailable(context: Tools, runbook: Runbook, step: Step): string | null {
  if (runbook.status === 'draft')
    return 'This runbook is a draft: a person has to review it and remove `status: draft`.';
  if (step.kind === 'manual') return null;
  if (!context.executors.has(step.language))
    return `This step needs the ${step.language} executor, which this build does not have.`;
  const system = context.packs().systems.get(runbook.system);
  if (!system || !findTarget(system, step.target))
    return `The target “${step.target}” is not in system.yml of ${runbook.system}.`;
  return null;
}

/** The step with that id that an executor can run; refuses manual and unknown ones, drafts, and what this build cannot run. */
export function getRunnableStep(context: Tools, runbook: Runbook, id: string): ExecutableStep {
  const step = runbook.steps.find((candidate) => candidate.id === id);
  if (!step)
    throw new UserError(
      'step_unknown',
      `Runbook ${runbook.id} has no step “${id}” any more; open it again with /runbook ${runbook.id}.`,
    );
  if (step.kind === 'manual')
    throw new UserError('step_manual', `“${step.title}” is done by a person: click Done when it is.`);
  const problem = unavailable(context, runbook, step);
  if (problem !== null) throw new UserError('step_unavailable', problem);
  return step;
}

/** Stands in for what a person has not given yet: cards and hashes show every secret the same. */
const NOT_GIVEN = new Secret('not-given-yet');

/**
 * Binds the values of a run into a step's statement, with the secrets that somebody gave; without them it can be shown and
 * hashed, but must not be run. Throws UserError when a value is missing or refused.
 */
export async function prepareStatement(
  context: Tools,
  runbook: Runbook,
  step: ExecutableStep,
  run: Pick<Run, 'params'> & { readonly given?: GivenValues },
): Promise<Statement> {
  const executor = getExecutor(context, step);
  const system = context.packs().systems.get(runbook.system);
  const target = system ? findTarget(system, step.target) : null;
  if (!target)
    throw new UserError('step_unavailable', `The target “${step.target}” is not in system.yml of ${runbook.system}.`);
  const missing = await missingNames(executor, runbook, step, run);
  if (missing.length > 0) {
    throw new UserError(
      'values_missing',
      `“${step.title}” still needs ${missing.join(', ')}: run the diagnostics first, or fill them in.`,
    );
  }
  const secrets = (await secretNames(context, runbook, step)).map((name) => [name, run.given?.[name] ?? NOT_GIVEN]);
  const values = { ...valuesOf(runbook, run), ...Object.fromEntries(secrets) };
  return executor.prepare({ text: step.text, values, target, allowed: step.effect });
}

/**
 * Parameters of a step that a person gives on a page of their own. A reading step has none: it runs without being asked
 * for, so it is refused (UserError `secret_wanted`).
 */
export async function secretNames(context: Tools, runbook: Runbook, step: ExecutableStep): Promise<string[]> {
  const names = (await getExecutor(context, step).placeholders(step.text)).filter((name) => isSecret(runbook, name));
  if (names.length === 0 || step.effect !== 'read') return names;
  throw new UserError(
    'secret_wanted',
    `“${step.title}” only reads, and nobody is asked for ${names.join(', ')} then: take the secret from system.yml.`,
  );
}

function isSecret(runbook: Runbook, name: string): boolean {
  return runbook.params.some((param) => param.name === name && param.type === 'secret');
}

/** Placeholders of a step that have no value yet and that are no secrets. */
export async function missingNames(
  executor: Executor,
  runbook: Runbook,
  step: ExecutableStep,
  run: Pick<Run, 'params'>,
): Promise<string[]> {
  const values = valuesOf(runbook, run);
  const names = await executor.placeholders(step.text);
  return names.filter((name) => !Object.hasOwn(values, name) && !isSecret(runbook, name));
}

function getExecutor(context: Tools, step: ExecutableStep): Executor {
  const executor = context.executors.get(step.language);
  if (executor) return executor;
  throw new UserError(
    'step_unavailable',
    `This step needs the ${step.language} executor, which this build does not have.`,
  );
}

/** What a run knows: defaults of the front matter under what was captured or asked for. */
export function valuesOf(runbook: Runbook, run: Pick<Run, 'params'>): Run['params'] {
  const defaults = runbook.params.flatMap((param) =>
    param.default === null ? [] : [[param.name, param.default] as const],
  );
  return { ...Object.fromEntries(defaults), ...run.params };
}
