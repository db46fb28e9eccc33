import { listCovered, lockApproval } from '../db/approvals.ts';
import { enqueue } from '../db/outbox.ts';
import { findRun, lockStepRun } from '../db/runs.ts';
import type { Tx } from '../db/transaction.ts';
import { removeTypedJob } from '../db/typed-jobs.ts';
import type { Approval } from '../domain/approval.ts';
import type { Run, StepRun } from '../domain/run.ts';
import { unknownRequest } from '../domain/unknown.ts';
import { refreshRun } from './record.ts';

/** A request with everything it covers, locked. */
export type Asked = {
  readonly approval: Approval;
  /** The (first) step run. */
  readonly stepRun: StepRun;
  /** All step runs that it covers, in their order. */
  readonly covered: readonly StepRun[];
  readonly run: Run;
};

/** Locks a request and what it covers: clicks on one approval follow each other. Null when there is none. */
export async function lockAsked(tx: Tx, id: number): Promise<Asked | null> {
  const approval = await lockApproval(tx, id);
  if (!approval) return null;
  const covered: StepRun[] = [];
  for (const stepRun of await listCovered(tx, approval)) {
    const locked = await lockStepRun(tx, stepRun);
    if (locked) covered.push(locked);
  }
  const stepRun = covered.find((candidate) => candidate.id === approval.stepRun);
  const run = stepRun ? await findRun(tx, stepRun.run) : null;
  return stepRun && run ? { approval, stepRun, covered, run } : null;
}

/** The same; throws UserError `approval_unknown`. */
export async function getAsked(tx: Tx, id: number): Promise<Asked> {
  const asked = await lockAsked(tx, id);
  if (asked) return asked;
  throw unknownRequest();
}

/** Cards that show an approval follow every change of it. */
export async function refreshAsked(tx: Tx, asked: Pick<Asked, 'approval' | 'run'>): Promise<void> {
  await enqueue(tx, { type: 'approval.card', approval: asked.approval.id });
  await refreshRun(tx, asked.run);
}

/** What was to happen to a request while it waited is no longer wanted. */
export async function removeTimers(tx: Tx, approval: number): Promise<void> {
  await removeTypedJob(tx, { task: 'approval.expire', approval });
  await removeTypedJob(tx, { task: 'approval.remind', approval });
  await removeTypedJob(tx, { task: 'approval.offer_alone', approval });
}

/** How a request is called in a sentence: its step, or its first step and how many more. */
export function askedTitle({ stepRun, covered }: Pick<Asked, 'stepRun' | 'covered'>): string {
  const more = covered.length - 1;
  return more <= 0 ? stepRun.title : `${stepRun.title} and ${more} more`;
}
