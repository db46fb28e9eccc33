import { findIncident } from '../db/incidents.ts';
import { withTransaction } from '../db/transaction.ts';
import { refreshCards } from './actions.ts';
import type { Context } from './context.ts';

/** A milestone's time has come: the cards show it as overdue, or go on to the next one. */
export async function passMilestone(context: Pick<Context, 'pool'>, number: number): Promise<void> {
  await withTransaction(context.pool, async (tx) => {
    const incident = await findIncident(tx, number);
    if (incident?.status === 'open') await refreshCards(tx, incident);
  });
}
