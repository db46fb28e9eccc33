import { findPage, markUnreachable } from '../db/escalations.ts';
import { findIncident } from '../db/incidents.ts';
import { enqueue } from '../db/outbox.ts';
import type { Tx } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import type { SystemDefinition } from '../domain/system.ts';
import { recordFact } from '../incidents/actions.ts';
import type { Context } from '../incidents/context.ts';
import { contactName } from './ladder.ts';

/**
 * A page reached nobody: say so loudly and look at the ladder at once, because a rung that waits for an acknowledgement
 * waits in vain (design §5, promise 7). Runs in the transaction that settles the delivery.
 */
export async function pageUnreachable(
  tx: Tx,
  context: Pick<Context, 'packs'>,
  failure: { readonly page: number; readonly reason: string },
): Promise<void> {
  const page = await findPage(tx, failure.page);
  if (!page || !(await markUnreachable(tx, page.id, failure.reason))) return;
  const system = await systemOf(tx, context, page.incident);
  await recordFact(tx, page.incident, null, {
    kind: 'nobody_reached',
    contact: system ? contactName(system, page.contact) : page.contact,
    reason: failure.reason,
  });
  await enqueue(tx, { type: 'page.unreachable', page: page.id });
  await enqueue(tx, { type: 'incident.ladder', incident: page.incident });
  await addTypedJob(tx, { task: 'escalation.tick', incident: page.incident });
}

async function systemOf(
  tx: Tx,
  context: Pick<Context, 'packs'>,
  incident: number,
): Promise<SystemDefinition | undefined> {
  const found = await findIncident(tx, incident);
  return found ? context.packs().systems.get(found.system) : undefined;
}
