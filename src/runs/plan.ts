import { findApprovalOf, listCovered } from '../db/approvals.ts';
import { enqueue } from '../db/outbox.ts';
import { findStepRun, listStepRuns, moveStepRun } from '../db/runs.ts';
import type { Tx } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import type { Run, StepRun } from '../domain/run.ts';
import { refreshAsked } from './asked.ts';

/**
 * After a step of a plan, and the verify step that belongs to it: the next one is sent on its way, or, when this one did
 * not help, what is left of the plan is called off; `why` is said behind the step's title. Nothing happens for a step that was
 * approved by itself.
 */
export async function continuePlan(
  tx: Tx,
  run: Run,
  stepRun: Pick<StepRun, 'id' | 'title'>,
  helped: boolean,
  why = '',
): Promise<void> {
  const approval = await findApprovalOf(tx, stepRun.id);
  if (!approval) return;
  const covered = await listCovered(tx, approval);
  const left = covered.slice(covered.indexOf(stepRun.id) + 1);
  if (left.length === 0) return;
  if (helped) {
    const [next] = left;
    if (next !== undefined) await addTypedJob(tx, { task: 'run.change', stepRun: next });
    return;
  }
  const error = `The plan stopped at “${stepRun.title}”${why}; nothing after it was run.`;
  for (const id of left) await moveStepRun(tx, id, { from: 'approved', to: 'cancelled', error });
  await enqueue(tx, { type: 'approval.outcome', approval: approval.id });
  await refreshAsked(tx, { approval, run });
}

/** Why a step of a plan may not start (yet); null when everything before it went well and was verified. */
export async function blockedBy(
  tx: Tx,
  run: Run,
  covered: readonly StepRun[],
  stepRun: StepRun,
): Promise<StepRun | null> {
  const before = covered.slice(
    0,
    covered.findIndex(({ id }) => id === stepRun.id),
  );
  if (before.length === 0) return null;
  const verdicts = (await listStepRuns(tx, run.id)).filter(({ purpose }) => purpose === 'verify');
  const helped = (one: StepRun) => {
    const verdict = verdicts.filter(({ verifies }) => verifies === one.id).at(-1);
    return (
      one.state === 'ok' && one.passed !== false && (!verdict || (verdict.state === 'ok' && verdict.passed !== false))
    );
  };
  return before.find((one) => !helped(one)) ?? null;
}

/** The end of a verify step, as far as a plan goes that the verified step belongs to. */
export async function continueAfterVerify(tx: Tx, run: Run, verify: StepRun, helped: boolean): Promise<void> {
  const verified = verify.verifies === null ? null : await findStepRun(tx, verify.verifies);
  if (!verified) return;
  const why = verified.state === 'ok' ? `: its verify step “${verify.title}” did not find what it should` : '';
  await continuePlan(tx, run, verified, helped && verified.state === 'ok', why);
}
