import { findApprovalOf, lockApproval, moveApproval } from '../db/approvals.ts';
import { enqueue } from '../db/outbox.ts';
import {
  findRun,
  finishStepRun,
  listStepRuns,
  lockStepRun,
  moveStepRun,
  type StepRunEnd,
  startStepRun,
} from '../db/runs.ts';
import { acquireTarget, releaseTarget } from '../db/target-locks.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import { type Approval, approvalHash } from '../domain/approval.ts';
import type { Run, StepRun } from '../domain/run.ts';
import type { ExecutableStep, Runbook } from '../domain/runbook.ts';
import type { Statement } from '../executors/executor.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import type { RunsContext } from './context.ts';
import { send } from './execute.ts';
import { endOf, refusedEnd } from './outcome.ts';
import { pinnedRunbook } from './pinned-runbook.ts';
import { recordRunFact, refreshRun } from './record.ts';
import { recordEnd } from './record-end.ts';
import { getRunnableStep, prepareStatement, valuesOf } from './statement.ts';
import { subjectOf } from './subject.ts';
import { queueVerify } from './verify.ts';

/** How long a step waits before it asks again for a target that another step holds. */
const LOCK_RETRY_MS = 1_000;

const CHANGED = 'Something changed after the approval (command, values, target or policy): ask for it again.';

type Started = {
  readonly run: Run;
  readonly runbook: Runbook;
  readonly step: ExecutableStep;
  readonly stepRun: StepRun;
  readonly statement: Statement;
  readonly earlier: readonly StepRun[];
};

/**
 * Carries out one approved step, at most once. The attempt is committed before anything is sent; so a crash leaves
 * `running` behind, which becomes `unknown` and is never repeated by itself (design §5, promise 2).
 */
export async function runChangingStep(context: RunsContext, stepRun: number, signal: AbortSignal): Promise<void> {
  const started = await withTransaction(context.pool, (tx) =>
    // A process that is being stopped begins no change that it would have to cut off.
    signal.aborted ? askAgain(tx, stepRun) : start(context, tx, stepRun),
  );
  if (!started) return;
  const result = await carryOut(context, started, signal);
  await recordEnd(context, result, (tx, end) => finish(context, tx, started, end));
}

/** Spends the approval and takes the target, or says why not; null when there is nothing to do (now). */
async function start(context: RunsContext, tx: Tx, id: number): Promise<Started | null> {
  const found = await findApprovalOf(tx, id);
  const approval = found ? await lockApproval(tx, found.id) : null;
  const stepRun = approval ? await lockStepRun(tx, id) : null;
  const run = stepRun ? await findRun(tx, stepRun.run) : null;
  if (!approval || !stepRun || !run || stepRun.state !== 'approved' || approval.state !== 'approved') return null;
  if (tx.now.getTime() >= approval.expiresAt.getTime()) return expire(tx, { approval, stepRun, run });
  const prepared = await prepareApproved(context, { approval, stepRun, run });
  if ('problem' in prepared) return voidApproval(tx, { approval, stepRun, run }, prepared.problem);
  const target = `${run.system}/${stepRun.target}`;
  if (!(await acquireTarget(tx, { target, stepRun: id, owner: context.owner }))) {
    await refreshRun(tx, run);
    return askAgain(tx, id);
  }
  await moveApproval(tx, approval.id, 'approved', 'used');
  await startStepRun(tx, id, 'approved', context.owner);
  await recordRunFact(tx, run, null, {
    kind: 'step_started',
    step: stepRun.title,
    command: stepRun.display,
    target: stepRun.target,
  });
  await refreshAll(tx, run, approval);
  return { ...prepared, run, stepRun, earlier: await listStepRuns(tx, run.id) };
}

async function askAgain(tx: Tx, stepRun: number): Promise<null> {
  await addTypedJob(tx, { task: 'run.change', stepRun }, new Date(tx.now.getTime() + LOCK_RETRY_MS));
  return null;
}

