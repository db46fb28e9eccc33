import type { Pool } from 'pg';
import { findMessage, saveMessage } from '../db/messages.ts';
import { reading, withTransaction } from '../db/transaction.ts';
import { InternalError } from '../lib/errors.ts';
import { isSlackError, type SlackCaller } from './client.ts';

/** The id of the shared channel. */
export type Hub = () => Promise<string>;

const MAX_PAGES = 50;

/**
 * Finds the hub by its name, joins it, or creates it when there is none. The answer is kept in the database, so that Slack's
 * slow list of channels is read once in the life of an installation. Rejects with a SlackCallError.
 */
export function createHub(deps: { readonly pool: Pool; readonly call: SlackCaller; readonly name: string }): Hub {
  const slot = slotOf(deps.name);
  let known: Promise<string> | null = null;
  const resolve = async (): Promise<string> => {
    const kept = await knownHub(deps.pool, deps.name);
    if (kept !== null) return kept;
    const channel = (await findChannel(deps.call, deps.name))?.id ?? (await createChannel(deps.call, deps.name));
    await join(deps.call, channel);
    await withTransaction(deps.pool, (tx) => saveMessage(tx, slot, { channel, ts: '', contentHash: '' }));
    return channel;
  };
  return () => {
    known ??= resolve().catch((error: unknown) => {
      known = null;
      throw error;
    });
    return known;
  };
}

/** The id of the hub when it was found before, without asking Slack; null otherwise. */
export async function knownHub(pool: Pool, name: string): Promise<string | null> {
  return (await findMessage(reading(pool), slotOf(name)))?.channel ?? null;
}

function slotOf(name: string): string {
  return `hub:${name}`;
}

export type FoundChannel = { readonly id: string; readonly creator: string | null; readonly isMember: boolean };

/** The channel with that name, or null: a public one, or a private one that the bot is in. Reads page after page, archived channels left out. */
export async function findChannel(
  call: SlackCaller,
  name: string,
  kind: 'public_channel' | 'private_channel' = 'public_channel',
): Promise<FoundChannel | null> {
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await call('interactive', 'conversations.list', {
      types: kind,
      exclude_archived: true,
      limit: 200,
      ...(cursor ? { cursor } : {}),
    });
    const found = answer.channels?.find((channel) => channel.name === name);
    if (found?.id) return { id: found.id, creator: found.creator ?? null, isMember: found.is_member === true };
    cursor = answer.response_metadata?.next_cursor;
    if (!cursor) return null;
  }
  return null;
}

/** Creates a channel; the bot is its first member. Rejects with `name_taken` when there is one already. */
export async function createChannel(call: SlackCaller, name: string, isPrivate = false): Promise<string> {
  const { channel } = await call(
    'interactive',
    'conversations.create',
    isPrivate ? { name, is_private: true } : { name },
  );
  if (channel?.id) return channel.id;
  throw new InternalError('slack.no_channel', `Slack created #${name} and did not say its id.`);
}

async function join(call: SlackCaller, channel: string): Promise<void> {
  try {
    await call('interactive', 'conversations.join', { channel });
  } catch (error) {
    if (!isSlackError(error, 'already_in_channel', 'method_not_supported_for_channel_type')) throw error;
  }
}
