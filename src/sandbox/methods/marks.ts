import { messageJson } from '../messages.ts';
import {
  getChannel,
  getMessage,
  getOwnChannel,
  type MethodCall,
  type MethodHandler,
  refuseArchived,
  text,
} from '../method-call.ts';
import { setReaction } from '../reactions.ts';
import type { BookmarkRecord, ChannelRecord, MessageRecord } from '../records.ts';
import { Refusal } from '../refusal.ts';

/** Slack's number of pins in a channel. */
const MOST_PINS = 100;
/** Slack's number of bookmarks in a channel. */
const MOST_BOOKMARKS = 100;

function pinTarget(call: MethodCall): { channel: ChannelRecord; message: MessageRecord } {
  const channel = getOwnChannel(call);
  if (text(call, 'timestamp') === '') throw new Refusal('no_item_specified');
  return { channel, message: getMessage(call, channel, 'timestamp') };
}

const pin: MethodHandler = (call) => {
  const { workspace } = call;
  const { channel, message } = pinTarget(call);
  if (channel.pins.some((row) => row.ts === message.ts)) throw new Refusal('already_pinned');
  if (channel.pins.length >= MOST_PINS) throw new Refusal('too_many_pins');
  const row = { ts: message.ts, user: workspace.app.botUser, created: workspace.seconds() };
  const pinned = workspace.channels.set(channel.id, { ...channel, pins: [row, ...channel.pins] });
  workspace.announce({ type: 'pin', channel: pinned, message, user: workspace.app.botUser, added: true });
  return {};
};

const unpin: MethodHandler = (call) => {
  const { workspace } = call;
  const { channel, message } = pinTarget(call);
  if (!channel.pins.some((row) => row.ts === message.ts)) throw new Refusal('no_pin');
  const left = workspace.channels.set(channel.id, {
    ...channel,
    pins: channel.pins.filter((row) => row.ts !== message.ts),
  });
  workspace.announce({ type: 'pin', channel: left, message, user: workspace.app.botUser, added: false });
  return {};
};

const pins: MethodHandler = (call) => {
  const channel = getChannel(call);
  const items = channel.pins.flatMap((row) => {
    const message = call.workspace.messages(channel.id).get(row.ts);
    if (!message) return [];
    const shown = messageJson(call.workspace, message);
    return [{ type: 'message', channel: channel.id, created: row.created, created_by: row.user, message: shown }];
  });
  return { items };
};

function reactionTarget(call: MethodCall): { channel: ChannelRecord; message: MessageRecord } {
  if (text(call, 'channel') === '' || text(call, 'timestamp') === '') throw new Refusal('no_item_specified');
  const channel = getChannel(call);
  return { channel, message: getMessage(call, channel, 'timestamp') };
}

function react(call: MethodCall, added: boolean): ReturnType<MethodHandler> {
  const { channel, message } = reactionTarget(call);
  if (added) refuseArchived(channel);
  setReaction(call.workspace, message, { name: text(call, 'name'), user: call.workspace.app.botUser, added });
  return {};
}

const reactions: MethodHandler = (call) => {
  const { channel, message } = reactionTarget(call);
  return { type: 'message', channel: channel.id, message: messageJson(call.workspace, message) };
};

function bookmarkJson(channel: ChannelRecord, row: BookmarkRecord): Record<string, string | number | null> {
  return { ...row, channel_id: channel.id, type: 'link', emoji: row.emoji || null, date_created: row.created };
}

function checkLink(link: string): void {
  if (!/^https?:\/\/\S+$/u.test(link)) throw new Refusal('invalid_link');
}

function saveBookmarks(call: MethodCall, channel: ChannelRecord, bookmarks: readonly BookmarkRecord[]): void {
  const changed = call.workspace.channels.set(channel.id, { ...channel, bookmarks });
  call.workspace.announce({
    type: 'channel',
    channel: changed,
    change: 'bookmarks',
    actor: call.workspace.app.botUser,
  });
}

function bookmarkChannel(call: MethodCall): ChannelRecord {
  const channel = getChannel(call, 'channel_id');
  if (!channel.members.includes(call.workspace.app.botUser)) throw new Refusal('channel_not_found');
  return channel;
}

const addBookmark: MethodHandler = (call) => {
  const channel = bookmarkChannel(call);
  if (text(call, 'type') !== 'link') throw new Refusal('invalid_bookmark_type');
  checkLink(text(call, 'link'));
  if (channel.bookmarks.length >= MOST_BOOKMARKS) throw new Refusal('too_many_bookmarks');
  const row: BookmarkRecord = {
    id: call.workspace.newId('Bk'),
    title: text(call, 'title'),
    link: text(call, 'link'),
    emoji: text(call, 'emoji'),
    created: call.workspace.seconds(),
  };
  saveBookmarks(call, channel, [...channel.bookmarks, row]);
  return { bookmark: bookmarkJson(channel, row) };
};

function getBookmark(call: MethodCall, channel: ChannelRecord): BookmarkRecord {
  const row = channel.bookmarks.find((entry) => entry.id === text(call, 'bookmark_id'));
  if (!row) throw new Refusal('not_found');
  return row;
}

const editBookmark: MethodHandler = (call) => {
  const channel = bookmarkChannel(call);
  const row = getBookmark(call, channel);
  if (call.args.link !== undefined) checkLink(text(call, 'link'));
  const edited: BookmarkRecord = {
    ...row,
    title: text(call, 'title') || row.title,
    link: text(call, 'link') || row.link,
    emoji: call.args.emoji === undefined ? row.emoji : text(call, 'emoji'),
  };
  saveBookmarks(
    call,
    channel,
    channel.bookmarks.map((entry) => (entry.id === row.id ? edited : entry)),
  );
  return { bookmark: bookmarkJson(channel, edited) };
};

const removeBookmark: MethodHandler = (call) => {
  const channel = bookmarkChannel(call);
  const row = getBookmark(call, channel);
  saveBookmarks(
    call,
    channel,
    channel.bookmarks.filter((entry) => entry.id !== row.id),
  );
  return {};
};

const bookmarks: MethodHandler = (call) => {
  const channel = bookmarkChannel(call);
  return { bookmarks: channel.bookmarks.map((row) => bookmarkJson(channel, row)) };
};

/** pins.*, reactions.* and bookmarks.* */
export const MARK_METHODS: Readonly<Record<string, MethodHandler>> = {
  'pins.add': pin,
  'pins.remove': unpin,
  'pins.list': pins,
  'reactions.add': (call) => react(call, true),
  'reactions.remove': (call) => react(call, false),
  'reactions.get': reactions,
  'bookmarks.add': addBookmark,
  'bookmarks.edit': editBookmark,
  'bookmarks.remove': removeBookmark,
  'bookmarks.list': bookmarks,
};
