import { CHAINED_WITHIN_MS, findLink, listUnchained } from '../../db/audit-chain.ts';
import type { Intent } from '../../domain/intents.ts';
import type { Delivery, Outcome } from '../../notify/delivery.ts';
import { postOnce } from '../send.ts';
import { auditHeadMessage } from '../views/audit-head.ts';
import { type DeliverDeps, GONE, read } from './deliver-context.ts';
import { hubOf } from './incident-messages.ts';

type Anchored = Delivery<Extract<Intent, { type: 'audit.anchor' }>>;

/** More of them say nothing new. */
const COUNTED = 1_000;

/**
 * Says a head of the audit log in the hub: Slack keeps what the owner of the database could rewrite. Entries that were kept out
 * of the chain are told loudly, because nobody would run `warroom audit verify` for no reason.
 */
export async function deliverAnchor(deps: DeliverDeps, delivery: Anchored): Promise<Outcome> {
  const { link, unchained } = await read(deps, async (tx) => ({
    link: await findLink(tx, delivery.intent.position),
    unchained: await listUnchained(tx, CHAINED_WITHIN_MS, COUNTED),
  }));
  if (!link) return GONE;
  const channel = await hubOf(deps);
  if (typeof channel !== 'string') return channel;
  const [first] = unchained;
  const kept = first === undefined ? null : { first, count: unchained.length, isAll: unchained.length < COUNTED };
  // The head itself may have been said before.
  const slot = kept === null ? delivery.key : `${delivery.key}:unchained:${kept.first}`;
  return postOnce(deps, { slot, channel, message: auditHeadMessage(link, kept), delivery });
}
