import { findLink } from '../../db/audit-chain.ts';
import type { Intent } from '../../domain/intents.ts';
import type { Delivery, Outcome } from '../../notify/delivery.ts';
import { postOnce } from '../send.ts';
import { context } from '../views/blocks.ts';
import { message } from '../views/message.ts';
import { type DeliverDeps, GONE, read } from './deliver-context.ts';
import { hubOf } from './incident-messages.ts';

type Anchored = Delivery<Extract<Intent, { type: 'audit.anchor' }>>;

/** Says a head of the audit log in the hub: Slack keeps what the owner of the database could rewrite. */
export async function deliverAnchor(deps: DeliverDeps, delivery: Anchored): Promise<Outcome> {
  const link = await read(deps, (tx) => findLink(tx, delivery.intent.position));
  if (!link) return GONE;
  const channel = await hubOf(deps);
  if (typeof channel !== 'string') return channel;
  const text = `🔗 The audit log has ${link.position} entries; its head is ${link.hash}`;
  const hint = `🔗 The audit log has *${link.position}* entries; its head is \`${link.hash}\`. \`warroom audit verify --anchor=${link.position}:${link.hash.slice(0, 12)}\` proves later that nothing before it was altered.`;
  return postOnce(deps, { slot: delivery.key, channel, message: message(text, [context(hint)]), delivery });
}
