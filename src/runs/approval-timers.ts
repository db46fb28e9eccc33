import { moveApproval } from '../db/approvals.ts';
import { enqueue } from '../db/outbox.ts';
import { moveStepRun } from '../db/runs.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import { type Approval, aloneFrom, remindAt } from '../domain/approval.ts';
import { askedTitle, getAsked, refreshAsked } from './asked.ts';
import type { RunsContext } from './context.ts';
import { recordRunFact } from './record.ts';

/** Leaves behind what happens to a request while it waits: a reminder, the offer to go on alone, its end. */
export async function scheduleTimers(
  tx: Tx,
  approval: Pick<Approval, 'id' | 'createdAt' | 'expiresAt' | 'policy'>,
): Promise<void> {
  await addTypedJob(tx, { task: 'approval.expire', approval: approval.id }, approval.expiresAt);
  await addTypedJob(tx, { task: 'approval.remind', approval: approval.id }, remindAt(approval));
  const alone = aloneFrom(approval);
  if (alone !== null && alone < approval.expiresAt)
    await addTypedJob(tx, { task: 'approval.offer_alone', approval: approval.id }, alone);
}

/** Half of the time is over and nobody has decided: the approvers are called. */
export async function remindApprovers(context: Pick<RunsContext, 'pool'>, id: number): Promise<void> {
  await withTransaction(context.pool, async (tx) => {
    const { approval } = await getAsked(tx, id);
    if (approval.state !== 'pending' || tx.now >= approval.expiresAt) return;
    await enqueue(tx, { type: 'approval.reminder', approval: id });
  });
}

/** The requester may go on alone from now on: the card offers it. */
export async function offerAlone(context: Pick<RunsContext, 'pool'>, id: number): Promise<void> {
  await withTransaction(context.pool, async (tx) => {
    const asked = await getAsked(tx, id);
    if (asked.approval.state === 'pending') await refreshAsked(tx, asked);
  });
}

/** The time of a request is over: it cannot be approved any more and the requester is told. */
export async function expireApproval(context: Pick<RunsContext, 'pool'>, id: number): Promise<void> {
  await withTransaction(context.pool, async (tx) => {
    const asked = await getAsked(tx, id);
    if (asked.approval.state !== 'pending') return;
    if (tx.now.getTime() < asked.approval.expiresAt.getTime()) {
      // The database's clock was set back between the job and this look at it.
      await addTypedJob(tx, { task: 'approval.expire', approval: id }, asked.approval.expiresAt);
      return;
    }
    await moveApproval(tx, id, 'pending', 'expired');
    for (const stepRun of asked.covered)
      await moveStepRun(tx, stepRun.id, { from: 'awaiting_approval', to: 'expired' });
    await recordRunFact(tx, asked.run, null, { kind: 'approval_expired', step: askedTitle(asked) });
    await enqueue(tx, { type: 'approval.outcome', approval: id });
    await refreshAsked(tx, asked);
  });
}
