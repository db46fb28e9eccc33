import type { Page, RungRecord } from '../domain/escalation.ts';
import type { Tx } from './transaction.ts';

type PageRow = {
  id: number;
  incident: number;
  rung: string;
  contact: string;
  state: Page['state'];
  sends: number;
  last_send_at: Date;
  due_at: Date;
  created_at: Date;
  acknowledged_by: string | null;
  acknowledged_at: Date | null;
};

function toPage(row: PageRow): Page {
  return {
    id: row.id,
    incident: row.incident,
    rung: row.rung,
    contact: row.contact,
    state: row.state,
    sends: row.sends,
    lastSendAt: row.last_send_at,
    dueAt: row.due_at,
    createdAt: row.created_at,
    acknowledgedBy: row.acknowledged_by,
    acknowledgedAt: row.acknowledged_at,
  };
}

export async function insertLadder(tx: Tx, incident: number): Promise<void> {
  await tx.query('insert into ladders (incident) values ($1) on conflict do nothing', [incident]);
}

/** Stops or resumes a ladder; true when that changed anything. */
export async function setLadderStopped(tx: Tx, incident: number, by: string | null): Promise<boolean> {
  const rows = await tx.query(
    `update ladders set stopped_by = $2, stopped_at = case when $2::text is null then null else now() end
     where incident = $1 and (stopped_at is null) = ($2::text is not null) returning incident`,
    [incident, by],
  );
  return rows.length > 0;
}

/** Who stopped a ladder and when; null while it runs. */
export async function findLadderStop(tx: Tx, incident: number): Promise<{ by: string; at: Date } | null> {
  const rows = await tx.query<{ by: string; at: Date }>(
    'select stopped_by as by, stopped_at as at from ladders where incident = $1 and stopped_at is not null',
    [incident],
  );
  return rows[0] ?? null;
}

export type StoredRungRecord = RungRecord & { readonly actor: string | null; readonly dueAt: Date; readonly at: Date };

export async function listRungRecords(tx: Tx, incident: number): Promise<StoredRungRecord[]> {
  return tx.query<StoredRungRecord>(
    'select rung, state, actor, due_at as "dueAt", at from rung_records where incident = $1 order by at, rung',
    [incident],
  );
}

/** Records that a rung fired or was skipped; false when it has a record already. */
export async function insertRungRecord(
  tx: Tx,
  record: { incident: number; rung: string; state: RungRecord['state']; actor: string | null; dueAt: Date },
): Promise<boolean> {
  const rows = await tx.query(
    `insert into rung_records (incident, rung, state, actor, due_at) values ($1, $2, $3, $4, $5)
     on conflict do nothing returning rung`,
    [record.incident, record.rung, record.state, record.actor, record.dueAt],
  );
  return rows.length > 0;
}

export async function insertPage(
  tx: Tx,
  page: { incident: number; rung: string; contact: string; dueAt: Date },
): Promise<number> {
  const rows = await tx.query<{ id: number }>(
    'insert into pages (incident, rung, contact, due_at) values ($1, $2, $3, $4) returning id',
    [page.incident, page.rung, page.contact, page.dueAt],
  );
  return rows[0]?.id ?? 0;
}

export async function listPages(tx: Tx, incident: number): Promise<Page[]> {
  return (await tx.query<PageRow>('select * from pages where incident = $1 order by id', [incident])).map(toPage);
}

export async function findPage(tx: Tx, id: number): Promise<Page | null> {
  const rows = await tx.query<PageRow>('select * from pages where id = $1', [id]);
  return rows[0] ? toPage(rows[0]) : null;
}

/** Counts one more sending of a page; returns its ordinal. */
export async function countSend(tx: Tx, page: number): Promise<number> {
  const rows = await tx.query<{ sends: number }>(
    'update pages set sends = sends + 1, last_send_at = now() where id = $1 returning sends',
    [page],
  );
  return rows[0]?.sends ?? 0;
}

/** Acknowledges the open pages of an incident, or one of them; returns those that changed. */
export async function acknowledgePages(
  tx: Tx,
  which: { incident: number; page: number | null; person: string },
): Promise<Page[]> {
  const rows = await tx.query<PageRow>(
    `update pages set state = 'acknowledged', acknowledged_by = $3, acknowledged_at = now()
     where incident = $1 and ($2::bigint is null or id = $2) and state in ('open', 'unreachable') returning *`,
    [which.incident, which.page, which.person],
  );
  return rows.map(toPage);
}

/** Closes what is still open when the incident is resolved or its ladder stopped; returns those pages. */
export async function closePages(tx: Tx, incident: number): Promise<Page[]> {
  const rows = await tx.query<PageRow>(
    `update pages set state = 'closed' where incident = $1 and state in ('open', 'unreachable') returning *`,
    [incident],
  );
  return rows.map(toPage);
}

/** Opens again what a stop of the ladder has closed; returns those pages. */
export async function reopenPages(tx: Tx, incident: number): Promise<Page[]> {
  const rows = await tx.query<PageRow>(
    `update pages set state = 'open' where incident = $1 and state = 'closed' returning *`,
    [incident],
  );
  return rows.map(toPage);
}

/** Marks a page that reached nobody; true when it was open until now. */
export async function markUnreachable(tx: Tx, page: number, reason: string): Promise<boolean> {
  const rows = await tx.query(
    `update pages set state = 'unreachable', unreachable_reason = $2 where id = $1 and state = 'open' returning id`,
    [page, reason],
  );
  return rows.length > 0;
}

/** Why a page reached nobody; null when it did not fail. */
export async function findUnreachableReason(tx: Tx, page: number): Promise<string | null> {
  const rows = await tx.query<{ reason: string | null }>(
    'select unreachable_reason as reason from pages where id = $1',
    [page],
  );
  return rows[0]?.reason ?? null;
}
