import type { KnownBlock } from '@slack/types';
import type { Pool } from 'pg';
import { findMessage, type PostedMessage, saveMessage } from '../db/messages.ts';
import { reading, type Tx } from '../db/transaction.ts';
import { type Lane, laneOf } from '../domain/intents.ts';
import { canonicalHash } from '../lib/canonical-json.ts';
import type { Log } from '../lib/log.ts';
import { truncate } from '../lib/text.ts';
import type { Delivery, Outcome } from '../notify/delivery.ts';
import { isSlackError, SlackCallError, type SlackCaller } from './client.ts';
import { findSent, METADATA_EVENT, type Sent } from './find-sent.ts';

/** chat.update refuses more (`msg_too_long`). */
const MAX_TEXT = 4_000;
const MAX_BLOCKS = 50;
/** From this attempt on, a message that cannot be looked up is sent again, marked as a repeat. */
const ATTEMPTS_TO_LOOK = 4;

export type SendDeps = { readonly pool: Pool; readonly call: SlackCaller; readonly log: Log };

export type SlackMessage = { readonly text: string; readonly blocks: readonly KnownBlock[] };

export type SlotMessage = {
  /** The message's own name for ever, such as the intent's key. */
  readonly slot: string;
  readonly channel: string;
  /** `ts` of the message whose thread it belongs to. */
  readonly thread?: string | undefined;
  readonly message: SlackMessage;
  readonly delivery: Delivery;
};

/**
 * Brings the message of a slot up to date: posts it once, edits it in place afterwards, does nothing when it already shows
 * just that, and posts it anew when somebody deleted it. Never rejects for what Slack answers.
 */
export async function postToSlot(deps: SendDeps, wanted: SlotMessage): Promise<Outcome> {
  return sending(async () => {
    const standing = await findMessage(reading(deps.pool), wanted.slot);
    return standing && standing.channel === wanted.channel ? edit(deps, wanted, standing) : post(deps, wanted);
  });
}

/** Posts a message that is not edited by its own intent, such as one sending of a page; at most once for its slot. */
export async function postOnce(deps: SendDeps, wanted: SlotMessage): Promise<Outcome> {
  return sending(async () => {
    const standing = await findMessage(reading(deps.pool), wanted.slot);
    return standing ? { status: 'sent' } : post(deps, wanted);
  });
}

/** Edits the message of a slot if it was ever posted; `obsolete` when it was not or is gone. */
export async function editSlot(deps: SendDeps, wanted: Omit<SlotMessage, 'channel'>): Promise<Outcome> {
  return sending(async () => {
    const standing = await findMessage(reading(deps.pool), wanted.slot);
    if (!standing) return { status: 'obsolete', reason: 'the message was never posted' };
    const hash = hashOf(wanted.message);
    if (standing.contentHash === hash) return { status: 'sent' };
    try {
      await update(deps, wanted, { ...standing, contentHash: hash });
    } catch (error) {
      if (!isGone(error)) throw error;
      return { status: 'obsolete', reason: 'the message is gone' };
    }
    return recorded(wanted.slot, { ...standing, contentHash: hash });
  });
}

/**
 * Brings a message up to date that is not sent any more, such as a page that was overtaken by its repeat. When an attempt
 * broke off it is looked for first: what reached Slack unrecorded would keep its old buttons for ever.
 */
export async function editSent(deps: SendDeps, wanted: SlotMessage): Promise<Outcome> {
  const { uncertainSince } = wanted.delivery;
  return sending(async () => {
    if (uncertainSince === null || (await findMessage(reading(deps.pool), wanted.slot))) return editSlot(deps, wanted);
    const search = await look(deps, wanted, uncertainSince);
    if (search.status === 'found') return adopt(deps, wanted, search);
    return { status: 'obsolete', reason: 'the message was never posted' };
  });
}

/** The conversation with one person, opened when needed. Rejects with a SlackCallError. */
export async function openDm(deps: Pick<SendDeps, 'call'>, user: string, lane: Lane = 'page'): Promise<string> {
  const { channel } = await deps.call(lane, 'conversations.open', { users: user });
  if (channel?.id !== undefined) return channel.id;
  const reason = 'Slack opened no conversation (no_channel_id)';
  const failure = { code: 'no_channel_id', retry: true, uncertain: false, reason, afterMs: 0 };
  throw new SlackCallError('conversations.open', failure);
}

/** Turns a failed call into the outcome of its delivery; anything else is thrown on. */
export function outcomeOfFailure(error: unknown): Outcome {
  if (!(error instanceof SlackCallError)) throw error;
  const { retry, afterMs, uncertain } = error.failure;
  const reason = `${error.method}: ${error.failure.reason}`;
  return retry ? { status: 'retry', reason, afterMs, uncertain } : { status: 'failed', reason };
}

