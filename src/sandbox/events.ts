import type { AppLink } from './app-link.ts';
import type { JsonObject } from './json.ts';
import { messageJson } from './messages.ts';
import type { ChannelRecord, MessageRecord } from './records.ts';
import type { Change, Workspace } from './workspace.ts';

/** Scopes without which an event does not come (any one of them). Source: the reference page of each event. */
const SCOPES: Readonly<Record<string, readonly string[]>> = {
  'message.channels': ['channels:history'],
  'message.groups': ['groups:history'],
  'message.im': ['im:history'],
  app_mention: ['app_mentions:read'],
  reaction_added: ['reactions:read'],
  reaction_removed: ['reactions:read'],
  member_joined_channel: ['channels:read', 'groups:read'],
  member_left_channel: ['channels:read', 'groups:read'],
  channel_created: ['channels:read'],
  channel_rename: ['channels:read'],
  channel_archive: ['channels:read'],
  channel_unarchive: ['channels:read'],
  group_rename: ['groups:read'],
  group_archive: ['groups:read'],
  group_unarchive: ['groups:read'],
  pin_added: ['pins:read'],
  pin_removed: ['pins:read'],
  app_home_opened: [],
};

const MESSAGE_EVENTS = { public: 'message.channels', private: 'message.groups', im: 'message.im' } as const;
const CHANNEL_TYPES = { public: 'channel', private: 'group', im: 'im' } as const;

/** True when the manifest subscribes to the event and has a scope for it. */
export function isSubscribed(workspace: Workspace, name: string): boolean {
  const needed = SCOPES[name];
  const { events, scopes } = workspace.manifest;
  return (
    needed !== undefined &&
    events.includes(name) &&
    (needed.length === 0 || needed.some((scope) => scopes.includes(scope)))
  );
}

/** Sends the app what it has subscribed to; returns how to stop. */
export function sendEvents(workspace: Workspace, link: AppLink): () => void {
  return workspace.watch((change) => {
    for (const [name, event] of eventsFor(workspace, change)) {
      if (isSubscribed(workspace, name)) link.event({ event_ts: workspace.nextTs(), ...event });
    }
  });
}

type Named = readonly [name: string, event: JsonObject];

function eventsFor(workspace: Workspace, change: Change): readonly Named[] {
  switch (change.type) {
    case 'message':
      return messageEvents(workspace, change.message);
    case 'message_changed':
    case 'message_deleted':
      return editEvents(workspace, change);
    case 'reaction':
    case 'pin':
      return markEvents(workspace, change);
    case 'member':
      return memberEvents(workspace, change);
    case 'channel':
      return channelEvents(workspace, change);
    case 'views':
    case 'home':
    case 'notice':
      return [];
    default:
      return change satisfies never;
  }
}

/** The channel when the app may hear of what happens in it. */
function audible(workspace: Workspace, id: string): ChannelRecord | null {
  const channel = workspace.channels.get(id);
  return channel?.members.includes(workspace.app.botUser) ? channel : null;
}

function messageEvents(workspace: Workspace, message: MessageRecord): readonly Named[] {
  const channel = audible(workspace, message.channel);
  if (!channel || message.ephemeral_to !== null) return [];
  const base = { ...messageJson(workspace, message), channel: channel.id, event_ts: message.ts };
  const events: Named[] = [[MESSAGE_EVENTS[channel.kind], { ...base, channel_type: CHANNEL_TYPES[channel.kind] }]];
  const mentioned =
    message.bot_id === null && message.text.includes(`<@${workspace.app.botUser}>`) && message.subtype === null;
  if (mentioned && channel.kind !== 'im') events.push(['app_mention', { ...base, type: 'app_mention' }]);
  return events;
}

function editEvents(
  workspace: Workspace,
  change: Extract<Change, { type: 'message_changed' | 'message_deleted' }>,
): readonly Named[] {
  const { message } = change;
  const channel = audible(workspace, message.channel);
  if (!channel || message.ephemeral_to !== null) return [];
  if (change.type === 'message_changed' && change.silent) return [];
  const ts = workspace.nextTs();
  const base = {
    type: 'message',
    channel: channel.id,
    channel_type: CHANNEL_TYPES[channel.kind],
    hidden: true,
    ts,
    event_ts: ts,
  };
  const previous = messageJson(workspace, change.type === 'message_changed' ? change.previous : message);
  const detail =
    change.type === 'message_changed'
      ? { subtype: 'message_changed', message: messageJson(workspace, message), previous_message: previous }
      : { subtype: 'message_deleted', deleted_ts: message.ts, previous_message: previous };
  return [[MESSAGE_EVENTS[channel.kind], { ...base, ...detail }]];
}

function markEvents(workspace: Workspace, change: Extract<Change, { type: 'reaction' | 'pin' }>): readonly Named[] {
  const { message } = change;
  if (!audible(workspace, message.channel)) return [];
  if (change.type === 'reaction') {
    const type = change.added ? 'reaction_added' : 'reaction_removed';
    const item = { type: 'message', channel: message.channel, ts: message.ts };
    return [[type, { type, user: change.user, reaction: change.name, item, item_user: message.user }]];
  }
  const type = change.added ? 'pin_added' : 'pin_removed';
  const item = {
    type: 'message',
    channel: message.channel,
    created: workspace.seconds(),
    message: messageJson(workspace, message),
  };
  return [
    [type, { type, user: change.user, channel_id: message.channel, item, pin_count: change.channel.pins.length }],
  ];
}

function memberEvents(workspace: Workspace, change: Extract<Change, { type: 'member' }>): readonly Named[] {
  const { channel, user } = change;
  if (!audible(workspace, channel.id) && user !== workspace.app.botUser) return [];
  const type = change.joined ? 'member_joined_channel' : 'member_left_channel';
  const letter = channel.kind === 'public' ? 'C' : 'G';
  const inviter = change.inviter ? { inviter: change.inviter } : {};
  return [[type, { type, user, channel: channel.id, channel_type: letter, team: workspace.team.id, ...inviter }]];
}

function channelEvents(workspace: Workspace, change: Extract<Change, { type: 'channel' }>): readonly Named[] {
  const { channel } = change;
  if (channel.kind === 'im' || (channel.kind === 'private' && !audible(workspace, channel.id))) return [];
  const prefix = channel.kind === 'public' ? 'channel' : 'group';
  const named = { id: channel.id, name: channel.name, created: channel.created };
  switch (change.change) {
    case 'created':
      return prefix === 'channel'
        ? [['channel_created', { type: 'channel_created', channel: { ...named, creator: channel.creator } }]]
        : [];
    case 'renamed':
      return [[`${prefix}_rename`, { type: `${prefix}_rename`, channel: named }]];
    case 'archived':
    case 'unarchived': {
      const type = `${prefix}_${change.change.slice(0, -1)}`;
      return [[type, { type, channel: channel.id, user: change.actor }]];
    }
    case 'notes':
    case 'bookmarks':
    case 'read':
      return [];
    default:
      return change.change satisfies never;
  }
}
