import { CHAINED_WITHIN_MS, findLink, listUnchained } from '../../db/audit-chain.ts';
import type { Intent } from '../../domain/intents.ts';
import { plural } from '../../lib/text.ts';
import type { Delivery, Outcome } from '../../notify/delivery.ts';
import { postOnce } from '../send.ts';
import { context, section } from '../views/blocks.ts';
import { message } from '../views/message.ts';
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
  const text = `🔗 The audit log has ${link.position} entries; its head is ${link.hash}`;
  const hint = `🔗 The audit log has *${link.position}* entries; its head is \`${link.hash}\`. \`warroom audit verify --anchor=${link.position}:${link.hash.slice(0, 12)}\` proves later that nothing before it was altered.`;
  const [first] = unchained;
  if (first === undefined)
    return postOnce(deps, { slot: delivery.key, channel, message: message(text, [context(hint)]), delivery });
  const count =
    unchained.length === COUNTED
      ? `${COUNTED} or more entries were`
      : `${plural(unchained.length, 'entry', 'entries')} ${unchained.length === 1 ? 'was' : 'were'}`;
  const alarm = `🚨 ${count} never chained, the first is entry ${first}: somebody took them off the list, or no Warroom chains. Run \`warroom audit verify\` and look who has the database.`;
  // The head itself may have been said before.
  const slot = `${delivery.key}:unchained:${first}`;
  return postOnce(deps, { slot, channel, message: message(alarm, [section(alarm), context(hint)]), delivery });
}
