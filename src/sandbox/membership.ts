import { addMessage } from './messages.ts';
import type { ChannelRecord } from './records.ts';
import { emptyChannel, type Workspace } from './workspace.ts';

/** Puts a person into a channel, with the grey line and the event; does nothing for a member. */
export function joinChannel(
  workspace: Workspace,
  channel: ChannelRecord,
  who: { readonly user: string; readonly inviter: string | null },
): ChannelRecord {
  const current = workspace.channels.get(channel.id) ?? channel;
  if (current.members.includes(who.user)) return current;
  return workspace.store.atomically(() => {
    const joined = workspace.channels.set(channel.id, { ...current, members: [...current.members, who.user] });
    workspace.announce({ type: 'member', channel: joined, user: who.user, joined: true, inviter: who.inviter });
    const subtype = channel.kind === 'private' ? 'group_join' : 'channel_join';
    addMessage(workspace, {
      channel: channel.id,
      user: who.user,
      text: `<@${who.user}> has joined the channel`,
      subtype,
    });
    return joined;
  });
}

/** Takes a person out of a channel. */
export function leaveChannel(workspace: Workspace, channel: ChannelRecord, user: string): ChannelRecord {
  return workspace.store.atomically(() => {
    const subtype = channel.kind === 'private' ? 'group_leave' : 'channel_leave';
    addMessage(workspace, { channel: channel.id, user, text: `<@${user}> has left the channel`, subtype });
    const left = workspace.channels.set(channel.id, {
      ...channel,
      members: channel.members.filter((id) => id !== user),
    });
    workspace.announce({ type: 'member', channel: left, user, joined: false, inviter: null });
    return left;
  });
}

/** The direct-message channel between the app and a person; made when it is not there yet. */
export function openDirect(workspace: Workspace, user: string): { channel: ChannelRecord; isNew: boolean } {
  const known = findDirect(workspace, user);
  if (known) return { channel: known, isNew: false };
  const { botUser } = workspace.app;
  const id = workspace.newId('D');
  const created = workspace.seconds();
  const channel = workspace.channels.set(id, {
    ...emptyChannel({ id, name: '', kind: 'im', created, creator: botUser }),
    members: [botUser, user],
  });
  workspace.announce({ type: 'channel', channel, change: 'created', actor: botUser });
  return { channel, isNew: true };
}

/** The direct-message channel if there is one. */
export function findDirect(workspace: Workspace, user: string): ChannelRecord | undefined {
  return workspace.channels.values().find((row) => row.kind === 'im' && row.members.includes(user));
}
