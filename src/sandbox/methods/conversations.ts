import { fieldLimit } from '../block-kit-data.ts';
import { channelJson } from '../channel-json.ts';
import { findDirect, openDirect } from '../membership.ts';
import { addMessage } from '../messages.ts';
import {
  getChannel,
  getOwnChannel,
  isMember,
  list,
  type MethodCall,
  type MethodHandler,
  paginate,
  refuseArchived,
  refuseDirect,
  text,
} from '../method-call.ts';
import type { ChannelRecord, NoteRecord } from '../records.ts';
import { Refusal } from '../refusal.ts';
import { requireScope, scopesForKind } from '../scopes.ts';
import { emptyChannel } from '../workspace.ts';

/** Refuses a channel name that Slack would refuse. Errors: invalid_name_required, _maxlength, _punctuation, _specials. */
export function checkChannelName(name: string): string {
  if (name === '') throw new Refusal('invalid_name_required');
  if (name.length > fieldLimit('channel_name', 'max_chars')) throw new Refusal('invalid_name_maxlength');
  if (/^[-_]+$/u.test(name)) throw new Refusal('invalid_name_punctuation');
  if (!/^[a-z0-9_-]+$/u.test(name)) throw new Refusal('invalid_name_specials');
  return name;
}

function checkFree(call: MethodCall, name: string): void {
  // An archived channel keeps its name.
  if (call.workspace.channels.values().some((row) => row.kind !== 'im' && row.name === name))
    throw new Refusal('name_taken');
}

const create: MethodHandler = (call) => {
  const { workspace } = call;
  const kind = call.args.is_private === true ? 'private' : 'public';
  requireScope(scopesForKind(call.facts.scopes, kind), workspace.manifest.scopes);
  const name = checkChannelName(text(call, 'name'));
  checkFree(call, name);
  const { botUser } = workspace.app;
  const id = workspace.newId('C');
  const channel = workspace.store.atomically(() =>
    workspace.channels.set(id, {
      ...emptyChannel({ id, name, kind, created: workspace.seconds(), creator: botUser }),
      members: [botUser],
    }),
  );
  workspace.announce({ type: 'channel', channel, change: 'created', actor: botUser });
  addMessage(workspace, {
    channel: id,
    user: botUser,
    text: `<@${botUser}> has joined the channel`,
    subtype: 'channel_join',
  });
  return { channel: channelJson(workspace, channel) };
};

const info: MethodHandler = (call) => {
  const channel = getChannel(call);
  const count = call.args.include_num_members === true ? { num_members: channel.members.length } : {};
  return { channel: { ...channelJson(call.workspace, channel), ...count } };
};

const KIND_OF_TYPE: Readonly<Record<string, ChannelRecord['kind']>> = {
  public_channel: 'public',
  private_channel: 'private',
  im: 'im',
};

/** The channels of the types that a listing asks for. Errors: invalid_types, missing_scope for each type alone. */
function wantedChannels(call: MethodCall): ChannelRecord[] {
  const types = list(call, 'types');
  const kinds = (types.length > 0 ? types : ['public_channel']).map((type) => {
    if (type !== 'mpim' && KIND_OF_TYPE[type] === undefined) throw new Refusal('invalid_types');
    const kind = KIND_OF_TYPE[type];
    requireScope(kind ? scopesForKind(call.facts.scopes, kind) : ['mpim:read'], call.workspace.manifest.scopes);
    return kind;
  });
  const skipArchived = call.args.exclude_archived === true;
  return call.workspace.channels
    .values()
    .filter((row) => kinds.includes(row.kind) && !(skipArchived && row.is_archived));
}

const listAll: MethodHandler = (call) => {
  const visible = wantedChannels(call).filter((row) => row.kind === 'public' || isMember(call, row));
  const { page, nextCursor } = paginate(call, visible, { defaultLimit: 100, maxLimit: 999 });
  return {
    channels: page.map((row) => channelJson(call.workspace, row)),
    response_metadata: { next_cursor: nextCursor },
  };
};

const ofUser: MethodHandler = (call) => {
  const user = text(call, 'user') || call.workspace.app.botUser;
  if (!call.workspace.users.get(user)) throw new Refusal('user_not_found');
  const visible = wantedChannels(call).filter(
    (row) => row.members.includes(user) && (row.kind === 'public' || isMember(call, row)),
  );
  const { page, nextCursor } = paginate(call, visible, { defaultLimit: 100, maxLimit: 999 });
  return {
    channels: page.map((row) => channelJson(call.workspace, row)),
    response_metadata: { next_cursor: nextCursor },
  };
};

