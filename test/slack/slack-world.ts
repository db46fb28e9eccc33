import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { DEFAULT_WORKSPACE } from '../../src/sandbox/default-workspace.ts';
import type { MessageRecord } from '../../src/sandbox/records.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { createSlackApp, type SlackApp, type SlackAppOptions } from '../../src/slack/app.ts';
import { type TestLog, testLog } from '../support/log.ts';

export const HUB = 'C0HUB00001';
export const ROOM = 'C0ROOM0001';

/** What these tests need of Slack, and no more. */
export const MANIFEST = {
  display_information: { name: 'Warroom' },
  features: {
    bot_user: { display_name: 'warroom' },
    app_home: { messages_tab_enabled: true },
    slash_commands: [{ command: '/incident', description: 'Incidents', usage_hint: '', should_escape: true }],
  },
  oauth_config: {
    scopes: {
      bot: ['commands', 'chat:write', 'channels:history', 'channels:read', 'im:write', 'users:read', 'files:write'],
    },
  },
  settings: { interactivity: { is_enabled: true }, socket_mode_enabled: true },
};

/** A workspace with two channels that the bot is in. */
export function startTestSandbox(options: Partial<Parameters<typeof startSandbox>[0]> = {}): Promise<Sandbox> {
  const members = ['U0ONCALL01', DEFAULT_WORKSPACE.app.botUser];
  const channel = (id: string, name: string) => ({ id, name, kind: 'public', purpose: '', members }) as const;
  const workspace = { ...DEFAULT_WORKSPACE, channels: [channel(HUB, 'hub'), channel(ROOM, 'room')] };
  return startSandbox({ manifest: MANIFEST, log: testLog(), port: 0, workspace, ...options });
}

/** The app on that workspace, over Socket Mode, not started. */
export function testSlack(
  sandbox: Sandbox,
  options: Partial<SlackAppOptions> & { log?: TestLog } = {},
): SlackApp & { log: TestLog } {
  const log = options.log ?? testLog();
  const config = {
    mode: 'socket',
    botToken: new Secret(sandbox.botToken),
    appToken: new Secret(sandbox.appToken),
    apiUrl: sandbox.apiUrl,
  } as const;
  return { ...createSlackApp({ config, clock: systemClock, ...options, log }), log };
}

/** The messages of a channel, oldest first. */
export function messagesIn(sandbox: Sandbox, channel: string): MessageRecord[] {
  return [...sandbox.workspace.messages(channel).values()].filter((message) => message.subtype === null);
}

/** How often a method was called. */
export function countCalls(sandbox: Sandbox, method: string): number {
  return sandbox.calls.filter((call) => call.method === method).length;
}

/** Types something as a person, in the way the workspace's own page does. */
export async function type(sandbox: Sandbox, text: string, as = 'U0ONCALL01'): Promise<{ ok: boolean }> {
  const answer = await fetch(`${sandbox.url}/sandbox/messages?as=${as}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ channel: HUB, text }),
  });
  return (await answer.json()) as { ok: boolean };
}
