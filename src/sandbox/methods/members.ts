import { fieldLimit } from '../block-kit-data.ts';
import { channelJson } from '../channel-json.ts';
import { joinChannel, leaveChannel } from '../membership.ts';
import {
  getChannel,
  getOwnChannel,
  list,
  type MethodCall,
  type MethodHandler,
  paginate,
  refuseArchived,
  refuseDirect,
  text,
} from '../method-call.ts';
import type { ChannelRecord } from '../records.ts';
import { Refusal, refusalWithMessages } from '../refusal.ts';

/** Why this person cannot be invited, or null. */
function inviteError(call: MethodCall, channel: ChannelRecord, id: string): string | null {
  const user = call.workspace.users.get(id);
  if (!user) return 'user_not_found';
  if (id === call.workspace.app.botUser) return 'cant_invite_self';
  if (user.deleted) return 'cant_invite';
  if (channel.members.includes(id)) return 'already_in_channel';
  return user.is_restricted ? 'user_is_restricted' : null;
}

const invite: MethodHandler = (call) => {
  const { workspace } = call;
  const channel = getOwnChannel(call);
  refuseDirect(channel);
  refuseArchived(channel);
  const users = list(call, 'users');
  if (users.length === 0) throw new Refusal('no_user');
  const most = fieldLimit('conversations.invite.users', 'max_items');
  if (users.length > most) throw refusalWithMessages('invalid_arguments', [`no more than ${most} users allowed`]);
  const errors = users.flatMap((user) => {
    const error = inviteError(call, channel, user);
    return error ? [{ user, ok: false, error }] : [];
  });
  const good = users.filter((user) => !errors.some((row) => row.user === user));
  const [first] = errors;
  if (first && (call.args.force !== true || good.length === 0)) throw new Refusal(first.error, { errors });
  for (const user of good) joinChannel(workspace, channel, { user, inviter: workspace.app.botUser });
  const now = workspace.channels.get(channel.id) ?? channel;
  return { channel: channelJson(workspace, now), ...(errors.length > 0 ? { errors } : {}) };
};

const join: MethodHandler = (call) => {
  const { workspace } = call;
  const channel = workspace.channels.get(text(call, 'channel'));
  if (!channel) throw new Refusal('channel_not_found');
  if (channel.kind !== 'public') throw new Refusal('method_not_supported_for_channel_type');
  refuseArchived(channel);
  const already = channel.members.includes(workspace.app.botUser);
  const joined = joinChannel(workspace, channel, { user: workspace.app.botUser, inviter: null });
  const warning = already
    ? { warning: 'already_in_channel', response_metadata: { warnings: ['already_in_channel'] } }
    : {};
  return { channel: channelJson(workspace, joined), ...warning };
};

const kick: MethodHandler = (call) => {
  const { workspace } = call;
  const channel = getOwnChannel(call);
  refuseDirect(channel);
  const user = text(call, 'user');
  if (user === workspace.app.botUser) throw new Refusal('cant_kick_self');
  if (channel.is_general) throw new Refusal('cant_kick_from_general');
  if (!workspace.users.get(user)) throw new Refusal('user_not_found');
  if (!channel.members.includes(user)) throw new Refusal('not_in_channel');
  leaveChannel(workspace, channel, user);
  return {};
};

const members: MethodHandler = (call) => {
  const channel = getChannel(call);
  const { page, nextCursor } = paginate(call, channel.members, { defaultLimit: 100, maxLimit: 999 });
  return { members: page, response_metadata: { next_cursor: nextCursor } };
};

/** conversations.* about who is in a channel. */
export const MEMBER_METHODS: Readonly<Record<string, MethodHandler>> = {
  'conversations.invite': invite,
  'conversations.join': join,
  'conversations.kick': kick,
  'conversations.members': members,
};
