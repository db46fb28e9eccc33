import { findApprovalOf } from '../db/approvals.ts';
import { findIncident } from '../db/incidents.ts';
import { findRun, listStepRuns, listTicks, type Tick } from '../db/runs.ts';
import { listTargetLocks } from '../db/target-locks.ts';
import type { Tx } from '../db/transaction.ts';
import type { Approval } from '../domain/approval.ts';
import { compileExpression, evaluate, isExpressionError } from '../domain/expression.ts';
import type { Incident } from '../domain/incident.ts';
import { isReading, latestByStep, type Run, type StepRun, stepValues } from '../domain/run.ts';
import type { Runbook, Step } from '../domain/runbook.ts';
import type { RunsContext } from './context.ts';
import { pinnedRunbook } from './pinned-runbook.ts';
import { unavailable, valuesOf } from './statement.ts';

/** One step of the runbook with what this run made of it. */
export type StepStatus = {
  readonly step: Step;
  readonly stepRun: StepRun | null;
  readonly approval: Approval | null;
  readonly tick: Tick | null;
  /** What its `when` says now: null without one or while it cannot be decided. */
  readonly offered: boolean | null;
  /** Why it cannot be run at all (no executor, draft, target missing); null when it can. */
  readonly unavailable: string | null;
  /** The target is held by another step run. */
  readonly waitingFor: number | null;
};

/** Everything that the card of a run shows, as of `now`. */
export type RunCard = {
  readonly run: Run;
  readonly runbook: Runbook;
  readonly incident: Incident | null;
  readonly steps: readonly StepStatus[];
  /** Read steps of the Diagnose phase that are queued or running. */
  readonly busy: number;
  readonly now: Date;
};

/** Reads the card of a run; null when there is no such run. */
export async function readRunCard(
  context: Pick<RunsContext, 'packs' | 'analyse' | 'executors'>,
  tx: Tx,
  id: number,
): Promise<RunCard | null> {
  const run = await findRun(tx, id);
  if (!run) return null;
  const runbook = await pinnedRunbook(context, run);
  const stepRuns = await listStepRuns(tx, id);
  const latest = latestByStep(stepRuns);
  const ticks = await listTicks(tx, id);
  const variables = { steps: stepValues(stepRuns), params: valuesOf(runbook, run), alert: {} };
  const locks = await listTargetLocks(tx, runbook.system);
  const steps: StepStatus[] = [];
  for (const step of runbook.steps) {
    const stepRun = latest.get(step.id) ?? null;
    const lock = step.kind === 'executable' ? locks.get(`${runbook.system}/${step.target}`) : undefined;
    steps.push({
      step,
      stepRun,
      approval: stepRun && stepRun.purpose === 'change' ? await findApprovalOf(tx, stepRun.id) : null,
      tick: ticks.find((tick) => tick.step === step.id) ?? null,
      offered: step.kind === 'executable' && step.when !== null ? holds(step.when, variables) : null,
      unavailable: unavailable(context, runbook, step),
      waitingFor: lock && lock.stepRun !== stepRun?.id ? lock.stepRun : null,
    });
  }
  return {
    run,
    runbook,
    incident: run.incident === null ? null : await findIncident(tx, run.incident),
    steps,
    busy: stepRuns.filter(isReading).length,
    now: tx.now,
  };
}

/** What a `when` says; null while the steps it looks at have not run. */
function holds(text: string, variables: Readonly<Record<string, unknown>>): boolean | null {
  const compiled = compileExpression(text);
  if (isExpressionError(compiled)) return null;
  const result = evaluate(compiled, variables);
  return result.status === 'value' && typeof result.value === 'boolean' ? result.value : null;
}
