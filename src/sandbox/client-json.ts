import type { KnownBlock } from '@slack/types';
import type { ClientChannel, ClientFile, ClientMessage, ClientView, Persona } from './client-protocol.ts';
import { canSee } from './people.ts';
import type { ChannelRecord, MessageRecord, UserRecord, ViewRecord } from './records.ts';
import { viewJson } from './view-desk.ts';
import type { Workspace } from './workspace.ts';

export function personaOf(user: UserRecord): Persona {
  const { id, name, real_name, title, color, is_restricted } = user;
  return { id, name, real_name, title, color, is_bot: user.bot_id !== null, is_restricted };
}

function clientFile(workspace: Workspace, id: string): ClientFile[] {
  const file = workspace.files.get(id);
  if (file?.state !== 'complete') return [];
  const { name, title, mimetype, size, alt_text } = file;
  return [{ id, name, title, mimetype, size, alt_text }];
}

export function clientMessage(workspace: Workspace, row: MessageRecord): ClientMessage {
  const event = row.metadata as ClientMessage['metadata'];
  return {
    channel: row.channel,
    ts: row.ts,
    thread_ts: row.thread_ts,
    user: row.user,
    text: row.text,
    // Checked by the Block Kit rules when they came in.
    blocks: row.blocks as unknown as readonly KnownBlock[],
    files: row.files.flatMap((id) => clientFile(workspace, id)),
    edited: row.edited !== null,
    deleted: false,
    ephemeral: row.ephemeral_to !== null,
    subtype: row.subtype,
    reply_count: row.reply_count,
    reply_users: row.reply_users,
    reactions: row.reactions,
    metadata: event && Object.keys(event).length > 0 ? event : null,
  };
}

/** True when the message is in the channel itself, not in a thread alone. */
export function isTopLevel(row: MessageRecord): boolean {
  return row.thread_ts === null || row.thread_ts === row.ts || row.subtype === 'thread_broadcast';
}

function isMentioned(workspace: Workspace, row: MessageRecord, user: string): boolean {
  if (row.text.includes(`<@${user}`) || /<!(channel|here|everyone)/u.test(row.text)) return true;
  return workspace.usergroups
    .values()
    .some((group) => group.users.includes(user) && row.text.includes(`<!subteam^${group.id}`));
}

export function clientChannel(workspace: Workspace, row: ChannelRecord, user: string): ClientChannel {
  const read = Number(row.read[user] ?? 0);
  const member = row.members.includes(user);
  const fresh = member
    ? workspace
        .messages(row.id)
        .values()
        .filter(
          (m) =>
            Number(m.ts) > read &&
            m.user !== user &&
            m.subtype === null &&
            isTopLevel(m) &&
            [null, user].includes(m.ephemeral_to),
        )
    : [];
  const mentions = row.kind === 'im' ? fresh : fresh.filter((message) => isMentioned(workspace, message, user));
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    topic: row.topic.value,
    purpose: row.purpose.value,
    is_member: member,
    is_archived: row.is_archived,
    members: row.members,
    pins: row.pins.map((pin) => pin.ts),
    unread: fresh.length,
    mentions: mentions.length,
    user: row.kind === 'im' ? (row.members.find((id) => id !== user) ?? null) : null,
  };
}

/** The channels that a person sees: their own, and public ones unless they are a guest. */
export function clientChannels(workspace: Workspace, user: string): ClientChannel[] {
  return workspace.channels
    .values()
    .filter((row) => canSee(workspace, row, user))
    .map((row) => clientChannel(workspace, row, user));
}

export function clientView(workspace: Workspace, view: ViewRecord): ClientView {
  return viewJson(workspace, view) as unknown as ClientView;
}
