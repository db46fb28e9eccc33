import { enqueue } from '../db/outbox.ts';
import { beginTemporary, endTemporary } from '../db/temporary-states.ts';
import type { Tx } from '../db/transaction.ts';
import type { Run, StepRun, StepRunState } from '../domain/run.ts';
import { findStep, type Runbook } from '../domain/runbook.ts';
import { recordRunFact } from './record.ts';

/** Ends after which a changing step may have left something behind. What failed or was refused has said that it did not. */
const MAY_HAVE_HAPPENED: readonly StepRunState[] = ['ok', 'timeout', 'unknown', 'cancelled'];

/**
 * What the end of a changing step means for temporary states: a step with `revert=` begins one, and the step that it names
 * ends it, in whichever run of the runbook. A rehearsal leaves nothing behind.
 */
export async function followTemporary(
  tx: Tx,
  done: { readonly run: Run; readonly runbook: Runbook; readonly stepRun: StepRun },
  end: { readonly state: StepRunState; readonly passed: boolean | null },
): Promise<void> {
  const { run, runbook, stepRun } = done;
  if (run.rehearsal) return;
  const step = findStep(runbook, stepRun.step);
  if (end.state === 'ok' && end.passed !== false) await revertDone(tx, run, stepRun.step, stepRun.requestedBy);
  if (step?.kind !== 'executable' || step.revert === null || !MAY_HAVE_HAPPENED.includes(end.state)) return;
  const certain = end.state === 'ok';
  const begun = await beginTemporary(tx, {
    run: run.id,
    runbook: run.runbook,
    incident: run.incident,
    stepRun: stepRun.id,
    step: step.id,
    title: step.title,
    revertStep: step.revert,
    certain,
    begunBy: stepRun.requestedBy,
  });
  if (!begun) return;
  await recordRunFact(tx, run, null, { kind: 'temporary_begun', step: step.title, certain });
  if (run.incident !== null) await enqueue(tx, { type: 'incident.card', incident: run.incident });
}

/** A revert step was carried out, or ticked by a person: what it takes back is over. */
export async function revertDone(tx: Tx, run: Run, revertStep: string, by: string): Promise<void> {
  if (run.rehearsal) return;
  for (const state of await endTemporary(tx, { runbook: run.runbook, revertStep, by })) {
    await recordRunFact(tx, { ...run, incident: state.incident }, by, { kind: 'temporary_ended', step: state.title });
    await enqueue(tx, { type: 'run.card', run: state.run });
    if (state.incident !== null) await enqueue(tx, { type: 'incident.card', incident: state.incident });
  }
}
