import { findApprovalOf } from '../db/approvals.ts';
import { deadOwners } from '../db/liveness.ts';
import { enqueue } from '../db/outbox.ts';
import { findRun, listRunningOwners, lockRunningOf, moveStepRun } from '../db/runs.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import type { Run, StepRun } from '../domain/run.ts';
import type { Runbook } from '../domain/runbook.ts';
import type { RunsContext } from './context.ts';
import { pinnedRunbook } from './pinned-runbook.ts';
import { continuePlan } from './plan.ts';
import { recordRunFact, refreshRun } from './record.ts';
import { settleTarget } from './target-queue.ts';
import { followTemporary } from './temporary.ts';

/** What a crash leaves behind is said so and never repeated by itself. */
export const UNKNOWN_AFTER_CRASH =
  'Warroom stopped while this step ran: it may or may not have happened. Run the verify step, then decide.';

type RecoverContext = Pick<RunsContext, 'pool' | 'packs' | 'analyse' | 'log'>;

/**
 * Takes care of steps whose process died: read steps run again, changing ones become `unknown` (design §5, promise 2).
 * Returns how many it found.
 */
export async function recoverRuns(context: RecoverContext): Promise<number> {
  return withTransaction(context.pool, async (tx) => {
    const dead = await deadOwners(tx, await listRunningOwners(tx));
    if (dead.length === 0) return 0;
    const orphans = await lockRunningOf(tx, dead);
    for (const orphan of orphans) await recover(context, tx, orphan);
    return orphans.length;
  });
}

async function recover(context: RecoverContext, tx: Tx, orphan: StepRun): Promise<void> {
  const run = await findRun(tx, orphan.run);
  if (!run) return;
  if (orphan.effect === 'read') {
    await moveStepRun(tx, orphan.id, { from: 'running', to: 'queued' });
    await addTypedJob(tx, { task: 'run.read', run: run.id });
  } else {
    // Nothing of a rehearsal is ever sent.
    const [state, error] = run.rehearsal
      ? (['cancelled', 'Warroom stopped during this rehearsal; nothing was sent.'] as const)
      : (['unknown', UNKNOWN_AFTER_CRASH] as const);
    await moveStepRun(tx, orphan.id, { from: 'running', to: state, error });
    await settleTarget(tx, orphan.id, run.rehearsal);
    await recordRunFact(tx, run, null, { kind: 'step_finished', step: orphan.title, state, error });
    await rememberTemporary(context, tx, run, orphan);
    await continuePlan(tx, run, orphan, false);
    const approval = await findApprovalOf(tx, orphan.id);
    if (approval) {
      await enqueue(tx, { type: 'approval.outcome', approval: approval.id });
      await enqueue(tx, { type: 'approval.card', approval: approval.id });
    }
  }
  await refreshRun(tx, run);
}

async function rememberTemporary(context: RecoverContext, tx: Tx, run: Run, stepRun: StepRun): Promise<void> {
  let runbook: Runbook;
  try {
    runbook = await pinnedRunbook(context, run);
  } catch (error) {
    // The state of the step must be said also when its system has left the packs.
    context.log.warn({ err: error, run: run.id }, 'Whether an interrupted step left something behind cannot be told.');
    return;
  }
  await followTemporary(tx, { run, runbook, stepRun }, { state: 'unknown', passed: null });
}
