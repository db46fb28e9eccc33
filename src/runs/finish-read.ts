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
import { insertPictures } from '../db/step-pictures.ts';
import type { Tx } from '../db/transaction.ts';
import { isReading, type Run, type StepRun } from '../domain/run.ts';
import { diagnosticSteps, findStep, type Runbook } from '../domain/runbook.ts';
import type { RunsContext } from './context.ts';
import type { Captures } from './outcome.ts';
import { continueAfterVerify } from './plan.ts';
import { recordRunFact, refreshRun } from './record.ts';
import { recordEnd } from './record-end.ts';
import { keepSensitive } from './sensitive-output.ts';
import { letGo } from './target-queue.ts';

/** A read step that this process carries out. `run.params` holds the defaults of the runbook as well. */
export type Taken = {
  readonly run: Run;
  readonly runbook: Runbook;
  readonly stepRun: StepRun;
  readonly earlier: readonly StepRun[];
};

export type Ending = { readonly end: StepRunEnd; readonly display: string | null; readonly captures: Captures };

/** Graphs go beside the card of the run; what is sensitive is not drawn either. */
async function keepPictures(tx: Tx, { runbook, stepRun }: Taken, end: StepRunEnd): Promise<void> {
  const step = findStep(runbook, stepRun.step);
  if (!end.pictures?.length || (step?.kind === 'executable' && step.sensitive)) return;
  await insertPictures(tx, stepRun.id, end.pictures);
  await enqueue(tx, { type: 'step.pictures', stepRun: stepRun.id });
}

/** Records how a read step ended, what it captured, and what its end means for the diagnostics or the verified step. */
export async function finishRead(context: RunsContext, taken: Taken, ending: Ending): Promise<void> {
  const { run, stepRun } = taken;
  await recordEnd(context, ending.end, async (tx, whole) => {
    const end = await keepSensitive(tx, taken, whole);
    // Two last steps that end at the same moment must see each other, or neither would close the diagnostics.
    await lockRun(tx, run.id);
    if (!(await finishStepRun(tx, stepRun.id, context.owner, end))) return;
    await keepPictures(tx, taken, end);
    if (ending.display !== null) await updateDisplay(tx, stepRun.id, ending.display);
    await updateRunParams(tx, run.id, ending.captures.found);
    await removeRunParams(tx, run.id, ending.captures.missing);
    await refreshRun(tx, run);
    await afterRead(tx, taken, end);
  });
}

/** What a read step that is over means for whatever it was run for: also for one that was dropped before it began. */
export async function afterRead(
  tx: Tx,
  done: Pick<Taken, 'run' | 'runbook' | 'stepRun'>,
  end: Pick<StepRunEnd, 'state' | 'passed' | 'error'>,
): Promise<void> {
  const { purpose } = done.stepRun;
  if (purpose === 'diagnose') await closeDiagnostics(tx, done);
  if (purpose === 'verify') await closeVerify(tx, done, end);
  if (purpose === 'look') await recordRead(tx, done, end);
}

async function closeDiagnostics(tx: Tx, { run, runbook }: Pick<Taken, 'run' | 'runbook'>): Promise<void> {
  const all = (await listStepRuns(tx, run.id)).filter((other) => other.purpose === 'diagnose');
  if (all.some(isReading)) return;
  const latest = all.slice(-diagnosticSteps(runbook).length);
  const failed = latest.filter((other) => other.state !== 'ok' || other.passed === false).length;
  await recordRunFact(tx, run, null, {
    kind: 'diagnosed',
    runbook: runbook.id,
    passed: latest.length - failed,
    failed,
  });
}

/** Writes how a single look ended; true when it found what was expected. */
async function recordRead(
  tx: Tx,
  { run, stepRun }: Pick<Taken, 'run' | 'stepRun'>,
  end: Pick<StepRunEnd, 'state' | 'passed' | 'error'>,
): Promise<boolean> {
  const fine = end.state === 'ok' && end.passed !== false;
  const state = fine ? 'as expected' : end.state === 'ok' ? 'not as expected' : end.state;
  await recordRunFact(tx, run, null, { kind: 'step_finished', step: stepRun.title, state, error: end.error });
  return fine;
}

async function closeVerify(
  tx: Tx,
  done: Pick<Taken, 'run' | 'stepRun'>,
  end: Pick<StepRunEnd, 'state' | 'passed' | 'error'>,
): Promise<void> {
  const { run, stepRun } = done;
  const helped = await recordRead(tx, done, end);
  if (run.incident !== null && helped && !run.rehearsal) {
    await markProgress(tx, run.incident, 'mitigated');
    await enqueue(tx, { type: 'incident.announcement', incident: run.incident });
    await enqueue(tx, { type: 'incident.card', incident: run.incident });
  }
  await continueAfterVerify(tx, run, stepRun, helped);
  // Somebody has looked, and it is as it should be: what was held for an unknown outcome is free.
  if (helped && stepRun.verifies !== null) await letGo(tx, stepRun.verifies);
  await refreshVerified(tx, stepRun);
}

/** The approval card of the step that was verified shows the verdict as well. */
async function refreshVerified(tx: Tx, stepRun: StepRun): Promise<void> {
  const verified = stepRun.verifies === null ? null : await findStepRun(tx, stepRun.verifies);
  const approval = verified ? await findApprovalOf(tx, verified.id) : null;
  if (approval) await enqueue(tx, { type: 'approval.card', approval: approval.id });
}
