import { deleteOldLinks } from '../db/one-time-links.ts';
import { deleteOldGestures } from '../db/requests.ts';
import { deleteOldOutputs } from '../db/sensitive-outputs.ts';
import { withTransaction } from '../db/transaction.ts';
import type { RunsContext } from './context.ts';

/** Deletes sensitive outputs after their day, and what came in from Slack and links that have been over for one. */
export async function forgetOld(context: Pick<RunsContext, 'pool'>): Promise<void> {
  await withTransaction(context.pool, async (tx) => {
    await deleteOldOutputs(tx);
    await deleteOldLinks(tx);
    await deleteOldGestures(tx);
  });
}