const rename: MethodHandler = (call) => {
  const { workspace } = call;
  const channel = getOwnChannel(call);
  refuseDirect(channel);
  refuseArchived(channel);
  const name = checkChannelName(text(call, 'name'));
  if (name !== channel.name) checkFree(call, name);
  const renamed = workspace.channels.set(channel.id, {
    ...channel,
    name,
    previous_names: [channel.name, ...channel.previous_names],
  });
  workspace.announce({ type: 'channel', channel: renamed, change: 'renamed', actor: workspace.app.botUser });
  addMessage(workspace, {
    channel: channel.id,
    user: workspace.app.botUser,
    text: `has renamed the channel from "${channel.name}" to "${name}"`,
    subtype: 'channel_name',
  });
  return { channel: channelJson(workspace, renamed) };
};

function setNote(call: MethodCall, field: 'topic' | 'purpose'): ReturnType<MethodHandler> {
  const { workspace } = call;
  const channel = getOwnChannel(call);
  refuseDirect(channel);
  refuseArchived(channel);
  const value = text(call, field);
  if (value.length > fieldLimit(`channel_${field}`, 'max_chars')) throw new Refusal('too_long');
  const note: NoteRecord = { value, creator: workspace.app.botUser, last_set: workspace.seconds() };
  const changed = workspace.channels.set(channel.id, { ...channel, [field]: note });
  workspace.announce({ type: 'channel', channel: changed, change: 'notes', actor: workspace.app.botUser });
  const line = value === '' ? `cleared the channel ${field}` : `set the channel ${field}: ${value}`;
  addMessage(workspace, { channel: channel.id, user: workspace.app.botUser, text: line, subtype: `channel_${field}` });
  return { channel: channelJson(workspace, changed), [field]: value };
}

function setArchived(call: MethodCall, archived: boolean): ReturnType<MethodHandler> {
  const { workspace } = call;
  const channel = archived ? getOwnChannel(call) : getChannel(call);
  refuseDirect(channel);
  if (archived && channel.is_general) throw new Refusal('cant_archive_general');
  if (channel.is_archived === archived) throw new Refusal(archived ? 'already_archived' : 'not_archived');
  const changed = workspace.channels.set(channel.id, { ...channel, is_archived: archived });
  const change = archived ? 'archived' : 'unarchived';
  workspace.announce({ type: 'channel', channel: changed, change, actor: workspace.app.botUser });
  const subtype = archived ? 'channel_archive' : 'channel_unarchive';
  addMessage(workspace, { channel: channel.id, user: workspace.app.botUser, text: `${change} the channel`, subtype });
  return {};
}

const open: MethodHandler = (call) => {
  const { workspace } = call;
  const users = list(call, 'users');
  const byId = text(call, 'channel');
  if (byId !== '') {
    const channel = workspace.channels.get(byId);
    if (channel?.kind !== 'im') throw new Refusal('channel_not_found');
    return {
      no_op: true,
      already_open: true,
      channel: call.args.return_im ? channelJson(workspace, channel) : { id: channel.id },
    };
  }
  if (users.length === 0) throw new Refusal('users_list_not_supplied');
  if (users.length > fieldLimit('conversations.open.users', 'max_items')) throw new Refusal('too_many_users');
  for (const id of users) {
    const user = workspace.users.get(id);
    if (!user || user.bot_id !== null) throw new Refusal('user_not_found');
    if (user.deleted) throw new Refusal('user_disabled');
  }
  const [user = ''] = users;
  // Group conversations are outside of what this workspace keeps.
  if (users.length > 1) throw new Refusal('invalid_user_combination');
  requireScope(['im:write'], workspace.manifest.scopes);
  if (call.args.prevent_creation === true && !findDirect(workspace, user)) throw new Refusal('channel_not_found');
  const { channel, isNew } = openDirect(workspace, user);
  const again = isNew ? {} : { no_op: true, already_open: true };
  return { ...again, channel: call.args.return_im ? channelJson(workspace, channel) : { id: channel.id } };
};

/** conversations.* about the channel itself, and users.conversations. */
export const CONVERSATION_METHODS: Readonly<Record<string, MethodHandler>> = {
  'conversations.create': create,
  'conversations.info': info,
  'conversations.list': listAll,
  'conversations.rename': rename,
  'conversations.setTopic': (call) => setNote(call, 'topic'),
  'conversations.setPurpose': (call) => setNote(call, 'purpose'),
  'conversations.archive': (call) => setArchived(call, true),
  'conversations.unarchive': (call) => setArchived(call, false),
  'conversations.open': open,
  'users.conversations': ofUser,
};
