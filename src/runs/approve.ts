import { insertDecision, lockApproval, moveApproval } from '../db/approvals.ts';
import { insertAudit } from '../db/audit.ts';
import { enqueue } from '../db/outbox.ts';
import { findRun, lockStepRun, moveStepRun } from '../db/runs.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob, removeTypedJob } from '../db/typed-jobs.ts';
import { type Approval, judge, type Verdict } from '../domain/approval.ts';
import { parseProse } from '../domain/free-text.ts';
import type { Person } from '../domain/person.ts';
import type { Run, StepRun } from '../domain/run.ts';
import { UserError } from '../lib/errors.ts';
import type { RunsContext } from './context.ts';
import { recordRunFact, refreshRun } from './record.ts';

type Asked = { readonly approval: Approval; readonly stepRun: StepRun; readonly run: Run };

async function getAsked(tx: Tx, id: number): Promise<Asked> {
  const approval = await lockApproval(tx, id);
  const stepRun = approval ? await lockStepRun(tx, approval.stepRun) : null;
  const run = stepRun ? await findRun(tx, stepRun.run) : null;
  if (approval && stepRun && run) return { approval, stepRun, run };
  throw new UserError(
    'approval_unknown',
    'This request does not exist any more; ask for the step again from its runbook.',
  );
}

/** Cards that show an approval follow every change of it. */
async function refreshAsked(tx: Tx, asked: Asked): Promise<void> {
  await enqueue(tx, { type: 'approval.card', approval: asked.approval.id });
  await refreshRun(tx, asked.run);
}

/**
 * One click on Approve or Deny. Clicks on one approval follow each other; a refused one changes nothing and says why.
 * The last missing approval sends the step on its way in the same transaction.
 */
export async function decide(
  context: Pick<RunsContext, 'pool'>,
  click: { approval: number; person: Person; decision: 'approve' | 'deny'; reason: string },
): Promise<Verdict> {
  const reason = parseProse(click.reason, { name: 'reason', max: 500, required: click.decision === 'deny' });
  return withTransaction(context.pool, async (tx) => {
    const asked = await getAsked(tx, click.approval);
    const verdict = judge(asked.approval, click, tx.now);
    if (verdict.status === 'refused') {
      await recordRefusal(tx, asked, { person: click.person.id, decision: click.decision, why: verdict.reason });
      return verdict;
    }
    await insertDecision(tx, asked.approval.id, { person: click.person.id, decision: click.decision, reason });
    if (verdict.status === 'denied') await deny(tx, asked, click.person.id, reason);
    else await approve(tx, asked, click.person.id, verdict.status === 'approved');
    await refreshAsked(tx, asked);
    return verdict;
  });
}

/** Nothing changes by a refused click, but who tried what stands in the audit log. */
async function recordRefusal(
  tx: Tx,
  { approval, stepRun, run }: Asked,
  click: { person: string; decision: 'approve' | 'deny'; why: string },
): Promise<void> {
  const { person: actor, ...data } = click;
  await insertAudit(tx, {
    actor,
    action: 'run.decision_refused',
    incident: run.incident,
    run: run.id,
    data: { ...data, approval: approval.id, step: stepRun.title, state: approval.state },
  });
}

async function approve(tx: Tx, asked: Asked, person: string, complete: boolean): Promise<void> {
  const { approval, stepRun, run } = asked;
  await recordRunFact(tx, run, person, { kind: 'approved', step: stepRun.title, command: stepRun.display });
  if (!complete) return;
  await moveApproval(tx, approval.id, 'pending', 'approved');
  await moveStepRun(tx, stepRun.id, { from: 'awaiting_approval', to: 'approved' });
  await removeTypedJob(tx, { task: 'approval.expire', approval: approval.id });
  await addTypedJob(tx, { task: 'run.change', stepRun: stepRun.id });
}

async function deny(tx: Tx, asked: Asked, person: string, reason: string): Promise<void> {
  const { approval, stepRun, run } = asked;
  await moveApproval(tx, approval.id, 'pending', 'denied');
  await moveStepRun(tx, stepRun.id, { from: 'awaiting_approval', to: 'denied' });
  await removeTypedJob(tx, { task: 'approval.expire', approval: approval.id });
  await recordRunFact(tx, run, person, { kind: 'denied', step: stepRun.title, reason });
  await enqueue(tx, { type: 'approval.outcome', approval: approval.id });
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
    await moveStepRun(tx, asked.stepRun.id, { from: 'awaiting_approval', to: 'expired' });
    await recordRunFact(tx, asked.run, null, { kind: 'approval_expired', step: asked.stepRun.title });
    await enqueue(tx, { type: 'approval.outcome', approval: id });
    await refreshAsked(tx, asked);
  });
}
