import type { JsonObject } from './json.ts';
import type { MessageRecord } from './records.ts';
import type { Workspace } from './workspace.ts';

/** What a new message needs; everything else starts empty. */
export type MessageDraft = Pick<MessageRecord, 'channel' | 'user' | 'text'> &
  Partial<Omit<MessageRecord, 'ts' | 'channel' | 'user' | 'text'>> & { readonly broadcast?: boolean };

/** Adds a message, counts it in its thread, and tells everybody. */
export function addMessage(workspace: Workspace, draft: MessageDraft): MessageRecord {
  const { broadcast, ...given } = draft;
  return workspace.store.atomically(() => {
    const message: MessageRecord = {
      thread_ts: null,
      bot_id: null,
      blocks: [],
      attachments: [],
      files: [],
      edited: null,
      subtype: broadcast ? 'thread_broadcast' : null,
      ephemeral_to: null,
      reactions: [],
      metadata: null,
      reply_count: 0,
      reply_users: [],
      latest_reply: null,
      username: null,
      icon: null,
      ...given,
      ts: workspace.nextTs(),
    };
    workspace.messages(message.channel).set(message.ts, message);
    if (message.thread_ts && !message.ephemeral_to) countReply(workspace, message, 1);
    workspace.announce({ type: 'message', message });
    return message;
  });
}

function countReply(workspace: Workspace, reply: MessageRecord, by: 1 | -1): void {
  const table = workspace.messages(reply.channel);
  const parent = table.get(reply.thread_ts ?? '');
  if (!parent) return;
  const replies = table
    .values()
    .filter((row) => row.thread_ts === parent.ts && row.ts !== parent.ts && !row.ephemeral_to);
  const next = {
    ...parent,
    thread_ts: replies.length > 0 ? parent.ts : null,
    reply_count: Math.max(0, parent.reply_count + by),
    reply_users: [...new Set(replies.map((row) => row.user))],
    latest_reply: replies.at(-1)?.ts ?? null,
  };
  table.set(parent.ts, next);
  workspace.announce({ type: 'message_changed', message: next, previous: parent, silent: true });
}

/** Replaces parts of a message. `silent` changes (reactions, counters) are no `message_changed` event for the app. */
export function changeMessage(
  workspace: Workspace,
  previous: MessageRecord,
  change: { readonly patch: Partial<MessageRecord>; readonly silent?: boolean },
): MessageRecord {
  const message = { ...previous, ...change.patch };
  workspace.messages(previous.channel).set(previous.ts, message);
  workspace.announce({ type: 'message_changed', message, previous, silent: change.silent ?? false });
  return message;
}

/** Removes a message, its pin and its place in the thread. */
export function removeMessage(workspace: Workspace, message: MessageRecord): void {
  workspace.store.atomically(() => {
    workspace.messages(message.channel).delete(message.ts);
    const channel = workspace.channels.get(message.channel);
    if (channel?.pins.some((pin) => pin.ts === message.ts)) {
      workspace.channels.set(channel.id, { ...channel, pins: channel.pins.filter((pin) => pin.ts !== message.ts) });
    }
    if (message.thread_ts && message.thread_ts !== message.ts) countReply(workspace, message, -1);
    workspace.announce({ type: 'message_deleted', message });
  });
}

/** A file object as the Web API and events show it. */
export function fileJson(workspace: Workspace, id: string): JsonObject {
  const file = workspace.files.get(id);
  if (!file || file.state === 'deleted') return { id, mode: 'tombstone' };
  const base = `https://${workspace.team.domain}.slack.com/files`;
  return {
    id: file.id,
    created: file.created,
    timestamp: file.created,
    name: file.name,
    title: file.title,
    mimetype: file.mimetype,
    filetype: file.name.includes('.') ? (file.name.split('.').at(-1) ?? '') : 'binary',
    user: file.user,
    size: file.size,
    mode: 'hosted',
    is_external: false,
    is_public: true,
    url_private: `${base}/${file.id}/${encodeURIComponent(file.name)}`,
    permalink: `${base}/${file.user}/${file.id}`,
    channels: file.channels,
    ...(file.alt_text === null ? {} : { alt_txt: file.alt_text }),
  };
}

/** A message as the Web API, events and interactions show it. Metadata only where it was asked for. */
export function messageJson(workspace: Workspace, message: MessageRecord, withMetadata = false): JsonObject {
  const bot = message.bot_id
    ? {
        bot_id: message.bot_id,
        app_id: workspace.app.id,
        bot_profile: {
          id: message.bot_id,
          app_id: workspace.app.id,
          user_id: workspace.app.botUser,
          name: workspace.manifest.botName,
          deleted: false,
          team_id: workspace.team.id,
        },
      }
    : {};
  const thread = message.thread_ts ? { thread_ts: message.thread_ts } : {};
  const parent =
    message.thread_ts === message.ts
      ? {
          reply_count: message.reply_count,
          reply_users_count: message.reply_users.length,
          reply_users: message.reply_users,
          latest_reply: message.latest_reply ?? message.ts,
        }
      : {};
  return {
    type: 'message',
    ...(message.subtype ? { subtype: message.subtype } : {}),
    user: message.user,
    ts: message.ts,
    team: workspace.team.id,
    text: message.text,
    ...bot,
    ...thread,
    ...parent,
    ...(message.username ? { username: message.username } : {}),
    ...(message.icon ? { icons: message.icon } : {}),
    ...(message.blocks.length > 0 ? { blocks: message.blocks } : {}),
    ...(message.attachments.length > 0 ? { attachments: message.attachments } : {}),
    ...(message.files.length > 0 ? { files: message.files.map((id) => fileJson(workspace, id)) } : {}),
    ...(message.edited ? { edited: message.edited } : {}),
    ...(message.reactions.length > 0
      ? { reactions: message.reactions.map((row) => ({ name: row.name, users: row.users, count: row.users.length })) }
      : {}),
    ...(withMetadata && message.metadata ? { metadata: message.metadata } : {}),
  };
}
