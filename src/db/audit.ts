import type { Json } from '../lib/canonical-json.ts';
import type { Tx } from './transaction.ts';

export type AuditEntry = {
  readonly actor: string | null;
  /** What was decided or done, as `area.verb`: `incident.declared`, `approval.granted`. */
  readonly action: string;
  readonly incident?: number | null;
  readonly run?: number | null;
  readonly data?: { readonly [key: string]: Json };
};

/** Records a decision in the transaction of what it records. The table refuses changes (migration 0002). */
export async function insertAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  await tx.query('insert into audit_entries (actor, action, incident, run, data) values ($1, $2, $3, $4, $5)', [
    entry.actor,
    entry.action,
    entry.incident ?? null,
    entry.run ?? null,
    JSON.stringify(entry.data ?? {}),
  ]);
}

export type StoredAuditEntry = {
  id: number;
  at: Date;
  actor: string | null;
  action: string;
  incident: number | null;
  data: unknown;
};

/** Entries about one incident in their order. */
export async function listAudit(tx: Tx, incident: number): Promise<StoredAuditEntry[]> {
  return tx.query<StoredAuditEntry>(
    'select id, at, actor, action, incident, data from audit_entries where incident = $1 order by id',
    [incident],
  );
}
