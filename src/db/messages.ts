import type { Queryable, Tx } from './transaction.ts';

/** Where a message stands that is edited in place. */
export type PostedMessage = { readonly channel: string; readonly ts: string; readonly contentHash: string };

type MessageRow = { channel: string; ts: string; content_hash: string };

/** The message in that slot, or null when it was never posted. A slot is the coalescing key of what it shows. */
export async function findMessage(tx: Queryable, slot: string): Promise<PostedMessage | null> {
  const rows = await tx.query<MessageRow>('select channel, ts, content_hash from messages where slot = $1', [slot]);
  const row = rows[0];
  return row ? { channel: row.channel, ts: row.ts, contentHash: row.content_hash } : null;
}

/** Remembers where a slot's message stands and what it shows. */
export async function saveMessage(tx: Tx, slot: string, message: PostedMessage): Promise<void> {
  await tx.query(
    `insert into messages (slot, channel, ts, content_hash) values ($1, $2, $3, $4)
     on conflict (slot) do update set channel = excluded.channel, ts = excluded.ts,
       content_hash = excluded.content_hash, updated_at = now()`,
    [slot, message.channel, message.ts, message.contentHash],
  );
}
