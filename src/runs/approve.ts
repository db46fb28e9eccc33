import { insertDecision, moveApproval } from '../db/approvals.ts';
import { insertAudit } from '../db/audit.ts';
import { findIncident } from '../db/incidents.ts';
import { enqueue } from '../db/outbox.ts';
import { moveStepRun } from '../db/runs.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import {
  type Circumstances,
  type Click,
  type DecisionKind,
  groupsThatCount,
  judge,
  targetToType,
  type Verdict,
} from '../domain/approval.ts';
import { parseProse } from '../domain/free-text.ts';
import type { Person } from '../domain/person.ts';
import { hasRole } from '../domain/roles.ts';
import type { Json } from '../lib/canonical-json.ts';
import { type Asked, askedTitle, getAsked, refreshAsked, removeTimers } from './asked.ts';
import type { RunsContext } from './context.ts';
import { recordRunFact } from './record.ts';

/** Somebody's decision on a request, from wherever it came. */
export type DecisionClick = {
  readonly approval: number;
  readonly person: Person;
  readonly decision: DecisionKind;
  readonly reason: string;
  /** What they typed as the target's name; left out when they were not asked. */
  readonly typed?: string | null;
  readonly via?: 'slack' | 'cli';
  /** What the audit log says besides of where it was decided, such as the terminal's operating-system user. */
  readonly origin?: { readonly [key: string]: Json };
};

type Origin = NonNullable<DecisionClick['origin']>;

/**
 * One decision on a request. Decisions on one approval follow each other; a refused one changes nothing and says why.
 * The last missing approval sends the step on its way in the same transaction.
 */
export async function decide(
  context: Pick<RunsContext, 'pool' | 'settings'>,
  clicked: DecisionClick,
): Promise<Verdict> {
  const reason = parseProse(clicked.reason, { name: 'reason', max: 500, required: clicked.decision !== 'approve' });
  const via = clicked.via ?? 'slack';
  const origin = via === 'slack' ? {} : { via, ...clicked.origin };
  const click = { person: clicked.person, decision: clicked.decision, reason, typed: clicked.typed ?? null };
  return withTransaction(context.pool, async (tx) => {
    const asked = await getAsked(tx, clicked.approval);
    const verdict = judge(asked.approval, click, await circumstancesOf(context, tx, asked, click.person), tx.now);
    if (verdict.status === 'refused') {
      await recordRefusal(tx, asked, {
        person: click.person.id,
        decision: click.decision,
        why: verdict.reason,
        origin,
      });
      return verdict;
    }
    await insertDecision(tx, asked.approval.id, {
      person: click.person.id,
      decision: click.decision,
      reason,
      groups: groupsThatCount(asked.approval, click.person),
      typedTarget: click.decision === 'approve' && click.typed !== null,
      via,
    });
    if (verdict.status === 'denied') await deny(tx, asked, { ...click, origin });
    else await approve(tx, asked, { ...click, origin }, verdict.status === 'approved');
    await refreshAsked(tx, asked);
    return verdict;
  });
}

/**
 * What a decision would come to that still wants its reason from a form. A refusal is recorded, as that of a click is: who
 * may not decide is told at once and not after they have filled in a form.
 */
export async function foreseeDecision(
  context: Pick<RunsContext, 'pool' | 'settings'>,
  { approval, person, decision }: Pick<DecisionClick, 'approval' | 'person' | 'decision'>,
): Promise<Verdict> {
  return withTransaction(context.pool, async (tx) => {
    const asked = await getAsked(tx, approval);
    const click = { person, decision, reason: 'still to be given', typed: null };
    const verdict = judge(asked.approval, click, await circumstancesOf(context, tx, asked, person), tx.now);
    if (verdict.status === 'refused')
      await recordRefusal(tx, asked, { person: person.id, decision, why: verdict.reason, origin: {} });
    return verdict;
  });
}

async function circumstancesOf(
  { settings }: Pick<RunsContext, 'settings'>,
  tx: Tx,
  asked: Asked,
  person: Person,
): Promise<Circumstances> {
  const { run } = asked;
  const incident = run.incident === null ? null : await findIncident(tx, run.incident);
  return {
    mayApprove: hasRole(settings.roles, run.system, person, 'approver'),
    mayAsk: hasRole(settings.roles, run.system, person, 'responder'),
    target: targetToType(asked.covered),
    commandsWorst:
      incident?.status === 'open' &&
      incident.rank === 1 &&
      incident.commander === person.id &&
      hasRole(settings.roles, run.system, person, 'commander'),
  };
}

/** Nothing changes by a refused click, but who tried what stands in the audit log. */
async function recordRefusal(
  tx: Tx,
  { approval, stepRun, run }: Asked,
  click: { person: string; decision: DecisionKind; why: string; origin: Origin },
): Promise<void> {
  const { person: actor, origin, ...data } = click;
  await insertAudit(tx, {
    actor,
    action: 'run.decision_refused',
    incident: run.incident,
    run: run.id,
    data: {
      ...data,
      approval: approval.id,
      hash: approval.hash,
      step: stepRun.title,
      state: approval.state,
      ...origin,
    },
  });
}

async function approve(tx: Tx, asked: Asked, click: Click & { origin: Origin }, complete: boolean): Promise<void> {
  const { approval, covered, run } = asked;
  const about = { step: askedTitle(asked), command: covered.map(({ display }) => display).join('\n') };
  const { decision } = click;
  const fact =
    decision === 'alone' || decision === 'break_glass'
      ? ({ kind: 'approved_alone', ...about, how: decision, reason: click.reason } as const)
      : ({ kind: 'approved', ...about } as const);
  await recordRunFact(tx, run, click.person.id, fact, { ...approval, origin: click.origin });
  if (fact.kind === 'approved_alone') await enqueue(tx, { type: 'approval.alone', approval: approval.id });
  if (!complete) return;
  await moveApproval(tx, approval.id, 'pending', 'approved');
  for (const { id } of covered) await moveStepRun(tx, id, { from: 'awaiting_approval', to: 'approved' });
  await removeTimers(tx, approval.id);
  // The steps of a plan follow each other: each sends the next on its way.
  await addTypedJob(tx, { task: 'run.change', stepRun: asked.stepRun.id });
}

/** Settles a request as denied; the decision itself is written by the caller. */
export async function deny(
  tx: Tx,
  asked: Asked,
  click: { readonly person: Pick<Person, 'id'>; readonly reason: string; readonly origin: Origin },
): Promise<void> {
  const { approval, covered, run } = asked;
  await moveApproval(tx, approval.id, 'pending', 'denied');
  for (const { id } of covered) await moveStepRun(tx, id, { from: 'awaiting_approval', to: 'denied' });
  await removeTimers(tx, approval.id);
  const fact = { kind: 'denied', step: askedTitle(asked), reason: click.reason } as const;
  await recordRunFact(tx, run, click.person.id, fact, { ...approval, origin: click.origin });
  await enqueue(tx, { type: 'approval.outcome', approval: approval.id });
}
