import type { Arguments } from './arguments.ts';
import { asString, type JsonObject } from './json.ts';
import type { MethodFacts } from './method-table.ts';
import type { RateLimits } from './rate-limits.ts';
import type { ChannelRecord, MessageRecord } from './records.ts';
import { Refusal } from './refusal.ts';
import { requireScope, scopesForKind } from './scopes.ts';
import type { ViewDesk } from './view-desk.ts';
import type { Workspace } from './workspace.ts';

/** Everything that one Web API call may touch. */
export type MethodCall = {
  readonly method: string;
  readonly facts: MethodFacts;
  readonly args: Arguments;
  readonly workspace: Workspace;
  readonly views: ViewDesk;
  readonly limits: RateLimits;
  /** Makes the address of a WebSocket that works once. */
  readonly openSocketUrl: () => string;
  /** `http://host:port` as the app reached this server. */
  readonly baseUrl: string;
};

/** Carries out one method; what it returns is sent with `ok: true`. Refuses with `Refusal`. */
export type MethodHandler = (call: MethodCall) => JsonObject | Promise<JsonObject>;

/** A string argument; empty when it was left out. */
export function text(call: MethodCall, name: string): string {
  return asString(call.args[name]) ?? '';
}

/** A comma list as its parts. */
export function list(call: MethodCall, name: string): string[] {
  return text(call, name)
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** True when the app's own user is in the channel. */
export function isMember(call: MethodCall, channel: ChannelRecord): boolean {
  return channel.members.includes(call.workspace.app.botUser);
}

/** Refuses unless the token has a scope of this method for this kind of channel. */
export function requireScopeFor(call: MethodCall, channel: ChannelRecord): void {
  requireScope(scopesForKind(call.facts.scopes, channel.kind), call.workspace.manifest.scopes);
}

/** The channel that the app may know of. Errors: channel_not_found (also for private ones it is not in), missing_scope. */
export function getChannel(call: MethodCall, name = 'channel'): ChannelRecord {
  const channel = call.workspace.channels.get(text(call, name));
  if (!channel) throw new Refusal('channel_not_found');
  requireScopeFor(call, channel);
  if (channel.kind !== 'public' && !isMember(call, channel)) throw new Refusal('channel_not_found');
  return channel;
}

/** The same, and the app must be in it. Errors: also not_in_channel. */
export function getOwnChannel(call: MethodCall, name = 'channel'): ChannelRecord {
  const channel = getChannel(call, name);
  if (!isMember(call, channel)) throw new Refusal('not_in_channel');
  return channel;
}

/** Refuses what cannot be done in a direct message. */
export function refuseDirect(channel: ChannelRecord): void {
  if (channel.kind === 'im') throw new Refusal('method_not_supported_for_channel_type');
}

/** Refuses what cannot be done in an archived channel. */
export function refuseArchived(channel: ChannelRecord): void {
  if (channel.is_archived) throw new Refusal('is_archived');
}

/** The message that a call names. Errors: bad_timestamp, message_not_found; ephemeral messages are never found. */
export function getMessage(call: MethodCall, channel: ChannelRecord, name: string): MessageRecord {
  const ts = text(call, name);
  const message = call.workspace.messages(channel.id).get(ts);
  if (!message || message.ephemeral_to !== null) throw new Refusal('message_not_found');
  return message;
}

/** Asks for one page of `rows`: `limit` and `cursor` of the call. Errors: invalid_cursor, invalid_limit. */
export function paginate<Row>(
  call: MethodCall,
  rows: readonly Row[],
  options: { readonly defaultLimit: number; readonly maxLimit: number },
): { page: readonly Row[]; nextCursor: string } {
  const limit = call.args.limit === undefined ? options.defaultLimit : Number(call.args.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > options.maxLimit) {
    throw new Refusal(call.facts.errors.includes('invalid_limit') ? 'invalid_limit' : 'invalid_arguments');
  }
  const cursor = text(call, 'cursor');
  const start =
    cursor === '' ? 0 : Number(/^at:(\d+)$/u.exec(Buffer.from(cursor, 'base64').toString())?.[1] ?? Number.NaN);
  if (Number.isNaN(start)) throw new Refusal('invalid_cursor');
  const more = start + limit < rows.length;
  return {
    page: rows.slice(start, start + limit),
    nextCursor: more ? Buffer.from(`at:${start + limit}`).toString('base64') : '',
  };
}
