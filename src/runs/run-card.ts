import { findApprovalOf } from '../db/approvals.ts';
import { findIncident } from '../db/incidents.ts';
import { findRun, listStepRuns, listTicks, type Tick } from '../db/runs.ts';
import { listTemporaryOfRunbook } from '../db/temporary-states.ts';
import type { Tx } from '../db/transaction.ts';
import type { Approval } from '../domain/approval.ts';
import { compileExpression, evaluate, isExpressionError } from '../domain/expression.ts';
import type { Incident } from '../domain/incident.ts';
import { isReading, latestByStep, type Run, type StepRun, stepValues } from '../domain/run.ts';
import type { ExecutableStep, Runbook, Step } from '../domain/runbook.ts';
import type { TemporaryState } from '../domain/temporary.ts';
import type { RunsContext } from './context.ts';
import { pinnedRunbook } from './pinned-runbook.ts';
import { isTooOld } from './run-age.ts';
import { unavailable, valuesOf } from './statement.ts';
import { readStanding, type TargetHolder, type TargetStanding, targetKeys } from './target-queue.ts';

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
  /** Who has its target: another step, or itself when nobody knows what became of it. Null when it is free, or while it runs. */
  readonly holder: TargetHolder | null;
  /** Its place in the line for the target, 1 for the next; null when it does not wait. */
  readonly place: number | null;
};

/** Everything that the card of a run shows, as of `now`. */
export type RunCard = {
  readonly run: Run;
  readonly runbook: Runbook;
  readonly incident: Incident | null;
  readonly steps: readonly StepStatus[];
  /** Read steps of the Diagnose phase that are queued or running. */
  readonly busy: number;
  /** What steps of this runbook left behind, in whichever run, and nobody has taken back. */
  readonly temporary: readonly TemporaryState[];
  /** Nothing new can be begun in it. */
  readonly tooOld: boolean;
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
  const standings = new Map<string, TargetStanding>();
  for (const name of new Set(runbook.steps.flatMap((step) => (isActing(step) ? [step.target] : []))))
    standings.set(name, await readStanding(tx, targetKeys(context, runbook.system, name), run.incident));
  const steps: StepStatus[] = [];
  for (const step of runbook.steps) {
    const stepRun = latest.get(step.id) ?? null;
    const standing = isActing(step) && !run.rehearsal ? standings.get(step.target) : undefined;
    const holder = standing?.holder ?? null;
    const place = stepRun && standing ? standing.line.indexOf(stepRun.id) + 1 : 0;
    steps.push({
      step,
      stepRun,
      approval: stepRun && stepRun.purpose === 'change' ? await findApprovalOf(tx, stepRun.id) : null,
      tick: ticks.find((tick) => tick.step === step.id) ?? null,
      offered: step.kind === 'executable' && step.when !== null ? holds(step.when, variables) : null,
      unavailable: unavailable(context, runbook, step),
      holder: holder && (holder.stepRun !== stepRun?.id || holder.heldUntil !== null) ? holder : null,
      place: place === 0 ? null : place,
    });
  }
  return {
    run,
    runbook,
    incident: run.incident === null ? null : await findIncident(tx, run.incident),
    steps,
    busy: stepRuns.filter((one) => isReading(one) && one.purpose !== 'look').length,
    temporary: await listTemporaryOfRunbook(tx, run.runbook, run.incident),
    tooOld: isTooOld(run, runbook, tx.now),
    now: tx.now,
  };
}

function isActing(step: Step): step is ExecutableStep {
  return step.kind === 'executable' && step.effect !== 'read';
}

/** What a `when` says; null while the steps it looks at have not run. */
function holds(text: string, variables: Readonly<Record<string, unknown>>): boolean | null {
  const compiled = compileExpression(text);
  if (isExpressionError(compiled)) return null;
  const result = evaluate(compiled, variables);
  return result.status === 'value' && typeof result.value === 'boolean' ? result.value : null;
}
