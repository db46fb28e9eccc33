import { findMessage, saveMessage } from '../../db/messages.ts';
import { findPackNotice } from '../../db/pack-notices.ts';
import { coalesceKey, type Intent } from '../../domain/intents.ts';
import type { Delivery, Outcome } from '../../notify/delivery.ts';
import { isSlackError } from '../client.ts';
import { findChannel } from '../hub.ts';
import { outcomeOfFailure, postOnce, postToSlot } from '../send.ts';
import { packBrokenMessage, packMendedMessage } from '../views/pack-notice.ts';
import { type DeliverDeps, GONE, read } from './deliver-context.ts';
import { hubOf } from './incident-messages.ts';

type Of<T extends Intent['type']> = Delivery<Extract<Intent, { type: T }>>;

/** Posts what is wrong with a file in its owners' channel, or edits that message once it is settled. */
export async function deliverPackBroken(deps: DeliverDeps, delivery: Of<'packs.broken'>): Promise<Outcome> {
  const { notice, standing } = await read(deps, async (tx) => ({
    notice: await findPackNotice(tx, delivery.intent.notice),
    standing: await findMessage(tx, delivery.key),
  }));
  if (!notice) return GONE;
  if (notice.settledAt !== null && !standing) return { status: 'obsolete', reason: 'it was mended before it was told' };
  if (standing) {
    const message = packBrokenMessage(notice, null);
    return postToSlot(deps, { slot: delivery.key, channel: standing.channel, message, delivery });
  }
  const system = deps.context.packs().systems.get(notice.file.split('/')[0] ?? '');
  const wanted = system?.ownerChannel ?? null;
  const post = (channel: string, remark: string | null) =>
    postToSlot(deps, { slot: delivery.key, channel, message: packBrokenMessage(notice, remark), delivery });
  const own = wanted === null ? null : await ownerChannel(deps, wanted);
  if (own !== null && typeof own !== 'string') return own;
  if (own !== null) {
    const outcome = await post(own, null);
    if (outcome.status !== 'failed') return outcome;
  }
  const hub = await hubOf(deps);
  if (typeof hub !== 'string') return hub;
  return post(hub, wanted === null ? null : `owner_channel ${wanted} cannot be written to, so this stands here`);
}

/** Says below the message that the file is good again; when nothing was said, there is nothing to take back. */
export async function deliverPackMended(deps: DeliverDeps, delivery: Of<'packs.mended'>): Promise<Outcome> {
  const broken = coalesceKey({ type: 'packs.broken', notice: delivery.intent.notice });
  const { notice, standing } = await read(deps, async (tx) => ({
    notice: await findPackNotice(tx, delivery.intent.notice),
    standing: await findMessage(tx, broken),
  }));
  if (!notice || !standing) return GONE;
  const { channel, ts } = standing;
  return postOnce(deps, { slot: delivery.key, channel, thread: ts, message: packMendedMessage(notice), delivery });
}

/** The id of the owners' channel, null when there is none that can be joined, or the outcome of not finding out. */
async function ownerChannel(deps: DeliverDeps, wanted: string): Promise<string | null | Outcome> {
  if (!wanted.startsWith('#')) return wanted;
  const slot = `channel:${wanted}`;
  const known = await read(deps, (tx) => findMessage(tx, slot));
  if (known) return known.channel;
  try {
    const found = await findChannel(deps.call, wanted.slice(1));
    if (!found) return null;
    if (!found.isMember) await deps.call('card', 'conversations.join', { channel: found.id });
    await read(deps, (tx) => saveMessage(tx, slot, { channel: found.id, ts: '', contentHash: '' }));
    return found.id;
  } catch (error) {
    if (isSlackError(error, 'method_not_supported_for_channel_type', 'is_archived', 'missing_scope')) return null;
    return outcomeOfFailure(error);
  }
}
