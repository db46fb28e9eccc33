import { findApprovalOf, moveApproval } from '../db/approvals.ts';
import { enqueue } from '../db/outbox.ts';
import {
  finishStepRun,
  listStepRuns,
  moveStepRun,
  removeRunParams,
  type StepRunEnd,
  startStepRun,
  updateRunParams,
} from '../db/runs.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import type { Run, StepRun } from '../domain/run.ts';
import type { ExecutableStep, Runbook } from '../domain/runbook.ts';
import type { Statement } from '../executors/executor.ts';
import { prepareApproved } from './approved-statement.ts';
import { type Asked, lockAsked, refreshAsked } from './asked.ts';
import { watchCancel } from './cancel-watch.ts';
import { carryOut } from './carry-out.ts';
import type { RunsContext } from './context.ts';
import { startsUntil } from './deadline.ts';
import { gatherSecrets, waitForSecrets } from './gather-secrets.ts';
import { type Captures, capturesOf, NO_CAPTURES } from './outcome.ts';
import { blockedBy, continuePlan } from './plan.ts';
import { recordRunFact, refreshRun } from './record.ts';
import { recordEnd } from './record-end.ts';
import { keepSensitive } from './sensitive-output.ts';
import { valuesOf } from './statement.ts';
import { settleTarget, takeTarget, targetKeys } from './target-queue.ts';
import { followTemporary } from './temporary.ts';
import { queueVerify } from './verify.ts';

/** How long a step waits before it asks again for a target that another step holds. */
const LOCK_RETRY_MS = 1_000;

type Started = {
  readonly run: Run;
  readonly runbook: Runbook;
  readonly step: ExecutableStep;
  readonly stepRun: StepRun;
  /** One, or one for each person's secret: they are sent one after the other. */
  readonly statements: readonly Statement[];
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
  const watch = watchCancel(context, stepRun, signal);
  const result = await carryOut(context, started, watch.signal);
  await watch.stop();
  context.shelf.wipeStep(stepRun);
  const captures = capturesAfter(started, result);
  const whole = { ...result, error: result.error ?? captures.problem };
  await recordEnd(context, whole, (tx, end) => finish(context, tx, { ...started, captures }, end));
}

function capturesAfter({ run, runbook, step, earlier }: Started, { state, value }: StepRunEnd): Captures {
  if (state !== 'ok' || step.captures.length === 0) return NO_CAPTURES;
  const values = { ...run, params: valuesOf(runbook, run) };
  return capturesOf(step, { value: value ?? {} }, { run: values, runbook, earlier });
}

/** Spends the approval and takes the target, or says why not; null when there is nothing to do (now). */
async function start(context: RunsContext, tx: Tx, id: number): Promise<Started | null> {
  const found = await findApprovalOf(tx, id);
  const asked = found ? await lockAsked(tx, found.id) : null;
  const stepRun = asked?.covered.find((candidate) => candidate.id === id);
  if (!asked || !stepRun || stepRun.state !== 'approved') return null;
  const { approval, run } = asked;
  const first = stepRun.id === approval.stepRun;
  // An approval is spent by its first step; the later steps of a plan go on with the spent one.
  if (approval.state !== (first ? 'approved' : 'used')) return null;
  if (await blockedBy(tx, run, asked.covered, stepRun)) return null;
  if (isLate(asked, stepRun, tx.now)) return expire(tx, asked, stepRun);
  const gathered = await gatherSecrets(context, tx, asked, stepRun);
  if (gathered.status === 'waiting') return waitForSecrets(tx, asked, stepRun);
  // What one process holds in its memory only that process can send.
  if (gathered.status === 'elsewhere') return askAgain(tx, id);
  const prepared = await prepareApproved(context, tx, asked, { stepRun, gifts: gathered.gifts });
  if ('problem' in prepared) return voidApproval(tx, asked, stepRun, prepared.problem);
  const keys = targetKeys(context, run.system, stepRun.target);
  // A rehearsal sends nothing, so it neither needs the target nor keeps it from others.
  if (!run.rehearsal && !(await takeTarget(context, tx, { stepRun: id, keys }))) {
    await refreshRun(tx, run);
    return askAgain(tx, id);
  }
  if (first) await moveApproval(tx, approval.id, 'approved', 'used');
  await startStepRun(tx, id, 'approved', context.owner);
  await recordRunFact(
    tx,
    run,
    null,
    {
      kind: 'step_started',
      step: stepRun.title,
      command: stepRun.display,
      target: stepRun.target,
    },
    approval,
  );
  await refreshAsked(tx, asked);
  return { ...prepared, run, stepRun, earlier: await listStepRuns(tx, run.id) };
}