async function sending(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    return outcomeOfFailure(error);
  }
}

async function edit(deps: SendDeps, wanted: SlotMessage, standing: PostedMessage): Promise<Outcome> {
  const message = { ...standing, contentHash: hashOf(wanted.message) };
  if (standing.contentHash === message.contentHash) return { status: 'sent' };
  try {
    await update(deps, wanted, message);
  } catch (error) {
    if (isGone(error)) return post(deps, wanted);
    throw error;
  }
  return recorded(wanted.slot, message);
}

async function post(deps: SendDeps, wanted: SlotMessage): Promise<Outcome> {
  const { delivery, slot, channel } = wanted;
  const contentHash = hashOf(wanted.message);
  let repeat = false;
  if (delivery.uncertainSince !== null) {
    const search = await look(deps, wanted, delivery.uncertainSince);
    if (search.status === 'found') return adopt(deps, wanted, search);
    repeat = search.status === 'unknown';
  }
  const { text, blocks } = shown(repeat ? asRepeat(wanted.message) : wanted.message);
  const answer = await deps.call(laneOf(delivery.intent), 'chat.postMessage', {
    ...plain(slot, contentHash),
    channel,
    text,
    blocks,
    ...(wanted.thread === undefined ? {} : { thread_ts: wanted.thread }),
    unfurl_links: false,
    unfurl_media: false,
  });
  if (answer.ts === undefined) {
    return { status: 'retry', reason: 'chat.postMessage: the answer has no ts', afterMs: 0, uncertain: true };
  }
  return recorded(slot, { channel: answer.channel ?? channel, ts: answer.ts, contentHash });
}

/** Takes over a message that an earlier attempt has posted. */
async function adopt(deps: SendDeps, wanted: SlotMessage, sent: Extract<Sent, { status: 'found' }>): Promise<Outcome> {
  const message = { channel: wanted.channel, ts: sent.ts, contentHash: hashOf(wanted.message) };
  if (sent.contentHash !== message.contentHash) await update(deps, wanted, message);
  return recorded(wanted.slot, message);
}

/**
 * Looks for what an earlier attempt may have sent. When Slack does not let us look, or has not for several attempts, a
 * repeat is better than silence (design §5, promise 5).
 */
async function look(deps: SendDeps, wanted: SlotMessage, since: Date): Promise<Sent> {
  try {
    return await findSent(deps.call, { ...wanted, lane: laneOf(wanted.delivery.intent), since });
  } catch (error) {
    if (!(error instanceof SlackCallError)) throw error;
    if (error.failure.retry && wanted.delivery.attempt < ATTEMPTS_TO_LOOK) throw stillUncertain(error);
    deps.log.warn(
      { slot: wanted.slot, error },
      'A message may be sent twice: Slack could not be asked about the first.',
    );
    return { status: 'unknown' };
  }
}

function stillUncertain(error: SlackCallError): SlackCallError {
  return new SlackCallError(error.method, { ...error.failure, uncertain: true }, error);
}

async function update(deps: SendDeps, wanted: Omit<SlotMessage, 'channel'>, message: PostedMessage): Promise<void> {
  const { text, blocks } = shown(wanted.message);
  await deps.call(laneOf(wanted.delivery.intent), 'chat.update', {
    ...plain(wanted.slot, message.contentHash),
    channel: message.channel,
    ts: message.ts,
    text,
    blocks,
  });
}

/** Of what Slack receives: JSON drops what is undefined. */
function hashOf(message: SlackMessage): string {
  return canonicalHash(JSON.parse(JSON.stringify(shown(message))));
}

/** Nothing in a text becomes a link or a mention by itself; chat.update would default to the contrary. */
function plain(slot: string, hash: string) {
  const metadata = { event_type: METADATA_EVENT, event_payload: { slot, hash } };
  return { parse: 'none', link_names: false, metadata } as const;
}

function shown(message: SlackMessage): { text: string; blocks: KnownBlock[] } {
  return { text: truncate(message.text, MAX_TEXT), blocks: [...message.blocks] };
}

function asRepeat(message: SlackMessage): SlackMessage {
  const note = 'Repeated: Slack did not tell whether the first one arrived.';
  const block: KnownBlock = { type: 'context', elements: [{ type: 'plain_text', text: note }] };
  const blocks = message.blocks.length === 0 ? [] : [block, ...message.blocks].slice(0, MAX_BLOCKS);
  return { text: `(repeat) ${message.text}`, blocks };
}

/** The message cannot be edited any more, so a new one takes its place. */
function isGone(error: unknown): boolean {
  return isSlackError(error, 'message_not_found', 'cant_update_message', 'edit_window_closed');
}

function recorded(slot: string, message: PostedMessage): Outcome {
  return { status: 'sent', record: (tx: Tx) => saveMessage(tx, slot, message) };
}
