/**
 * What the sandbox's own page (and a test that plays a person) says to the sandbox server. This is not Slack's protocol:
 * it is what Slack's desktop client would do. The bot never speaks it.
 *
 * Every request names the person: `?as=U…`. Answers are JSON; a refusal is `{ ok: false, error, message }` with status 400.
 *
 * | method and path                     | body → answer |
 * |-------------------------------------|---------------|
 * | GET  /sandbox/state                 | → `ClientState` |
 * | GET  /sandbox/channels/:id/messages | → `{ messages: ClientMessage[] }`, newest last, at most 200; ephemerals of that person included |
 * | GET  /sandbox/channels/:id/threads/:ts | → `{ messages }`, the parent first |
 * | POST /sandbox/messages              | `{ channel, text, thread_ts? }` → `{ ok }`; a text that starts with `/` is a slash command |
 * | POST /sandbox/actions               | `ClientAction` → `{ ok }`: a click, a choice in a message, a modal or the Home tab |
 * | POST /sandbox/options               | `{ view_id?, message?, block_id, action_id, value }` → `{ options?, option_groups? }` for external selects |
 * | POST /sandbox/views/:id/submit      | `{ values }` → `{ ok, errors? }`; `values` is `view.state.values` |
 * | POST /sandbox/views/:id/close       | `{}` → `{ ok }` |
 * | POST /sandbox/home                  | `{ tab: 'home' | 'messages' }` → `{ ok }`: opens the app's Home tab |
 * | POST /sandbox/channels/:id/join, …/leave | `{}` → `{ ok }` |
 * | POST /sandbox/reactions             | `{ channel, ts, name, remove? }` → `{ ok }` |
 * | POST /sandbox/read                  | `{ channel, ts }` → `{ ok }`: marks as read up to `ts` |
 * | GET  /sandbox/files/:id             | the bytes |
 * | WS   /sandbox/socket                | server sends `ClientEvent` as JSON, one per frame |
 */

import type { KnownBlock, View } from '@slack/types';

export type Persona = {
  readonly id: string;
  /** Login name: `nadia`. */
  readonly name: string;
  readonly real_name: string;
  /** What this person is in the story: `On-call engineer`, `Approver`, `Commander`, `Stakeholder`. */
  readonly title: string;
  readonly color: string;
  readonly is_bot: boolean;
  readonly is_restricted: boolean;
};

export type ClientChannel = {
  readonly id: string;
  readonly name: string;
  readonly kind: 'public' | 'private' | 'im';
  readonly topic: string;
  readonly purpose: string;
  readonly is_member: boolean;
  readonly is_archived: boolean;
  readonly members: readonly string[];
  readonly pins: readonly string[];
  readonly unread: number;
  readonly mentions: number;
  /** For `im`: the other person. */
  readonly user: string | null;
};

export type ClientFile = {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly mimetype: string;
  readonly size: number;
  readonly alt_text: string | null;
};

export type ClientMessage = {
  readonly channel: string;
  readonly ts: string;
  readonly thread_ts: string | null;
  readonly user: string;
  readonly text: string;
  readonly blocks: readonly KnownBlock[];
  readonly files: readonly ClientFile[];
  readonly edited: boolean;
  readonly deleted: boolean;
  /** Seen by one person alone. */
  readonly ephemeral: boolean;
  /** `channel_join`, `channel_topic`, … for the grey lines. */
  readonly subtype: string | null;
  readonly reply_count: number;
  readonly reply_users: readonly string[];
  readonly reactions: readonly { readonly name: string; readonly users: readonly string[] }[];
  readonly metadata: { readonly event_type: string; readonly event_payload: Readonly<Record<string, unknown>> } | null;
};

export type ClientView = View & { readonly id: string; readonly hash: string };

export type ClientState = {
  readonly team: { readonly id: string; readonly name: string };
  readonly me: Persona;
  readonly people: readonly Persona[];
  readonly channels: readonly ClientChannel[];
  /** Slash commands of the installed app, for completion while typing. */
  readonly commands: readonly { readonly command: string; readonly description: string; readonly usage_hint: string }[];
  readonly app: { readonly bot_user: string; readonly name: string; readonly connected: boolean };
  /** Open modals of this person, bottom first. */
  readonly views: readonly ClientView[];
  readonly home: ClientView | null;
};

/** A click or a choice. `message` or `view_id` says where; `action` is the element's payload as Slack sends it. */
export type ClientAction = {
  readonly message?: { readonly channel: string; readonly ts: string };
  readonly view_id?: string;
  readonly action: {
    readonly type: string;
    readonly action_id: string;
    readonly block_id: string;
    readonly value?: string;
    readonly selected_option?: unknown;
    readonly selected_options?: readonly unknown[];
    readonly selected_user?: string;
    readonly selected_date?: string;
    readonly selected_time?: string;
    readonly selected_conversation?: string;
  };
  /** The state of every input of the surface, as `view.state.values` or `message.state.values`. */
  readonly values?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

export type ClientEvent =
  | { readonly type: 'message'; readonly message: ClientMessage }
  | { readonly type: 'message_changed'; readonly message: ClientMessage }
  | { readonly type: 'message_deleted'; readonly channel: string; readonly ts: string }
  | { readonly type: 'channel'; readonly channel: ClientChannel }
  | { readonly type: 'views'; readonly views: readonly ClientView[] }
  | { readonly type: 'home'; readonly view: ClientView | null }
  | { readonly type: 'app'; readonly connected: boolean }
  /** What Slack shows to the person alone when an app fails them: `operation_timeout`, `dispatch_failed`, … */
  | { readonly type: 'notice'; readonly channel: string | null; readonly text: string; readonly error: string };
