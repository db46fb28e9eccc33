import type { JsonObject } from './json.ts';
import type { ChannelRecord, UserRecord } from './records.ts';
import { Refusal } from './refusal.ts';
import type { Workspace } from './workspace.ts';

/** A person who may use the client. Errors: unknown_person (nobody, the bot, a deactivated account). */
export function getPerson(workspace: Workspace, id: string | null): UserRecord {
  const user = workspace.users.get(id ?? '');
  if (!user || user.deleted || user.bot_id !== null) throw new Refusal('unknown_person');
  return user;
}

/** True when the person can open the channel: public ones unless a guest, others as a member. */
export function canSee(workspace: Workspace, channel: ChannelRecord, user: string): boolean {
  if (channel.members.includes(user)) return true;
  return channel.kind === 'public' && workspace.users.get(user)?.is_restricted !== true;
}

/** The channel by id or by `#name`. Errors: channel_not_found. */
export function getVisibleChannel(workspace: Workspace, user: string, idOrName: string): ChannelRecord {
  const name = idOrName.replace(/^#/u, '');
  const channel =
    workspace.channels.get(idOrName) ??
    workspace.channels.values().find((row) => row.kind !== 'im' && row.name === name);
  if (!channel || !canSee(workspace, channel, user)) throw new Refusal('channel_not_found');
  return channel;
}

/** How a person appears in the payload of an interaction. */
export function personJson(workspace: Workspace, user: UserRecord): JsonObject {
  return { id: user.id, username: user.name, name: user.name, team_id: workspace.team.id };
}

/** How the channel of an interaction is called in payloads. */
export function channelNameFor(channel: ChannelRecord): string {
  if (channel.kind === 'im') return 'directmessage';
  return channel.kind === 'private' ? 'privategroup' : channel.name;
}
