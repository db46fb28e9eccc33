import type { Pool } from 'pg';
import { findHead, insertAnchor, lastAnchorAt } from '../db/audit-chain.ts';
import { enqueue } from '../db/outbox.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';

/** How often the head of the audit log is said in the hub. */
const EVERY_MS = 24 * 60 * 60_000;

/**
 * Says the head of the audit log in the hub, so that not even the owner of the database can rewrite what was before
 * without Slack showing it; then comes back after a day. Says nothing when nothing was added.
 */
export async function anchorAudit(context: { readonly pool: Pool }): Promise<void> {
  await withTransaction(context.pool, async (tx) => {
    const head = await findHead(tx);
    if (head.position > 0 && (await insertAnchor(tx, head)))
      await enqueue(tx, { type: 'audit.anchor', position: head.position });
    await addTypedJob(tx, { task: 'audit.anchor' }, new Date(tx.now.getTime() + EVERY_MS));
  });
}

/** Leaves the next anchor behind at start: a day after the last one, or after the log began; restarts do not put it off. */
export async function scheduleAnchor(tx: Tx): Promise<void> {
  const last = await lastAnchorAt(tx);
  await addTypedJob(tx, { task: 'audit.anchor' }, new Date((last ?? tx.now).getTime() + EVERY_MS));
}
