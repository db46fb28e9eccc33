import type { AppLink } from './app-link.ts';
import type { ManifestCommand } from './manifest.ts';
import { channelNameFor } from './people.ts';
import type { ChannelRecord, UserRecord } from './records.ts';
import { Refusal } from './refusal.ts';
import { issueResponseUrl, type ResponseTarget, respond } from './response-urls.ts';
import type { Triggers } from './triggers.ts';
import type { Workspace } from './workspace.ts';

/** What commands and interactions need to reach the app. */
export type Outgoing = {
  readonly workspace: Workspace;
  readonly link: AppLink;
  readonly triggers: Triggers;
  /** `http://host:port` for response_urls. */
  readonly base: () => string;
  /** Tells tests of something that Slack would have refused outside of the Web API. */
  readonly refused: (what: string, error: string) => void;
};

export type TypedCommand = {
  readonly user: UserRecord;
  readonly channel: ChannelRecord;
  readonly text: string;
  readonly inThread: boolean;
};

/** `@nadia` and `#general` as `<@U…|nadia>` and `<#C…|general>`. */
function escapeNames(workspace: Workspace, text: string): string {
  const users = text.replace(/@([a-z0-9._-]+)/gu, (whole, name: string) => {
    const user = workspace.users.values().find((row) => row.name === name);
    return user ? `<@${user.id}|${user.name}>` : whole;
  });
  return users.replace(/#([a-z0-9_-]+)/gu, (whole, name: string) => {
    const channel = workspace.channels.values().find((row) => row.kind === 'public' && row.name === name);
    return channel ? `<#${channel.id}|${channel.name}>` : whole;
  });
}

/**
 * Runs a slash command; resolves when the app has answered or failed. Errors (`Refusal`, at once):
 * unknown_command, command_in_thread. A failing app is a notice to the person: operation_timeout, dispatch_failed.
 */
export function runCommand(out: Outgoing, typed: TypedCommand): Promise<void> {
  const [word = ''] = typed.text.trim().split(/\s+/u);
  const command = out.workspace.manifest.commands.find((row) => row.command === word);
  if (!command) throw new Refusal('unknown_command');
  if (typed.inThread) throw new Refusal('command_in_thread');
  return dispatch(out, typed, command);
}

async function dispatch(out: Outgoing, typed: TypedCommand, command: ManifestCommand): Promise<void> {
  const { workspace } = out;
  const word = command.command;
  const raw = typed.text.trim().slice(word.length).trim();
  const target: ResponseTarget = { channel: typed.channel.id, user: typed.user.id, message_ts: null, thread_ts: null };
  const payload = {
    token: 'sandbox',
    team_id: workspace.team.id,
    team_domain: workspace.team.domain,
    channel_id: typed.channel.id,
    channel_name: channelNameFor(typed.channel),
    user_id: typed.user.id,
    user_name: typed.user.name,
    command: word,
    text: command.should_escape ? escapeNames(workspace, raw) : raw,
    api_app_id: workspace.app.id,
    is_enterprise_install: 'false',
    response_url: issueResponseUrl(workspace, out.base(), target),
    trigger_id: out.triggers.issue({ user: typed.user.id, view: null }),
  };
  const delivered = await out.link.ask('slash_commands', payload);
  if (delivered.status === 'failed') {
    const error = delivered.reason === 'timeout' ? 'operation_timeout' : 'dispatch_failed';
    return notify(out, typed, { error, text: `${word} failed with the error "${error}"` });
  }
  if (delivered.payload === null) return;
  try {
    respond(workspace, target, delivered.payload);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    out.refused('slash_commands ack', error.code);
    notify(out, typed, {
      error: 'invalid_command_response',
      text: `${word} failed with the error "invalid_command_response"`,
    });
  }
}

function notify(out: Outgoing, typed: TypedCommand, notice: { readonly error: string; readonly text: string }): void {
  out.workspace.announce({ type: 'notice', user: typed.user.id, channel: typed.channel.id, ...notice });
}