async function askAgain(tx: Tx, stepRun: number): Promise<null> {
  await addTypedJob(tx, { task: 'run.change', stepRun }, new Date(tx.now.getTime() + LOCK_RETRY_MS));
  return null;
}

function isLate({ approval, covered }: Asked, stepRun: StepRun, now: Date): boolean {
  return now >= startsUntil(approval, covered, stepRun);
}

async function expire(tx: Tx, asked: Asked, stepRun: StepRun): Promise<null> {
  const { approval, run } = asked;
  await moveApproval(tx, approval.id, 'approved', 'expired');
  const missing = stepRun.secretsWanted - stepRun.secretsGiven;
  const error =
    missing > 0
      ? `It was approved, but ${missing === 1 ? 'a secret was' : `secrets of ${missing} people were`} not given before the approval expired.`
      : 'It was approved, but could not start before the approval expired.';
  await moveStepRun(tx, stepRun.id, { from: 'approved', to: 'expired', error });
  await recordRunFact(tx, run, null, { kind: 'approval_expired', step: stepRun.title }, approval);
  return callOff(tx, asked, stepRun);
}

async function voidApproval(tx: Tx, asked: Asked, stepRun: StepRun, problem: string): Promise<null> {
  const { approval, run } = asked;
  await moveApproval(tx, approval.id, 'approved', 'void');
  await moveStepRun(tx, stepRun.id, { from: 'approved', to: 'refused', error: problem });
  const fact = { kind: 'step_finished', step: stepRun.title, state: 'refused', error: problem } as const;
  await recordRunFact(tx, run, null, fact, approval);
  return callOff(tx, asked, stepRun);
}

/** Nothing after it runs either, and whoever asked is told. */
async function callOff(tx: Tx, asked: Asked, stepRun: StepRun): Promise<null> {
  await continuePlan(tx, asked.run, stepRun, false);
  await enqueue(tx, { type: 'approval.outcome', approval: asked.approval.id });
  await refreshAsked(tx, asked);
  return null;
}

async function finish(
  context: RunsContext,
  tx: Tx,
  started: Started & { readonly captures: Captures },
  whole: StepRunEnd,
): Promise<void> {
  const { run, stepRun, step, runbook } = started;
  const end = await keepSensitive(tx, started, whole);
  if (!(await finishStepRun(tx, stepRun.id, context.owner, end))) return;
  await settleTarget(tx, stepRun.id, end.state !== 'unknown' && end.state !== 'timeout');
  await updateRunParams(tx, run.id, started.captures.found);
  await removeRunParams(tx, run.id, started.captures.missing);
  await recordRunFact(tx, run, null, {
    kind: 'step_finished',
    step: stepRun.title,
    state: end.state,
    error: end.error,
  });
  await followTemporary(tx, { run, runbook, stepRun }, end);
  const verified =
    step.verify !== null && end.state !== 'refused'
      ? await queueVerify(context, tx, { run, runbook, stepRun, actor: stepRun.requestedBy })
      : false;
  // Of a plan the next step follows, after the verify step of this one.
  const helped = end.state === 'ok' && end.passed !== false;
  if (!helped || !verified) await continuePlan(tx, run, stepRun, helped);
  const approval = await findApprovalOf(tx, stepRun.id);
  if (!approval) return;
  // Cards that are edited notify nobody: what did not work is said to whoever asked.
  if (end.state !== 'ok') await enqueue(tx, { type: 'approval.outcome', approval: approval.id });
  await refreshAsked(tx, { approval, run });
}
