import type { Approval, ApprovalPolicy, ApprovalState, Decision } from '../domain/approval.ts';
import type { Tx } from './transaction.ts';

const COLUMNS = `id, step_run as "stepRun", hash, state, policy, requested_by as "requestedBy", reason,
  created_at as "createdAt", expires_at as "expiresAt"`;

type ApprovalRow = Omit<Approval, 'decisions'>;

export async function insertApproval(
  tx: Tx,
  approval: {
    stepRun: number;
    hash: string;
    policy: ApprovalPolicy;
    requestedBy: string;
    reason: string;
    expiresAt: Date;
  },
): Promise<number> {
  const rows = await tx.query<{ id: number }>(
    `insert into approvals (step_run, hash, policy, requested_by, reason, expires_at) values ($1, $2, $3, $4, $5, $6)
     returning id`,
    [
      approval.stepRun,
      approval.hash,
      JSON.stringify(approval.policy),
      approval.requestedBy,
      approval.reason,
      approval.expiresAt,
    ],
  );
  return rows[0]?.id ?? 0;
}

async function withDecisions(tx: Tx, row: ApprovalRow | undefined): Promise<Approval | null> {
  if (!row) return null;
  const decisions = await tx.query<Decision>(
    'select person, decision, at, reason from approval_decisions where approval = $1 order by at, person',
    [row.id],
  );
  return { ...row, decisions };
}

export async function findApproval(tx: Tx, id: number): Promise<Approval | null> {
  const rows = await tx.query<ApprovalRow>(`select ${COLUMNS} from approvals where id = $1`, [id]);
  return withDecisions(tx, rows[0]);
}

/** The approval locked until the transaction ends: two clicks at once follow each other. */
export async function lockApproval(tx: Tx, id: number): Promise<Approval | null> {
  const rows = await tx.query<ApprovalRow>(`select ${COLUMNS} from approvals where id = $1 for update`, [id]);
  return withDecisions(tx, rows[0]);
}

export async function findApprovalOf(tx: Tx, stepRun: number): Promise<Approval | null> {
  const rows = await tx.query<ApprovalRow>(`select ${COLUMNS} from approvals where step_run = $1`, [stepRun]);
  return withDecisions(tx, rows[0]);
}

/** Writes a person's decision; who approved and now denies has changed their mind, and the last word counts. */
export async function insertDecision(
  tx: Tx,
  approval: number,
  decision: { person: string; decision: Decision['decision']; reason: string },
): Promise<void> {
  await tx.query(
    `insert into approval_decisions (approval, person, decision, reason) values ($1, $2, $3, $4)
     on conflict (approval, person) do update set decision = excluded.decision, reason = excluded.reason, at = now()`,
    [approval, decision.person, decision.decision, decision.reason],
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
