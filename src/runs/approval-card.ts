import { findApproval } from '../db/approvals.ts';
import { findRun, findStepRun } from '../db/runs.ts';
import type { Tx } from '../db/transaction.ts';
import type { Approval } from '../domain/approval.ts';
import type { Run, StepRun } from '../domain/run.ts';

/** What an approver sees: the exact command, the target, the effect, who asked and why, until when. */
export type ApprovalCard = {
  readonly approval: Approval;
  readonly stepRun: StepRun;
  readonly run: Run;
  readonly now: Date;
};

/** Reads the card of an approval; null when there is no such approval. */
export async function readApprovalCard(tx: Tx, id: number): Promise<ApprovalCard | null> {
  const approval = await findApproval(tx, id);
  const stepRun = approval ? await findStepRun(tx, approval.stepRun) : null;
  const run = stepRun ? await findRun(tx, stepRun.run) : null;
  return approval && stepRun && run ? { approval, stepRun, run, now: tx.now } : null;
}
