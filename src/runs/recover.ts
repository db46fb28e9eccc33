import { findApprovalOf } from '../db/approvals.ts';
import { deadOwners } from '../db/liveness.ts';
import { enqueue } from '../db/outbox.ts';
import { findRun, listRunningOwners, lockRunningOf, moveStepRun } from '../db/runs.ts';
import { releaseTarget } from '../db/target-locks.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import type { StepRun } from '../domain/run.ts';
import type { RunsContext } from './context.ts';
import { continuePlan } from './plan.ts';
import { recordRunFact, refreshRun } from './record.ts';

/** What a crash leaves behind is said so and never repeated by itself. */
export const UNKNOWN_AFTER_CRASH =
  'Warroom stopped while this step ran: it may or may not have happened. Run the verify step, then decide.';

/**
 * Takes care of steps whose process died: read steps run again, changing ones become `unknown` (design §5, promise 2).
 * Returns how many it found.
 */
export async function recoverRuns(context: Pick<RunsContext, 'pool'>): Promise<number> {
  return withTransaction(context.pool, async (tx) => {
    const dead = await deadOwners(tx, await listRunningOwners(tx));
    if (dead.length === 0) return 0;
    const orphans = await lockRunningOf(tx, dead);
    for (const orphan of orphans) await recover(tx, orphan);
    return orphans.length;
  });
}

async function recover(tx: Tx, orphan: StepRun): Promise<void> {
  const run = await findRun(tx, orphan.run);
  if (!run) return;
  if (orphan.effect === 'read') {
    await moveStepRun(tx, orphan.id, { from: 'running', to: 'queued' });
    await addTypedJob(tx, { task: 'run.read', run: run.id });
  } else {
    await moveStepRun(tx, orphan.id, { from: 'running', to: 'unknown', error: UNKNOWN_AFTER_CRASH });
    await releaseTarget(tx, orphan.id);
    await recordRunFact(tx, run, null, {
      kind: 'step_finished',
      step: orphan.title,
      state: 'unknown',
      error: UNKNOWN_AFTER_CRASH,
    });
    await continuePlan(tx, run, orphan, false);
    const approval = await findApprovalOf(tx, orphan.id);
    if (approval) {
      await enqueue(tx, { type: 'approval.outcome', approval: approval.id });
      await enqueue(tx, { type: 'approval.card', approval: approval.id });
    }
  }
  await refreshRun(tx, run);
}
