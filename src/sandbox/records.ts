import type { JsonObject } from './json.ts';

/** A person or the bot itself. */
export type UserRecord = {
  readonly id: string;
  readonly name: string;
  readonly real_name: string;
  readonly title: string;
  readonly email: string;
  readonly tz: string;
  readonly color: string;
  /** The bot's id (`B…`) when this is the app's own user, else null. */
  readonly bot_id: string | null;
  readonly is_admin: boolean;
  readonly is_restricted: boolean;
  /** True for a deactivated account. */
  readonly deleted: boolean;
};

export type NoteRecord = { readonly value: string; readonly creator: string; readonly last_set: number };

export type BookmarkRecord = {
  readonly id: string;
  readonly title: string;
  readonly link: string;
  readonly emoji: string;
  readonly created: number;
};

export type PinRecord = { readonly ts: string; readonly user: string; readonly created: number };

export type ChannelRecord = {
  readonly id: string;
  readonly name: string;
  readonly kind: 'public' | 'private' | 'im';
  /** Unix seconds. */
  readonly created: number;
  readonly creator: string;
  readonly topic: NoteRecord;
  readonly purpose: NoteRecord;
  readonly members: readonly string[];
  readonly is_archived: boolean;
  readonly is_general: boolean;
  readonly previous_names: readonly string[];
  readonly pins: readonly PinRecord[];
  readonly bookmarks: readonly BookmarkRecord[];
  /** For each person the ts of the last message read. */
  readonly read: Readonly<Record<string, string>>;
};

export type ReactionRecord = { readonly name: string; readonly users: readonly string[] };

export type MessageRecord = {
  readonly channel: string;
  readonly ts: string;
  readonly thread_ts: string | null;
  readonly user: string;
  readonly bot_id: string | null;
  readonly text: string;
  readonly blocks: readonly JsonObject[];
  readonly attachments: readonly JsonObject[];
  readonly files: readonly string[];
  readonly edited: { readonly user: string; readonly ts: string } | null;
  readonly subtype: string | null;
  /** The only reader, or null for everybody. */
  readonly ephemeral_to: string | null;
  readonly reactions: readonly ReactionRecord[];
  readonly metadata: JsonObject | null;
  readonly reply_count: number;
  readonly reply_users: readonly string[];
  readonly latest_reply: string | null;
  /** Name and icon that the app chose for this message (chat:write.customize). */
  readonly username: string | null;
  readonly icon: JsonObject | null;
};

export type FileRecord = {
  readonly id: string;
  readonly user: string;
  readonly name: string;
  readonly title: string;
  readonly mimetype: string;
  readonly size: number;
  readonly alt_text: string | null;
  readonly created: number;
  readonly state: 'waiting' | 'uploaded' | 'complete' | 'deleted';
  /** The secret part of the upload address. */
  readonly ticket: string;
  readonly channels: readonly string[];
};

export type ViewRecord = {
  readonly id: string;
  readonly user: string;
  readonly type: 'modal' | 'home';
  readonly hash: string;
  readonly root_view_id: string;
  readonly previous_view_id: string | null;
  readonly external_id: string;
  /** What the app sent, with the ids that were missing filled in. */
  readonly view: JsonObject;
  /** `view.state.values` as last seen. */
  readonly values: JsonObject;
};

export type UsergroupRecord = {
  readonly id: string;
  readonly handle: string;
  readonly name: string;
  readonly users: readonly string[];
};

export type ResponseUrlRecord = {
  readonly id: string;
  readonly channel: string;
  readonly user: string;
  /** Unix milliseconds. */
  readonly created: number;
  readonly uses: number;
  /** The message that was clicked; null for a slash command. */
  readonly message_ts: string | null;
  readonly thread_ts: string | null;
};

export type ScheduledRecord = {
  readonly id: string;
  readonly channel: string;
  readonly post_at: number;
  readonly draft: JsonObject;
};

/** An event that the app has not acknowledged yet. */
export type PendingEventRecord = {
  readonly id: string;
  readonly payload: JsonObject;
  readonly attempt: number;
  readonly reason: string | null;
  /** Unix milliseconds of the next attempt. */
  readonly due: number;
};
