import type { Pool } from 'pg';
import Cursor from 'pg-cursor';
import { type Anchor, type ChainLink, GENESIS, type HashedEntry, linkHash } from '../domain/audit.ts';
import { type Queryable, type Tx, withTransaction } from './transaction.ts';

const ENTRY = `e.id, to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, e.actor, e.action,
  e.incident, e.run, e.data::text as data`;

/** Two sequencers would give one position twice: whoever holds this lock chains. */
const LOCK = 7_262_001;

/**
 * Chains up to `limit` entries that wait, oldest first; null when another process is at it. Entries whose transaction is
 * still open are not seen yet and come later: their order in the chain is that of becoming visible.
 */
export async function chainPending(pool: Pool, limit = 1_000): Promise<number | null> {
  return withTransaction(pool, async (tx) => {
    const lock = await tx.query<{ held: boolean }>('select pg_try_advisory_xact_lock($1) as held', [LOCK]);
    if (lock[0]?.held !== true) return null;
    const entries = await tx.query<HashedEntry>(
      `select ${ENTRY} from audit_pending p join audit_entries e on e.id = p.entry order by p.entry limit $1`,
      [limit],
    );
    if (entries.length === 0) return 0;
    let { position, hash } = await findHead(tx);
    const links = entries.map((entry) => {
      position += 1;
      hash = linkHash(hash, position, entry);
      return { position, entry: entry.id, hash };
    });
    await tx.query(
      `insert into audit_chain (position, entry, hash)
       select * from unnest($1::bigint[], $2::bigint[], $3::text[])`,
      [links.map((link) => link.position), links.map((link) => link.entry), links.map((link) => link.hash)],
    );
    await tx.query('delete from audit_pending where entry = any($1::bigint[])', [links.map((link) => link.entry)]);
    return links.length;
  });
}

/** The last link of the chain; position 0 before the first. */
export async function findHead(db: Queryable): Promise<Anchor> {
  const rows = await db.query<Anchor>('select position, hash from audit_chain order by position desc limit 1');
  return rows[0] ?? { position: 0, hash: GENESIS };
}

/** The link at a position, or null. */
export async function findLink(db: Queryable, position: number): Promise<Anchor | null> {
  const rows = await db.query<Anchor>('select position, hash from audit_chain where position = $1', [position]);
  return rows[0] ?? null;
}

/**
 * The position before the first entry that is not older than an instant; the last one when all are older. The order of the
 * chain is not that of `at`, and an entry that was dated back must not hide those before it.
 */
export async function findPositionBefore(db: Queryable, at: Date): Promise<number> {
  const rows = await db.query<{ position: number }>(
    `select coalesce(
       (select min(c.position) - 1 from audit_chain c join audit_entries e on e.id = c.entry where e.at >= $1),
       (select max(position) from audit_chain), 0) as position`,
    [at],
  );
  return rows[0]?.position ?? 0;
}

/** Anchors that were said in the hub, oldest first. */
export async function listAnchors(db: Queryable): Promise<Anchor[]> {
  return db.query<Anchor>('select position, hash from audit_anchors order by position');
}

/** When the last head was said in the hub, or the log began when none ever was; null for an empty log. */
export async function lastAnchorAt(db: Queryable): Promise<Date | null> {
  const rows = await db.query<{ at: Date | null }>(
    `select coalesce((select at from audit_anchors order by position desc limit 1),
       (select at from audit_entries order by id limit 1)) as at`,
  );
  return rows[0]?.at ?? null;
}

/** Remembers that this head was said; false when it was before. */
export async function insertAnchor(tx: Tx, anchor: Anchor): Promise<boolean> {
  const rows = await tx.query(
    'insert into audit_anchors (position, hash) values ($1, $2) on conflict do nothing returning position',
    [anchor.position, anchor.hash],
  );
  return rows.length > 0;
}

/** The sequencer chains within a second; an entry that waits longer than this is an alarm. */
export const CHAINED_WITHIN_MS = 60_000;

/**
 * Entries that should have been chained long ago and are not: `olderThanMs` after they were written. They were taken out
 * of the waiting list by hand, or no sequencer runs.
 */
export async function listUnchained(db: Queryable, olderThanMs: number, limit = 20): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    `select e.id from audit_entries e left join audit_chain c on c.entry = e.id
     where c.entry is null and e.at < now() - make_interval(secs => $1) order by e.id limit $2`,
    [olderThanMs / 1_000, limit],
  );
  return rows.map((row) => row.id);
}

/** A link as it is exported: with the instant at which it was chained. */
export type ExportedLink = ChainLink & { readonly chainedAt: Date };

type LinkRow = HashedEntry & { readonly position: number; readonly hash: string; readonly chainedAt: Date };

/** All links after a position, in their order, read in portions: the log may be larger than the memory. */
export async function* readChain(pool: Pool, after: number): AsyncGenerator<ExportedLink> {
  const client = await pool.connect();
  const cursor = client.query(
    new Cursor<LinkRow>(
      `select c.position, c.hash, c.chained_at as "chainedAt", ${ENTRY}
       from audit_chain c join audit_entries e on e.id = c.entry where c.position > $1 order by c.position`,
      [after],
    ),
  );
  try {
    for (;;) {
      const rows = await cursor.read(2_000);
      if (rows.length === 0) return;
      for (const { position, hash, chainedAt, ...entry } of rows) yield { position, hash, chainedAt, entry };
    }
  } finally {
    await cursor.close();
    client.release();
  }
}
