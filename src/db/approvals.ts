import type { Approval, ApprovalState, Decision } from '../domain/approval.ts';
import type { ApprovalPolicy } from '../domain/approval-policy.ts';
import type { Tx } from './transaction.ts';

const COLUMNS = `id, step_run as "stepRun", hash, state, policy, requested_by as "requestedBy",
  requester_groups as "requesterGroups", reason,
  created_at as "createdAt", expires_at as "expiresAt"`;

type ApprovalRow = Omit<Approval, 'decisions'>;

export async function insertApproval(
  tx: Tx,
  approval: {
    stepRun: number;
    hash: string;
    policy: ApprovalPolicy;
    requestedBy: string;
    requesterGroups: readonly string[];
    reason: string;
    expiresAt: Date;
  },
): Promise<number> {
  const rows = await tx.query<{ id: number }>(
    `insert into approvals (step_run, hash, policy, requested_by, reason, expires_at, requester_groups)
     values ($1, $2, $3, $4, $5, $6, $7)
     returning id`,
    [
      approval.stepRun,
      approval.hash,
      JSON.stringify(approval.policy),
      approval.requestedBy,
      approval.reason,
      approval.expiresAt,
      approval.requesterGroups,
    ],
  );
  return rows[0]?.id ?? 0;
}

async function withDecisions(tx: Tx, row: ApprovalRow | undefined): Promise<Approval | null> {
  if (!row) return null;
  const decisions = await tx.query<Decision>(
    `select person, decision, at, reason, groups, typed_target as "typedTarget" from approval_decisions
     where approval = $1 order by at, person`,
    [row.id],
  );
  return { ...row, policy: { ...BEFORE_0007, ...row.policy }, decisions };
}

/** What a policy meant that an older version wrote. */
const BEFORE_0007: Partial<ApprovalPolicy> = {
  from: [],
  quorum: [],
  aloneAfterMs: null,
  typeTarget: false,
  breakGlass: false,
};

export async function findApproval(tx: Tx, id: number): Promise<Approval | null> {
  const rows = await tx.query<ApprovalRow>(`select ${COLUMNS} from approvals where id = $1`, [id]);
  return withDecisions(tx, rows[0]);
}

/** The approval locked until the transaction ends: two clicks at once follow each other. */
export async function lockApproval(tx: Tx, id: number): Promise<Approval | null> {
  const rows = await tx.query<ApprovalRow>(`select ${COLUMNS} from approvals where id = $1 for update`, [id]);
  return withDecisions(tx, rows[0]);
}

/** The approval that covers a step run: its own, or that of the plan it belongs to. */
export async function findApprovalOf(tx: Tx, stepRun: number): Promise<Approval | null> {
  const rows = await tx.query<ApprovalRow>(
    `select ${COLUMNS} from approvals
     where step_run = $1 or id = (select approval from plan_steps where step_run = $1)`,
    [stepRun],
  );
  return withDecisions(tx, rows[0]);
}

/** Says that an approval covers several step runs, in the order in which they will run. */
export async function insertPlan(
  tx: Tx,
  approval: number,
  steps: readonly { readonly stepRun: number; readonly hash: string }[],
): Promise<void> {
  await tx.query(
    `insert into plan_steps (approval, ordinal, step_run, hash)
     select $1, ordinal, id, hash from unnest($2::bigint[], $3::text[]) with ordinality as steps (id, hash, ordinal)`,
    [approval, steps.map(({ stepRun }) => stepRun), steps.map(({ hash }) => hash)],
  );
}

/** What the steps of a plan were asked for as, by step run; null where an older version asked. */
export async function listPlanHashes(tx: Tx, approval: number): Promise<ReadonlyMap<number, string | null>> {
  const rows = await tx.query<{ id: number; hash: string | null }>(
    'select step_run as id, hash from plan_steps where approval = $1',
    [approval],
  );
  return new Map(rows.map(({ id, hash }) => [id, hash]));
}

/** The step runs that an approval covers, in their order: one unless it is a plan. */
export async function listCovered(tx: Tx, approval: Pick<Approval, 'id' | 'stepRun'>): Promise<number[]> {
  const rows = await tx.query<{ id: number }>(
    'select step_run as id from plan_steps where approval = $1 order by ordinal',
    [approval.id],
  );
  return rows.length === 0 ? [approval.stepRun] : rows.map((row) => row.id);
}

/** Writes a person's decision; who approved and now denies has changed their mind, and the last word counts. */
export async function insertDecision(
  tx: Tx,
  approval: number,
  decision: Omit<Decision, 'at'> & { readonly via: 'slack' | 'cli' },
): Promise<void> {
  await tx.query(
    `insert into approval_decisions (approval, person, decision, reason, groups, typed_target, via)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (approval, person) do update set decision = excluded.decision, reason = excluded.reason, at = now(),
       groups = excluded.groups, typed_target = excluded.typed_target, via = excluded.via`,
    [
      approval,
      decision.person,
      decision.decision,
      decision.reason,
      decision.groups,
      decision.typedTarget,
      decision.via,
    ],
  );
}

/** Moves an approval on; false when it was not in `from` any more: single use rests on this. */
export async function moveApproval(tx: Tx, id: number, from: ApprovalState, to: ApprovalState): Promise<boolean> {
  const rows = await tx.query(
    'update approvals set state = $3, settled_at = now() where id = $1 and state = $2 returning id',
    [id, from, to],
  );
  return rows.length > 0;
}

/** Approvals that wait for a decision, the one that expires first first. */
export async function listPendingApprovals(tx: Tx, limit = 50): Promise<number[]> {
  const rows = await tx.query<{ id: number }>(
    `select id from approvals where state = 'pending' and expires_at > now() order by expires_at, id limit $1`,
    [limit],
  );
  return rows.map((row) => row.id);
}
