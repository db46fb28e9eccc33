import { App, SocketModeReceiver } from '@slack/bolt';
import { LogLevel } from '@slack/logger';
import type { Log } from '../../src/lib/log.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts';

/** A log that keeps what was said, so that a test can fail on errors. */
export function recordingLog(): Log & { readonly errors: { context: object; message: string }[] } {
  const errors: { context: object; message: string }[] = [];
  const log = {
    errors,
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (context: object, message: string) => {
      errors.push({ context, message });
    },
    child: () => log,
  };
  return log;
}

export const MANIFEST = {
  display_information: { name: 'Tester' },
  features: {
    app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: false },
    bot_user: { display_name: 'Tester' },
    slash_commands: [
      { command: '/try', description: 'Tries something', usage_hint: '[what]' },
      { command: '/escaped', description: 'Escapes names', should_escape: true },
    ],
  },
  oauth_config: {
    scopes: {
      bot: [
        'app_mentions:read',
        'bookmarks:read',
        'bookmarks:write',
        'channels:history',
        'channels:join',
        'channels:manage',
        'channels:read',
        'chat:write',
        'commands',
        'files:read',
        'files:write',
        'im:history',
        'im:read',
        'im:write',
        'pins:read',
        'pins:write',
        'reactions:read',
        'reactions:write',
        'team:read',
        'usergroups:read',
        'users:read',
        'users:read.email',
      ],
    },
  },
  settings: {
    event_subscriptions: {
      bot_events: [
        'app_home_opened',
        'app_mention',
        'message.channels',
        'message.im',
        'reaction_added',
        'member_joined_channel',
        'channel_archive',
      ],
    },
    interactivity: { is_enabled: true },
    socket_mode_enabled: true,
  },
};

/** The manifest without some scopes. */
export function withoutScopes(...gone: string[]): typeof MANIFEST {
  const bot = MANIFEST.oauth_config.scopes.bot.filter((scope) => !gone.includes(scope));
  return { ...MANIFEST, oauth_config: { scopes: { bot } } };
}

/** A sandbox on a free port. */
export async function sandboxOf(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  return startSandbox({ manifest: MANIFEST, log: recordingLog(), port: 0, ...options });
}

/** A real Bolt app connected by Socket Mode. */
export async function boltApp(
  sandbox: Sandbox,
  prepare: (app: App) => void = () => {},
): Promise<{ app: App; receiver: SocketModeReceiver; stop: () => Promise<void> }> {
  const receiver = new SocketModeReceiver({
    appToken: sandbox.appToken,
    logLevel: LogLevel.ERROR,
    clientPingTimeout: 1_000,
    // Bolt 5.1 takes the socket client's options from here alone.
    installerOptions: { clientOptions: { slackApiUrl: sandbox.apiUrl } },
  });
  const app = new App({
    token: sandbox.botToken,
    receiver,
    logLevel: LogLevel.ERROR,
    clientOptions: { slackApiUrl: sandbox.apiUrl, retryConfig: { retries: 0 } },
    deferInitialization: true,
  });
  prepare(app);
  await app.init();
  await app.start();
  return { app, receiver, stop: async () => receiver.client.disconnect() };
}

/** Calls the client API as a person. */
export async function client(
  sandbox: Sandbox,
  as: string,
  path: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  const url = `${sandbox.url}/sandbox/${path}?as=${as}`;
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(url, init);
  return (await response.json()) as Record<string, unknown>;
}

/** Waits until `probe` gives something; fails with `what` after 5 s. */
export async function until<Value>(what: string, probe: () => Value | undefined | null | false): Promise<Value> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    const value = probe();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`Waited 5 s for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
