import { fieldLimit } from '../block-kit-data.ts';
import { messageJson } from '../messages.ts';
import { getOwnChannel, type MethodCall, type MethodHandler, paginate, text } from '../method-call.ts';
import type { MessageRecord } from '../records.ts';
import { Refusal } from '../refusal.ts';

const TS = /^\d+(\.\d+)?$/u;

/** Messages between `oldest` and `latest`. Errors: invalid_ts_latest, invalid_ts_oldest. */
function within(call: MethodCall, rows: readonly MessageRecord[]): MessageRecord[] {
  const oldest = text(call, 'oldest');
  const latest = text(call, 'latest');
  if (oldest !== '' && !TS.test(oldest)) throw new Refusal('invalid_ts_oldest');
  if (latest !== '' && !TS.test(latest)) throw new Refusal('invalid_ts_latest');
  const inclusive = call.args.inclusive === true;
  return rows.filter((row) => {
    const at = Number(row.ts);
    const afterOldest = oldest === '' || at > Number(oldest) || (inclusive && at === Number(oldest));
    const beforeLatest = latest === '' || at < Number(latest) || (inclusive && at === Number(latest));
    return afterOldest && beforeLatest;
  });
}

function answer(call: MethodCall, rows: readonly MessageRecord[], defaultLimit: number): ReturnType<MethodHandler> {
  const maxLimit = call.method === 'conversations.history' ? fieldLimit('conversations.history.limit', 'max') : 1_000;
  const { page, nextCursor } = paginate(call, rows, { defaultLimit, maxLimit });
  const metadata = call.args.include_all_metadata === true;
  return {
    messages: page.map((row) => messageJson(call.workspace, row, metadata)),
    has_more: nextCursor !== '',
    ...(nextCursor ? { response_metadata: { next_cursor: nextCursor } } : {}),
  };
}

const history: MethodHandler = (call) => {
  const channel = getOwnChannel(call);
  const rows = call.workspace
    .messages(channel.id)
    .values()
    .filter((row) => row.ephemeral_to === null);
  // Replies are in the thread alone, unless they were broadcast.
  const top = rows.filter(
    (row) => row.thread_ts === null || row.thread_ts === row.ts || row.subtype === 'thread_broadcast',
  );
  return answer(call, within(call, top).reverse(), 100);
};

const replies: MethodHandler = (call) => {
  // The table lists no not_in_channel for replies: without membership the channel does not exist for it.
  const channel = call.workspace.channels.get(text(call, 'channel'));
  if (!channel?.members.includes(call.workspace.app.botUser)) throw new Refusal('channel_not_found');
  getOwnChannel(call);
  const table = call.workspace.messages(channel.id);
  const named = table.get(text(call, 'ts'));
  const parent = named?.thread_ts ? table.get(named.thread_ts) : named;
  if (!parent || parent.ephemeral_to !== null) throw new Refusal('thread_not_found');
  const rows = table
    .values()
    .filter((row) => row.ephemeral_to === null && row.thread_ts === parent.ts && row.ts !== parent.ts);
  return answer(call, [parent, ...within(call, rows)], 1_000);
};

/** conversations.history and conversations.replies. */
export const HISTORY_METHODS: Readonly<Record<string, MethodHandler>> = {
  'conversations.history': history,
  'conversations.replies': replies,
};