type Asked = { readonly approval: Approval; readonly stepRun: StepRun; readonly run: Run };

/** Renders the statement again and compares its hash with the approved one. */
async function prepareApproved(
  context: RunsContext,
  { approval, stepRun, run }: Asked,
): Promise<{ runbook: Runbook; step: ExecutableStep; statement: Statement } | { problem: string }> {
  try {
    const runbook = await pinnedRunbook(context, run);
    const step = getRunnableStep(context, runbook, stepRun.step);
    const statement = await prepareStatement(context, runbook, step, run);
    if (step.effect === 'read') return { problem: CHANGED };
    // The policy of now, not the one of the request: a stricter warroom.yml voids what the old one allowed.
    const policy = context.settings.approvals[step.effect];
    const { expiresAt } = approval;
    const hash = approvalHash(
      subjectOf(context, { run, runbook, step, stepRun: stepRun.id, statement, policy, expiresAt }),
    );
    if (hash === approval.hash) return { runbook, step, statement };
    return { problem: CHANGED };
  } catch (error) {
    if (error instanceof UserError) return { problem: error.message };
    throw error;
  }
}

async function expire(tx: Tx, { approval, stepRun, run }: Asked): Promise<null> {
  await moveApproval(tx, approval.id, 'approved', 'expired');
  await moveStepRun(tx, stepRun.id, {
    from: 'approved',
    to: 'expired',
    error: 'It was approved, but could not start before the approval expired.',
  });
  await recordRunFact(tx, run, null, { kind: 'approval_expired', step: stepRun.title });
  await enqueue(tx, { type: 'approval.outcome', approval: approval.id });
  await refreshAll(tx, run, approval);
  return null;
}

async function voidApproval(tx: Tx, { approval, stepRun, run }: Asked, problem: string): Promise<null> {
  await moveApproval(tx, approval.id, 'approved', 'void');
  await moveStepRun(tx, stepRun.id, { from: 'approved', to: 'refused', error: problem });
  await recordRunFact(tx, run, null, { kind: 'step_finished', step: stepRun.title, state: 'refused', error: problem });
  await enqueue(tx, { type: 'approval.outcome', approval: approval.id });
  await refreshAll(tx, run, approval);
  return null;
}

async function refreshAll(tx: Tx, run: Run, approval: Approval): Promise<void> {
  await enqueue(tx, { type: 'approval.card', approval: approval.id });
  await refreshRun(tx, run);
}

/** A throw after the attempt was committed is not proof that nothing happened: the state is `unknown`. */
async function carryOut(context: RunsContext, started: Started, signal: AbortSignal): Promise<StepRunEnd> {
  try {
    const result = await send(context, started.statement, started.step, signal);
    const run = { ...started.run, params: valuesOf(started.runbook, started.run) };
    return endOf(started.step, result, run, started.earlier);
  } catch (error) {
    context.log.error({ err: error, stepRun: started.stepRun.id }, 'A changing step threw; its state is unknown.');
    return { ...refusedEnd(error), state: 'unknown', error: `It broke while it ran: ${messageOf(error)}` };
  }
}

async function finish(context: RunsContext, tx: Tx, started: Started, end: StepRunEnd): Promise<void> {
  const { run, stepRun, step, runbook } = started;
  if (!(await finishStepRun(tx, stepRun.id, context.owner, end))) return;
  await releaseTarget(tx, stepRun.id);
  await recordRunFact(tx, run, null, {
    kind: 'step_finished',
    step: stepRun.title,
    state: end.state,
    error: end.error,
  });
  if (step.verify !== null && end.state !== 'refused') {
    await queueVerify(context, tx, { run, runbook, stepRun, actor: stepRun.requestedBy });
  }
  const approval = await findApprovalOf(tx, stepRun.id);
  if (!approval) return;
  // Cards that are edited notify nobody: what did not work is said to whoever asked.
  if (end.state !== 'ok') await enqueue(tx, { type: 'approval.outcome', approval: approval.id });
  await refreshAll(tx, run, approval);
}
