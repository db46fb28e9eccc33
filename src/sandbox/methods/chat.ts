import { asString, type JsonObject } from '../json.ts';
import { openDirect } from '../membership.ts';
import { checkContent } from '../message-content.ts';
import { addMessage, changeMessage, messageJson, removeMessage } from '../messages.ts';
import { getMessage, isMember, type MethodCall, type MethodHandler, requireScopeFor, text } from '../method-call.ts';
import type { ChannelRecord, MessageRecord } from '../records.ts';
import { Refusal } from '../refusal.ts';
import { requireScope } from '../scopes.ts';

/** The channel to post to: an id, a `#name`, or a person's id, which means the direct message. */
export function targetChannel(call: MethodCall): ChannelRecord {
  const { workspace } = call;
  const target = text(call, 'channel');
  const user = workspace.users.get(target);
  if (user && !user.deleted && user.bot_id === null) return openDirect(workspace, user.id).channel;
  const name = target.replace(/^#/u, '');
  const channel =
    workspace.channels.get(target) ?? workspace.channels.values().find((row) => row.kind !== 'im' && row.name === name);
  if (!channel) throw new Refusal('channel_not_found');
  requireScopeFor(call, channel);
  if (channel.kind === 'private' && !isMember(call, channel)) throw new Refusal('channel_not_found');
  return channel;
}

/** Refuses to post where the app may not. `open`: the method reaches public channels with chat:write.public. */
export function checkMayPost(call: MethodCall, channel: ChannelRecord, open: boolean): void {
  const { manifest } = call.workspace;
  if (channel.is_archived) throw new Refusal('is_archived');
  if (channel.kind === 'im' && manifest.messagesTab === 'off') throw new Refusal('messages_tab_disabled');
  if (isMember(call, channel)) return;
  if (!open || channel.kind !== 'public' || !manifest.scopes.includes('chat:write.public'))
    throw new Refusal('not_in_channel');
}

/** Name and icon of the message, which need a scope of their own. */
function customization(call: MethodCall): Pick<MessageRecord, 'username' | 'icon'> {
  const { scopes } = call.workspace.manifest;
  const emoji = asString(call.args.icon_emoji);
  const url = asString(call.args.icon_url);
  const username = asString(call.args.username);
  if (emoji === undefined && url === undefined && username === undefined) return { username: null, icon: null };
  requireScope(['chat:write.customize'], scopes);
  return { username: username ?? null, icon: emoji ? { emoji } : url ? { image_36: url } : null };
}

/** The ts of the parent, checked. Slack takes the ts of a reply too, but then the thread breaks, so it is refused. */
function parentOf(call: MethodCall, channel: ChannelRecord): string | null {
  const ts = text(call, 'thread_ts');
  if (ts === '') return null;
  const parent = call.workspace.messages(channel.id).get(ts);
  if (!parent || parent.ephemeral_to !== null) throw new Refusal('cannot_reply_to_message');
  if (parent.thread_ts !== null && parent.thread_ts !== parent.ts) throw new Refusal('cannot_reply_to_message');
  return ts;
}

function warningsJson(warnings: readonly string[]): JsonObject {
  return warnings.length === 0 ? {} : { warning: warnings.join(','), response_metadata: { warnings } };
}

const postMessage: MethodHandler = (call) => {
  const { workspace, args } = call;
  const channel = targetChannel(call);
  checkMayPost(call, channel, true);
  const content = checkContent(call.method, args);
  const custom = customization(call);
  const thread = parentOf(call, channel);
  if (call.limits.checkPost(channel.id) !== null) throw new Refusal('ratelimited', { retry_after: 1 });
  const message = addMessage(workspace, {
    channel: channel.id,
    user: workspace.app.botUser,
    bot_id: workspace.app.botId,
    text: content.text ?? '',
    blocks: content.blocks ?? [],
    attachments: content.attachments ?? [],
    metadata: content.metadata,
    thread_ts: thread,
    broadcast: thread !== null && args.reply_broadcast === true,
    ...custom,
  });
  return {
    channel: channel.id,
    ts: message.ts,
    message: messageJson(workspace, message),
    ...warningsJson(content.warnings),
  };
};

const postEphemeral: MethodHandler = (call) => {
  const { workspace } = call;
  const channel = targetChannel(call);
  checkMayPost(call, channel, false);
  const user = text(call, 'user');
  const content = checkContent(call.method, call.args);
  const custom = customization(call);
  if (!channel.members.includes(user) || workspace.users.get(user)?.deleted) throw new Refusal('user_not_in_channel');
  const message = addMessage(workspace, {
    channel: channel.id,
    user: workspace.app.botUser,
    bot_id: workspace.app.botId,
    text: content.text ?? '',
    blocks: content.blocks ?? [],
    attachments: content.attachments ?? [],
    thread_ts: parentOf(call, channel),
    ephemeral_to: user,
    ...custom,
  });
  return { message_ts: message.ts };
};

/** A message of the app itself. */
function ownMessage(call: MethodCall, refusal: string): { channel: ChannelRecord; message: MessageRecord } {
  const channel = call.workspace.channels.get(text(call, 'channel'));
  if (!channel || (channel.kind === 'private' && !isMember(call, channel))) throw new Refusal('channel_not_found');
  const message = getMessage(call, channel, 'ts');
  if (message.bot_id !== call.workspace.app.botId || message.subtype?.startsWith('channel_'))
    throw new Refusal(refusal);
  return { channel, message };
}

function hasRichText(blocks: readonly JsonObject[]): boolean {
  return blocks.some((block) => block.type === 'rich_text');
}

const update: MethodHandler = (call) => {
  const { workspace } = call;
  const { channel, message } = ownMessage(call, 'cant_update_message');
  if (channel.is_archived) throw new Refusal('is_inactive');
  const content = checkContent(call.method, call.args);
  const blocks = content.blocks ?? (content.text === null ? message.blocks : []);
  if (hasRichText(message.blocks) && blocks.length > 0 && !hasRichText(blocks)) throw new Refusal('block_mismatch');
  const emptied = content.metadata !== null && Object.keys(content.metadata).length === 0;
  const changed = changeMessage(workspace, message, {
    patch: {
      text: content.text ?? message.text,
      blocks,
      attachments: content.attachments ?? message.attachments,
      metadata: emptied ? null : (content.metadata ?? message.metadata),
      // With blocks Slack shows no "(edited)".
      edited: content.blocks === null ? { user: message.user, ts: workspace.nextTs() } : message.edited,
    },
  });
  return { channel: channel.id, ts: message.ts, text: changed.text, message: messageJson(workspace, changed) };
};

const remove: MethodHandler = (call) => {
  const { channel, message } = ownMessage(call, 'cant_delete_message');
  removeMessage(call.workspace, message);
  return { channel: channel.id, ts: message.ts };
};

const getPermalink: MethodHandler = (call) => {
  const { workspace } = call;
  const channel = workspace.channels.get(text(call, 'channel'));
  if (!channel || (channel.kind !== 'public' && !isMember(call, channel))) throw new Refusal('channel_not_found');
  const message = getMessage(call, channel, 'message_ts');
  const thread =
    message.thread_ts && message.thread_ts !== message.ts ? `?thread_ts=${message.thread_ts}&cid=${channel.id}` : '';
  const permalink = `https://${workspace.team.domain}.slack.com/archives/${channel.id}/p${message.ts.replace('.', '')}${thread}`;
  return { channel: channel.id, permalink };
};

const FOUR_MONTHS = 120 * 86_400;

const scheduleMessage: MethodHandler = (call) => {
  const { workspace, args } = call;
  const channel = targetChannel(call);
  checkMayPost(call, channel, true);
  const content = checkContent(call.method, args);
  const thread = parentOf(call, channel);
  const postAt = Number(args.post_at);
  if (postAt <= workspace.seconds()) throw new Refusal('time_in_past');
  if (postAt > workspace.seconds() + FOUR_MONTHS) throw new Refusal('time_too_far');
  const id = workspace.newId('Q');
  const draft: JsonObject = {
    text: content.text ?? '',
    blocks: content.blocks ?? [],
    attachments: content.attachments ?? [],
    metadata: content.metadata,
    thread_ts: thread,
  };
  workspace.scheduled.set(id, { id, channel: channel.id, post_at: postAt, draft });
  return {
    channel: channel.id,
    scheduled_message_id: id,
    post_at: postAt,
    message: { type: 'delayed_message', text: content.text ?? '' },
  };
};

/** chat.* */
export const CHAT_METHODS: Readonly<Record<string, MethodHandler>> = {
  'chat.postMessage': postMessage,
  'chat.postEphemeral': postEphemeral,
  'chat.update': update,
  'chat.delete': remove,
  'chat.getPermalink': getPermalink,
  'chat.scheduleMessage': scheduleMessage,
};
