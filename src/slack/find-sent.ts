import type { Lane } from '../domain/intents.ts';
import type { SlackCaller } from './client.ts';

/** Marks our messages so that they can be found again. Visible to members and apps: nothing secret in it. */
export const METADATA_EVENT = 'warroom_message';

/** Before the moment of doubt: the clocks of Slack and of the database differ a little. */
const MARGIN_MS = 60_000;
const PAGE_SIZE = 200;
/** 2,000 messages since the moment of doubt: beyond that the search itself would be the harm. */
const MAX_PAGES = 10;

export type Sent =
  | { readonly status: 'found'; readonly ts: string; readonly contentHash: string | null }
  | { readonly status: 'absent' }
  /** There is more than can be read: it may be there or not. */
  | { readonly status: 'unknown' };

export type SentQuery = {
  readonly slot: string;
  readonly channel: string;
  readonly thread?: string | undefined;
  readonly since: Date;
  readonly lane: Lane;
};

/**
 * Looks in a conversation for the message of a slot by its metadata, because Slack has no idempotency key: the way to find
 * out whether an attempt that broke off was carried out. Rejects with a SlackCallError.
 */
export async function findSent(call: SlackCaller, query: SentQuery): Promise<Sent> {
  const oldest = ((query.since.getTime() - MARGIN_MS) / 1_000).toFixed(6);
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const common = { channel: query.channel, oldest, limit: PAGE_SIZE, include_all_metadata: true };
    const args = cursor === undefined ? common : { ...common, cursor };
    const answer =
      query.thread === undefined
        ? await call(query.lane, 'conversations.history', args)
        : await call(query.lane, 'conversations.replies', { ...args, ts: query.thread });
    for (const message of answer.messages ?? []) {
      const found = matches(message, query.slot);
      if (found) return found;
    }
    cursor = answer.response_metadata?.next_cursor;
    if (cursor === undefined || cursor === '') return { status: 'absent' };
  }
  return { status: 'unknown' };
}

function matches(message: { ts?: string; metadata?: unknown }, slot: string): Sent | null {
  const { ts, metadata } = message;
  if (ts === undefined || typeof metadata !== 'object' || metadata === null) return null;
  if (!('event_type' in metadata) || metadata.event_type !== METADATA_EVENT) return null;
  const payload = 'event_payload' in metadata ? metadata.event_payload : null;
  if (typeof payload !== 'object' || payload === null || !('slot' in payload) || payload.slot !== slot) return null;
  const contentHash = 'hash' in payload && typeof payload.hash === 'string' ? payload.hash : null;
  return { status: 'found', ts, contentHash };
}
