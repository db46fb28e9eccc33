import { findApprovalOf, insertDecision, moveApproval } from '../db/approvals.ts';
import { requestCancel } from '../db/cancellations.ts';
import { findIncident } from '../db/incidents.ts';
import { enqueue } from '../db/outbox.ts';
import { listStepRuns, lockRun, lockStepRun, moveStepRun } from '../db/runs.ts';
import { leaveLine } from '../db/target-locks.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { groupsThatCount } from '../domain/approval.ts';
import type { Person } from '../domain/person.ts';
import { hasRole } from '../domain/roles.ts';
import { isReading, type Run, type StepRun } from '../domain/run.ts';
import { unknownRun } from '../domain/unknown.ts';
import { requireMember } from '../incidents/actions.ts';
import { UserError } from '../lib/errors.ts';
import { deny } from './approve.ts';
import { type Asked, getAsked, refreshAsked, removeTimers } from './asked.ts';
import type { RunsContext } from './context.ts';
import { afterRead } from './finish-read.ts';
import { pinnedRunbook } from './pinned-runbook.ts';
import { continuePlan } from './plan.ts';
import { recordRunFact, refreshRun } from './record.ts';
import { getStepRun } from './step-run.ts';

const BEFORE_IT_BEGAN = 'Cancelled before it began; nothing was sent.';

/**
 * What cancelling came to. `dropped`: a reading step left the queue. `withdrawn`: the request for approval is denied.
 * `called_off`: it was approved and had not begun, nothing was run. `stopping`: it runs, and whichever process carries it
 * out stops it; how it ended is on the card then.
 */
export type Cancelled = 'dropped' | 'withdrawn' | 'called_off' | 'stopping';

/** **Cancel** of one step at whatever stage it is. Refuses one that is over, and who may not. */
export async function cancelStep(
  context: RunsContext,
  click: { readonly stepRun: number; readonly actor: Person },
): Promise<Cancelled> {
  return withTransaction(context.pool, async (tx) => {
    const { stepRun, run } = await getStepRun(tx, click.stepRun);
    await requireMayCancel(context, tx, { run, stepRun, actor: click.actor });
    return stepRun.purpose === 'change'
      ? cancelChange(tx, stepRun, click.actor)
      : cancelRead(context, tx, { run, stepRun: stepRun.id, actor: click.actor });
  });
}

/** **Cancel** of all reading steps of a run that are queued or running; returns how many there were. */
export async function cancelReads(
  context: RunsContext,
  click: { readonly run: number; readonly actor: Person },
): Promise<number> {
  return withTransaction(context.pool, async (tx) => {
    const run = await lockRun(tx, click.run);
    if (!run) throw unknownRun();
    const reading = (await listStepRuns(tx, run.id)).filter(isReading);
    for (const stepRun of reading) await requireMayCancel(context, tx, { run, stepRun, actor: click.actor });
    let cancelled = 0;
    for (const { id } of reading) {
      const now = await lockStepRun(tx, id);
      if (!now || !isReading(now)) continue;
      await cancelRead(context, tx, { run, stepRun: id, actor: click.actor });
      cancelled += 1;
    }
    return cancelled;
  });
}

/** Whoever asked for it, the commander of its incident, and approvers. */
async function requireMayCancel(
  { settings }: Pick<RunsContext, 'settings'>,
  tx: Tx,
  { run, stepRun, actor }: { run: Run; stepRun: StepRun; actor: Person },
): Promise<void> {
  requireMember(actor);
  if (actor.id === stepRun.requestedBy || hasRole(settings.roles, run.system, actor, 'approver')) return;
  const incident = run.incident === null ? null : await findIncident(tx, run.incident);
  if (incident?.commander === actor.id) return;
  throw new UserError(
    'cancel_refused',
    'Whoever asked for it, the commander of the incident and approvers can cancel it; ask one of them.',
  );
}

