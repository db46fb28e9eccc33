import type { JsonObject } from './json.ts';
import type { ChannelRecord } from './records.ts';
import type { Workspace } from './workspace.ts';

/** A conversation as the Web API shows it. */
export function channelJson(workspace: Workspace, channel: ChannelRecord): JsonObject {
  const { botUser } = workspace.app;
  const common = { id: channel.id, created: channel.created, is_archived: channel.is_archived, is_org_shared: false };
  if (channel.kind === 'im') {
    const user = channel.members.find((id) => id !== botUser) ?? '';
    return { ...common, is_im: true, user, is_user_deleted: workspace.users.get(user)?.deleted ?? false, priority: 0 };
  }
  return {
    ...common,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: channel.kind === 'public',
    is_group: channel.kind === 'private',
    is_im: false,
    is_mpim: false,
    is_private: channel.kind === 'private',
    is_general: channel.is_general,
    is_shared: false,
    is_ext_shared: false,
    is_member: channel.members.includes(botUser),
    unlinked: 0,
    creator: channel.creator,
    context_team_id: workspace.team.id,
    topic: channel.topic,
    purpose: channel.purpose,
    previous_names: channel.previous_names,
    num_members: channel.members.length,
  };
}
