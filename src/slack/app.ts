import type { RequestListener } from 'node:http';
import { App } from '@slack/bolt';
import type { SlackConfig } from '../config/read-config.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { boltLogger } from './bolt-log.ts';
import { createSlackCaller, createSlackClients, SlackCallError, type SlackCaller, webClientOptions } from './client.ts';
import { RateLimiter } from './rate-limiter.ts';
import { HttpTransport, SocketTransport } from './receivers.ts';
import { classifyFailure, isRefused } from './retry-table.ts';

/** How to reach Slack, or a server that speaks like it. */
export type SlackConnection = Exclude<SlackConfig, { readonly mode: 'sandbox' }>;

/** Who the bot is. */
export type SlackIdentity = {
  readonly botId: string;
  readonly botUserId: string;
  readonly teamId: string;
  /** Address of the workspace, such as `https://acme.slack.com/`. */
  readonly url: string;
};

export type SlackApp = {
  /** Where listeners are registered, before `start`. */
  readonly app: App;
  /** Every call to Slack goes through this. */
  readonly call: SlackCaller;
  /** Asks Slack once who the bot is. Rejects with a SlackCallError while Slack cannot be asked. */
  identity(): Promise<SlackIdentity>;
  /** For the HTTP transport: mount it at SLACK_PATH. Null with Socket Mode. */
  readonly handler: RequestListener | null;
  /** Connections to Slack that stand now; null over HTTP. */
  connections(): number | null;
  /**
   * Connects. Throws a UserError naming the variable when Slack refuses a token; when Slack is only away, resolves and
   * goes on trying, because everything else works without it (design §5, promise 10).
   */
  start(): Promise<void>;
  /** Disconnects and waits until it is done. */
  stop(): Promise<void>;
};

export type SlackAppOptions = {
  readonly config: SlackConnection;
  readonly log: Log;
  readonly clock?: Clock;
  /** What outgoing calls are paced by, when that is another clock. */
  readonly pace?: Clock;
  /** For tests of the watchdog, in milliseconds. */
  readonly watchdog?: { readonly silenceMs?: number; readonly ghostDelayMs?: number };
};

/** Builds the Bolt app on its transport and the way out to Slack. Connects to nothing yet. */
export function createSlackApp(options: SlackAppOptions): SlackApp {
  const { config, clock = systemClock } = options;
  const log = options.log.child({ part: 'slack' });
  const access = { botToken: config.botToken, apiUrl: config.apiUrl, log };
  const call = createSlackCaller({
    clients: createSlackClients(access),
    limiter: new RateLimiter(options.pace ?? clock),
    log,
  });
  const transport =
    config.mode === 'socket'
      ? new SocketTransport({ appToken: config.appToken, apiUrl: config.apiUrl, log, clock, ...options.watchdog })
      : new HttpTransport({ signingSecret: config.signingSecret, log, clock });
  const identity = once(() => askIdentity(call));
  const app = new App({
    receiver: transport,
    // Our own answer, asked for once: Bolt's keeps a failed auth.test for ever, or asks for every event.
    authorize: async () => {
      const { botId, botUserId, teamId } = await identity();
      return { botToken: config.botToken.reveal(), botId, botUserId, teamId };
    },
    clientOptions: webClientOptions(access),
    logger: boltLogger(log),
    ignoreSelf: true,
    convoStore: false,
    deferInitialization: true,
  });
  app.error(async (error) => log.error({ error, code: error.code }, 'A listener failed.'));
  return {
    app,
    call,
    identity,
    handler: transport instanceof HttpTransport ? transport.handler : null,
    connections: () => (transport instanceof SocketTransport ? transport.links.held : null),
    start: async () => {
      await checkBotToken(identity, log);
      await app.init();
      await app.start().catch((error: unknown) => {
        throw refusedToken(error, 'SLACK_APP_TOKEN', APP_TOKEN_ADVICE);
      });
    },
    stop: async () => {
      await app.stop();
    },
  };
}

const BOT_TOKEN_ADVICE = 'copy the Bot User OAuth Token (xoxb-…) from OAuth & Permissions of your Slack app';
const APP_TOKEN_ADVICE =
  'create an app-level token (xapp-…) with the scope connections:write under Basic Information and switch Socket Mode on';

async function checkBotToken(identity: () => Promise<SlackIdentity>, log: Log): Promise<void> {
  try {
    await identity();
  } catch (error) {
    if (!(error instanceof SlackCallError)) throw error;
    if (isRefused(error.failure)) throw refusedToken(error, 'SLACK_BOT_TOKEN', BOT_TOKEN_ADVICE);
    log.warn({ code: error.failure.code }, 'Slack cannot be reached; Warroom starts without it and goes on trying.');
  }
}

/** Never shows the token itself. */
function refusedToken(error: unknown, variable: string, advice: string): UserError {
  const { code } = error instanceof SlackCallError ? error.failure : classifyFailure(error);
  return new UserError('slack.token', `Slack does not accept ${variable} (${code}): ${advice}.`, {
    error: messageOf(error),
  });
}

async function askIdentity(call: SlackCaller): Promise<SlackIdentity> {
  const { bot_id: botId, user_id: botUserId, team_id: teamId, url } = await call('interactive', 'auth.test', {});
  if (botId === undefined || botUserId === undefined || teamId === undefined) {
    const reason = 'the token belongs to no bot (not_a_bot)';
    throw new SlackCallError('auth.test', { code: 'not_a_bot', retry: false, uncertain: false, reason, afterMs: 0 });
  }
  return { botId, botUserId, teamId, url: url ?? 'https://app.slack.com/' };
}

/** Remembers the first success, shares an attempt under way, and forgets failures. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let held: Promise<T> | null = null;
  return () => {
    held ??= work().catch((error: unknown) => {
      held = null;
      throw error;
    });
    return held;
  };
}
