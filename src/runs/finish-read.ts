import { findApprovalOf } from '../db/approvals.ts';
import { markProgress } from '../db/incidents.ts';
import { enqueue } from '../db/outbox.ts';
import {
  findStepRun,
  finishStepRun,
  listStepRuns,
  lockRun,
  removeRunParams,
  type StepRunEnd,
  updateDisplay,
  updateRunParams,
} from '../db/runs.ts';
import type { Tx } from '../db/transaction.ts';
import { isReading, type Run, type StepRun } from '../domain/run.ts';
import { executableSteps, findStep, type Runbook } from '../domain/runbook.ts';
import type { RunsContext } from './context.ts';
import type { Captures } from './outcome.ts';
import { continueAfterVerify } from './plan.ts';
import { recordRunFact, refreshRun } from './record.ts';
import { recordEnd } from './record-end.ts';
import { keepSensitive } from './sensitive-output.ts';

/** A read step that this process carries out. `run.params` holds the defaults of the runbook as well. */
export type Taken = {
  readonly run: Run;
  readonly runbook: Runbook;
  readonly stepRun: StepRun;
  readonly earlier: readonly StepRun[];
};

export type Ending = { readonly end: StepRunEnd; readonly display: string | null; readonly captures: Captures };

/** Records how a read step ended, what it captured, and what its end means for the diagnostics or the verified step. */
export async function finishRead(context: RunsContext, taken: Taken, ending: Ending): Promise<void> {
  const { run, stepRun } = taken;
  await recordEnd(context, ending.end, async (tx, whole) => {
    const end = await keepSensitive(tx, findStep(taken.runbook, stepRun.step), stepRun, whole);
    // Two last steps that end at the same moment must see each other, or neither would close the diagnostics.
    await lockRun(tx, run.id);
    if (!(await finishStepRun(tx, stepRun.id, context.owner, end))) return;
    if (ending.display !== null) await updateDisplay(tx, stepRun.id, ending.display);
    await updateRunParams(tx, run.id, ending.captures.found);
    await removeRunParams(tx, run.id, ending.captures.missing);
    await refreshRun(tx, run);
    if (stepRun.purpose === 'diagnose') await closeDiagnostics(tx, taken);
    if (stepRun.purpose === 'verify') await closeVerify(tx, taken, end);
  });
}

async function closeDiagnostics(tx: Tx, { run, runbook }: Taken): Promise<void> {
  const all = await listStepRuns(tx, run.id);
  if (all.some(isReading)) return;
  const steps = executableSteps(runbook, 'diagnose').length;
  const latest = all.filter((other) => other.purpose === 'diagnose').slice(-steps);
  const failed = latest.filter((other) => other.state !== 'ok' || other.passed === false).length;
  await recordRunFact(tx, run, null, {
    kind: 'diagnosed',
    runbook: runbook.id,
    passed: latest.length - failed,
    failed,
  });
}

async function closeVerify(tx: Tx, { run, stepRun }: Taken, end: StepRunEnd): Promise<void> {
  const helped = end.state === 'ok' && end.passed !== false;
  const verdict = helped ? 'as expected' : end.state === 'ok' ? 'not as expected' : end.state;
  await recordRunFact(tx, run, null, {
    kind: 'step_finished',
    step: stepRun.title,
    state: verdict,
    error: end.error,
  });
  if (run.incident !== null && helped) {
    await markProgress(tx, run.incident, 'mitigated');
    await enqueue(tx, { type: 'incident.announcement', incident: run.incident });
    await enqueue(tx, { type: 'incident.card', incident: run.incident });
  }
  await continueAfterVerify(tx, run, stepRun, helped);
  await refreshVerified(tx, stepRun);
}

/** The approval card of the step that was verified shows the verdict as well. */
async function refreshVerified(tx: Tx, stepRun: StepRun): Promise<void> {
  const verified = stepRun.verifies === null ? null : await findStepRun(tx, stepRun.verifies);
  const approval = verified ? await findApprovalOf(tx, verified.id) : null;
  if (approval) await enqueue(tx, { type: 'approval.card', approval: approval.id });
}
