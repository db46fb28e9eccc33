import type { Pool } from 'pg';
import { CHAINED_WITHIN_MS, findHead, insertAnchor, lastAnchorAt, listUnchained } from '../db/audit-chain.ts';
import { enqueue } from '../db/outbox.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';

/** How often the head of the audit log is said in the hub. */
const EVERY_MS = 24 * 60 * 60_000;

/**
 * Says the head of the audit log in the hub, so that not even the owner of the database can rewrite what was before
 * without Slack showing it; then comes back after a day. Says nothing when nothing was added and nothing was kept out of the chain.
 */
export async function anchorAudit(context: { readonly pool: Pool }): Promise<void> {
  await withTransaction(context.pool, async (tx) => {
    const head = await findHead(tx);
    const isNew = head.position > 0 && (await insertAnchor(tx, head));
    if (isNew || (head.position > 0 && (await listUnchained(tx, CHAINED_WITHIN_MS, 1)).length > 0))
      await enqueue(tx, { type: 'audit.anchor', position: head.position });
    await addTypedJob(tx, { task: 'audit.anchor' }, new Date(tx.now.getTime() + EVERY_MS));
  });
}

/** Leaves the next anchor behind at start: a day after the last one, or after the log began; restarts do not put it off. */
export async function scheduleAnchor(tx: Tx): Promise<void> {
  const last = await lastAnchorAt(tx);
  await addTypedJob(tx, { task: 'audit.anchor' }, new Date((last ?? tx.now).getTime() + EVERY_MS));
}