async function cancelRead(
  context: RunsContext,
  tx: Tx,
  { run, stepRun: id, actor }: { run: Run; stepRun: number; actor: Person },
): Promise<Cancelled> {
  await lockRun(tx, run.id);
  const stepRun = await lockStepRun(tx, id);
  if (!stepRun || !isReading(stepRun)) throw over(stepRun);
  if (stepRun.state === 'running') return stopRunning(tx, run, stepRun, actor);
  await moveStepRun(tx, id, { from: 'queued', to: 'cancelled', error: BEFORE_IT_BEGAN });
  await recordRunFact(tx, run, actor.id, { kind: 'step_cancelled', step: stepRun.title, state: 'queued' });
  const runbook = await pinnedRunbook(context, run);
  await afterRead(tx, { run, runbook, stepRun }, { state: 'cancelled', passed: null, error: BEFORE_IT_BEGAN });
  await refreshRun(tx, run);
  return 'dropped';
}

async function cancelChange(tx: Tx, { id }: StepRun, actor: Person): Promise<Cancelled> {
  const found = await findApprovalOf(tx, id);
  if (!found) throw over(null);
  const asked = await getAsked(tx, found.id);
  const stepRun = asked.covered.find((one) => one.id === id);
  switch (stepRun?.state) {
    case 'awaiting_approval':
      return withdraw(tx, asked, actor);
    case 'approved':
      return callOff(tx, asked, stepRun, actor);
    case 'running':
      await stopRunning(tx, asked.run, stepRun, actor);
      await refreshAsked(tx, asked);
      return 'stopping';
    default:
      throw over(stepRun ?? null);
  }
}

/** A request that is no longer wanted counts as denied, so that a late click on its card is told so. */
async function withdraw(tx: Tx, asked: Asked, actor: Person): Promise<Cancelled> {
  const reason = actor.id === asked.approval.requestedBy ? 'withdrawn' : 'cancelled';
  await insertDecision(tx, asked.approval.id, {
    ...{ person: actor.id, decision: 'deny', reason, typedTarget: false, via: 'slack' },
    groups: groupsThatCount(asked.approval, actor),
  });
  await deny(tx, asked, { person: actor, reason, origin: {} });
  await refreshAsked(tx, asked);
  return 'withdrawn';
}

/** Approved and not begun: it waits for its target, its secrets, or the steps of its plan before it. */
async function callOff(tx: Tx, asked: Asked, stepRun: StepRun, actor: Person): Promise<Cancelled> {
  const { approval, run } = asked;
  // A plan goes on with the steps before this one; its approval is spent by the first, or was already.
  if (stepRun.id === approval.stepRun) await moveApproval(tx, approval.id, 'approved', 'void');
  await moveStepRun(tx, stepRun.id, { from: 'approved', to: 'cancelled', error: BEFORE_IT_BEGAN });
  await leaveLine(tx, stepRun.id);
  await removeTimers(tx, approval.id);
  const fact = { kind: 'step_cancelled', step: stepRun.title, state: 'approved' } as const;
  await recordRunFact(tx, run, actor.id, fact, approval);
  await continuePlan(tx, run, stepRun, false);
  await enqueue(tx, { type: 'approval.outcome', approval: approval.id });
  await refreshAsked(tx, asked);
  return 'called_off';
}

async function stopRunning(tx: Tx, run: Run, stepRun: StepRun, actor: Person): Promise<Cancelled> {
  // A second click changes nothing.
  if (await requestCancel(tx, stepRun.id, actor.id)) {
    await recordRunFact(tx, run, actor.id, { kind: 'step_cancelled', step: stepRun.title, state: 'running' });
    await refreshRun(tx, run);
  }
  return 'stopping';
}

function over(stepRun: Pick<StepRun, 'title'> | null): UserError {
  return new UserError('step_over', `${stepRun ? `“${stepRun.title}”` : 'This step'} is over already; see its card.`);
}
