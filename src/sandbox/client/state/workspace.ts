import type { ClientChannel, ClientEvent, ClientMessage, ClientState } from '../../client-protocol.ts';

export type Connection = 'connecting' | 'open' | 'reconnecting';

/** A line that only this person sees: what an app did wrong, what the sandbox refused. */
export type Notice = {
  readonly id: number;
  readonly channel: string | null;
  readonly text: string;
  readonly error: string;
};

/** All that the page knows. Threads are kept under `channel:ts`. */
export type Workspace = {
  readonly connection: Connection;
  readonly failure: string | null;
  readonly data: ClientState | null;
  readonly messages: Readonly<Record<string, readonly ClientMessage[]>>;
  readonly threads: Readonly<Record<string, readonly ClientMessage[]>>;
  readonly notices: readonly Notice[];
  readonly nextNotice: number;
};

export type Change =
  | { readonly type: 'connection'; readonly connection: Connection }
  | { readonly type: 'failed'; readonly text: string }
  | { readonly type: 'loaded'; readonly data: ClientState }
  | { readonly type: 'messages'; readonly channel: string; readonly messages: readonly ClientMessage[] }
  | { readonly type: 'thread'; readonly key: string; readonly messages: readonly ClientMessage[] }
  | { readonly type: 'refused'; readonly channel: string | null; readonly text: string; readonly error: string }
  | { readonly type: 'dismiss'; readonly id: number }
  /** Forgets what is not on the screen, because it may be old after a break in the connection. */
  | { readonly type: 'forget'; readonly channel: string; readonly thread: string }
  | { readonly type: 'event'; readonly event: ClientEvent };

export const EMPTY_WORKSPACE: Workspace = {
  connection: 'connecting',
  failure: null,
  data: null,
  messages: {},
  threads: {},
  notices: [],
  nextNotice: 1,
};

/** The key of a thread in `Workspace.threads`. */
export function threadKey(channel: string, ts: string): string {
  return `${channel}:${ts}`;
}

/** Puts a message where its time says, or in the place of the one with the same time. */
export function placeMessage(list: readonly ClientMessage[], message: ClientMessage): readonly ClientMessage[] {
  const index = list.findIndex((other) => other.ts === message.ts);
  if (index >= 0) return list.with(index, message);
  const later = list.findIndex((other) => Number(other.ts) > Number(message.ts));
  return later < 0 ? [...list, message] : list.toSpliced(later, 0, message);
}

/** What the page knows after one change. Pure. */
export function reduce(state: Workspace, change: Change): Workspace {
  switch (change.type) {
    case 'connection':
      return { ...state, connection: change.connection };
    case 'failed':
      return { ...state, failure: change.text };
    case 'loaded':
      return { ...state, data: change.data, failure: null };
    case 'messages':
      return { ...state, messages: { ...state.messages, [change.channel]: change.messages } };
    case 'thread':
      return { ...state, threads: { ...state.threads, [change.key]: change.messages } };
    case 'refused':
      return addNotice(state, change);
    case 'dismiss':
      return { ...state, notices: state.notices.filter((notice) => notice.id !== change.id) };
    case 'forget':
      return { ...state, messages: only(state.messages, change.channel), threads: only(state.threads, change.thread) };
    case 'event':
      return reduceEvent(state, change.event);
    default:
      return change satisfies never;
  }
}

function only<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  const kept = record[key];
  return kept === undefined ? {} : { [key]: kept };
}

function addNotice(state: Workspace, notice: Omit<Notice, 'id'>): Workspace {
  const added = { id: state.nextNotice, channel: notice.channel, text: notice.text, error: notice.error };
  return { ...state, nextNotice: state.nextNotice + 1, notices: [...state.notices, added].slice(-4) };
}

function reduceEvent(state: Workspace, event: ClientEvent): Workspace {
  switch (event.type) {
    case 'message':
    case 'message_changed':
      return storeMessage(state, event.message);
    case 'message_deleted':
      return dropMessage(state, event.channel, event.ts);
    case 'notice':
      return addNotice(state, event);
    default:
      return state.data === null ? state : { ...state, data: reduceData(state.data, event) };
  }
}

function reduceData(
  data: ClientState,
  event: Exclude<ClientEvent, { type: 'message' | 'message_changed' | 'message_deleted' | 'notice' }>,
): ClientState {
  switch (event.type) {
    case 'channel':
      return { ...data, channels: placeChannel(data.channels, event.channel) };
    case 'views':
      return { ...data, views: event.views };
    case 'home':
      return { ...data, home: event.view };
    case 'app':
      return { ...data, app: { ...data.app, connected: event.connected } };
    default:
      // A newer server may say more than this page knows; that must not stop it.
      return data;
  }
}

function placeChannel(channels: readonly ClientChannel[], channel: ClientChannel): readonly ClientChannel[] {
  const index = channels.findIndex((other) => other.id === channel.id);
  return index < 0 ? [...channels, channel] : channels.with(index, channel);
}

/** A list that was never loaded stays so: a single new message in it would look like the whole history. */
function storeMessage(state: Workspace, message: ClientMessage): Workspace {
  const { channel, thread_ts: parent } = message;
  const key = threadKey(channel, parent ?? message.ts);
  const thread = state.threads[key];
  const threads = thread === undefined ? state.threads : { ...state.threads, [key]: placeMessage(thread, message) };
  const list = state.messages[channel];
  const isReply = parent !== null && parent !== message.ts && message.subtype !== 'thread_broadcast';
  if (list === undefined || isReply) return { ...state, threads };
  return { ...state, threads, messages: { ...state.messages, [channel]: placeMessage(list, message) } };
}

function dropMessage(state: Workspace, channel: string, ts: string): Workspace {
  const without = (list: readonly ClientMessage[]) => list.filter((message) => message.ts !== ts);
  const list = state.messages[channel];
  const threads = Object.fromEntries(
    Object.entries(state.threads).map(([key, thread]) => [
      key,
      key.startsWith(`${channel}:`) ? without(thread) : thread,
    ]),
  );
  return list === undefined
    ? { ...state, threads }
    : { ...state, threads, messages: { ...state.messages, [channel]: without(list) } };
}
