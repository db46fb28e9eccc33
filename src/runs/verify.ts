import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import type { Person } from '../domain/person.ts';
import type { Run, StepRun } from '../domain/run.ts';
import { findStep, type Runbook } from '../domain/runbook.ts';
import { requireRole } from '../incidents/actions.ts';
import { UserError } from '../lib/errors.ts';
import type { RunsContext } from './context.ts';
import { queueReadStep } from './diagnose.ts';
import { pinnedRunbook } from './pinned-runbook.ts';
import { refreshRun } from './record.ts';
import { getStepRun } from './step-run.ts';

/** Queues the step that says whether a changing step helped; false when the runbook names none. */
export async function queueVerify(
  context: RunsContext,
  tx: Tx,
  parts: { run: Run; runbook: Runbook; stepRun: StepRun; actor: string },
): Promise<boolean> {
  const { run, runbook, stepRun } = parts;
  const changed = findStep(runbook, stepRun.step);
  const verify = changed?.kind === 'executable' && changed.verify ? findStep(runbook, changed.verify) : null;
  if (verify?.kind !== 'executable') return false;
  await queueReadStep(context, tx, {
    run,
    runbook,
    step: verify,
    purpose: 'verify',
    verifies: stepRun.id,
    actor: parts.actor,
  });
  await addTypedJob(tx, { task: 'run.read', run: run.id });
  await refreshRun(tx, run);
  return true;
}

/** **Verify**: looks again whether a changing step took effect; the way out of `unknown`. */
export async function startVerify(context: RunsContext, click: { stepRun: number; actor: Person }): Promise<void> {
  await withTransaction(context.pool, async (tx) => {
    const { stepRun, run } = await getStepRun(tx, click.stepRun);
    requireRole(context, run.system, click.actor, 'responder');
    const runbook = await pinnedRunbook(context, run);
    if (await queueVerify(context, tx, { run, runbook, stepRun, actor: click.actor.id })) return;
    throw new UserError(
      'verify_missing',
      `“${stepRun.title}” names no verify step: look at the target yourself and say on the timeline what you found.`,
    );
  });
}
