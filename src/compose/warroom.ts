import { randomUUID } from 'node:crypto';
import { getRequestListener } from '@hono/node-server';
import type { Config } from '../config/read-config.ts';
import type { Settings } from '../config/settings.ts';
import { holdLiveness } from '../db/liveness.ts';
import { analyseStatement } from '../executors/analyse-statement.ts';
import { createExecutors } from '../executors/registry.ts';
import type { SecretResolver } from '../executors/secrets.ts';
import { createSecretResolver } from '../executors/secrets.ts';
import { startAuditSequencer } from '../jobs/audit-sequencer.ts';
import { startJobLanes } from '../jobs/lanes.ts';
import { sweepRuns } from '../jobs/recovery.ts';
import { restoreJobs } from '../jobs/restore.ts';
import { createTasks } from '../jobs/tasks.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Releasers } from '../lib/releasers.ts';
import { startDispatcher } from '../notify/dispatcher.ts';
import type { RunsContext } from '../runs/context.ts';
import type { DrillGround } from '../runs/drill.ts';
import { SecretShelf } from '../runs/secret-shelf.ts';
import type { SlackConnection } from '../slack/app.ts';
import { isOwnPath } from '../web/own-path.ts';
import { createPages } from '../web/pages.ts';
import { createSlackSignIn } from '../web/slack-sign-in.ts';
import { createAdmission } from './admission.ts';
import { embeddedConnections } from './embedded-connections.ts';
import { type HttpServer, startHttpServer } from './http-server.ts';
import { startLocalWorkspace } from './local-workspace.ts';
import { type OpenPacks, openPacks } from './packs.ts';
import { connectSlack } from './slack.ts';
import { openState, type State } from './state.ts';

export type WarroomOptions = {
  readonly config: Config;
  readonly log: Log;
  /** Folder of the project: manifest.yml, commands, twins. */
  readonly project: string;
  /** Told what is being prepared, for whoever waits. */
  readonly progress?: (step: string) => void;
  readonly clock?: Clock;
  /** What outgoing calls are paced by, when that is another clock: a faster one for a server without Slack's limits. */
  readonly pace?: Clock;
};

/** A running Warroom. */
export type Warroom = {
  readonly url: string;
  readonly mode: Config['slack']['mode'];
  /** Things that work less well than they could, one sentence each. */
  readonly remarks: readonly string[];
  readonly context: RunsContext;
  /** Looks for work now, as after a moved clock; resolves when nothing is due. For tests. */
  settle(): Promise<void>;
  stop(): Promise<void>;
};

/**
 * Puts everything together and starts it. What was opened is closed again when a later part cannot start. Throws
 * UserError for everything that the operator can mend.
 */
export async function startWarroom(options: WarroomOptions): Promise<Warroom> {
  const releasers = new Releasers();
  try {
    return await start(options, releasers);
  } catch (error) {
    await releasers.releaseAll();
    throw error;
  }
}

/** Where Slack and the systems are, once it is known whether the local workspace takes their place. */
type Surroundings = {
  readonly slack: SlackConnection;
  readonly settings: Settings;
  readonly resolveSetting: Config['resolveSetting'];
  readonly secrets: SecretResolver;
  readonly remarks: readonly string[];
};

async function start(options: WarroomOptions, releasers: Releasers): Promise<Warroom> {
  const { config, log, clock = systemClock, progress = () => undefined } = options;
  const http = await startHttpServer({ host: config.host, port: config.port });
  releasers.add('http server', () => http.close());
  progress(config.databaseUrl ? 'connecting to the database' : 'starting the embedded PostgreSQL');
  // The database is made by other processes meanwhile: on a first start that is a second or two.
  const [state, { around, packs }] = await both(
    openState(config, { log, clock, releasers }),
    lookAndRead(options, { http, releasers, clock, progress }),
  );
  const pageUrl = config.publicUrl ?? http.url;
  const context = await buildContext({ around, state, packs: packs.current, log, clock, config, releasers, pageUrl });
  const stopping = new AbortController();
  progress('connecting to Slack');
  const drills: DrillGround = { connection: state.connection, fault: null };
  releasers.add('drill', async () => drills.fault?.release());
  const slack = await connectSlack({
    connection: around.slack,
    context,
    drills,
    log,
    clock,
    pace: options.pace ?? clock,
  });
  const apiUrl = around.slack.apiUrl ?? 'https://slack.com/api/';
  const signIn = config.signIn ? createSlackSignIn({ ...config.signIn, apiUrl, pageUrl, clock }) : null;
  const { stillMay } = slack;
  const pages = createPages({
    pool: state.pool,
    log,
    context,
    signIn,
    stillMay,
    slackConnected: () => slack.connected(),
  });
  mountPages(http, pages.app.fetch);
  if (slack.handler) http.add(slack.handler);
  const dispatcher = await startDispatcher({
    pool: state.pool,
    deliverers: slack.deliverers,
    onGivenUp: slack.onGivenUp,
    owner: `outbox:${randomUUID()}`,
    log: log.child({ part: 'outbox' }),
    clock,
  });
  releasers.add('outbox', () => dispatcher.stop());
  await restoreJobs(context);
  const unread = new AbortController();
  const admit = createAdmission(context.settings, packs.current, { membersOf: slack.membersOf, clock });
  const following = packs.follow(state.pool, unread.signal, admit);
  releasers.add('packs', () => {
    unread.abort();
    return following;
  });
  const jobs = await startJobLanes({
    pool: state.pool,
    tasks: createTasks(context, stopping.signal),
    log: log.child({ part: 'jobs' }),
    clock,
  });
  releasers.add('jobs', () => jobs.stop());
  const sweeping = sweepRuns(context, stopping.signal);
  releasers.add('sweep', () => sweeping);
  const sequencer = await startAuditSequencer({ pool: state.pool, log: log.child({ part: 'audit' }), clock });
  releasers.add('audit sequencer', () => sequencer.stop());
  await slack.start();
  releasers.add('slack', () => slack.stop());
  releasers.add('running steps', () => stopping.abort(new Error('Warroom is stopping.')));
  if (config.slack.mode === 'sandbox') await slack.welcome();
  return {
    url: http.url,
    mode: config.slack.mode,
    remarks: [...around.remarks, ...state.remarks],
    context,
    settle: async () => {
      dispatcher.wake();
      await dispatcher.idle();
    },
    stop: async () => {
      for (const { name, error } of await releasers.releaseAll()) log.error({ err: error }, `Closing ${name} failed.`);
    },
  };
}

/** Where everything is, and the runbooks with the settings that follow from it. */
async function lookAndRead(
  options: WarroomOptions,
  tools: { http: HttpServer; releasers: Releasers; clock: Clock; progress: (step: string) => void },
): Promise<{ around: Surroundings; packs: OpenPacks }> {
  const { config, log } = options;
  if (config.slack.mode === 'sandbox') tools.progress('opening the local workspace');
  const around = await lookAround(options, tools);
  tools.progress('reading the runbooks');
  return { around, packs: await openPacks(config, around.resolveSetting, { log, clock: tools.clock }) };
}

/** Both results; when one fails, only after the other has come to its end, so that everything opened can be closed. */
async function both<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([one, other]);
  if (first.status === 'rejected') throw first.reason;
  if (second.status === 'rejected') throw second.reason;
  return [first.value, second.value];
}

/** Slack as configured, or the local workspace in its place with the twins' addresses and the personas as contacts. */
async function lookAround(
  options: WarroomOptions,
  tools: { http: HttpServer; releasers: Releasers; clock: Clock },
): Promise<Surroundings> {
  const { config, log, project } = options;
  const { http, releasers, clock } = tools;
  const own: Readonly<Record<string, string>> = { WARROOM_SELF_URL: http.url };
  if (config.slack.mode !== 'sandbox') {
    return {
      slack: config.slack,
      settings: config.settings,
      resolveSetting: (name, fallback) => config.resolveSetting(name, own[name] ?? fallback),
      secrets: createSecretResolver(config.environment),
      remarks: [],
    };
  }
  const local = await startLocalWorkspace({ http, home: config.home, project, log, clock, releasers });
  if (local.slack.mode === 'sandbox') throw new TypeError('the local workspace must be a connection');
  const defaults = { ...own, ...local.settings };
  return {
    slack: local.slack,
    settings: { ...config.settings, contacts: { ...local.contacts, ...config.settings.contacts } },
    resolveSetting: (name, fallback) =>
      config.resolveSetting(name, defaults[name as keyof typeof defaults] ?? fallback),
    secrets: createSecretResolver((name) => config.environment(name) ?? local.environment[name]),
    remarks: local.redis
      ? []
      : [
          'No redis-server was found on this machine: the Redis steps of RB-012 will say so (install it with your package manager).',
        ],
  };
}

async function buildContext(parts: {
  around: Surroundings;
  state: State;
  packs: RunsContext['packs'];
  log: Log;
  clock: Clock;
  config: Config;
  releasers: Releasers;
  pageUrl: string;
}): Promise<RunsContext> {
  const { around, state, log, clock, releasers } = parts;
  const owner = `warroom:${randomUUID()}`;
  const liveness = await holdLiveness({ pool: state.pool, ownerId: owner, log, clock });
  releasers.add('liveness', () => liveness.release());
  const embedded = embeddedConnections(state.connection, parts.config);
  return {
    pool: state.pool,
    packs: parts.packs,
    settings: around.settings,
    executors: createExecutors({ secrets: around.secrets, embedded, clock }),
    analyse: analyseStatement,
    secrets: around.secrets,
    owner,
    clock,
    log,
    shelf: new SecretShelf(clock),
    pageUrl: parts.pageUrl,
  };
}

function mountPages(http: HttpServer, fetch: (request: Request) => Response | Promise<Response>): void {
  const listener = getRequestListener(fetch);
  http.add({
    handle: (req, res) => {
      const path = (req.url ?? '').split('?')[0] ?? '';
      if (!isOwnPath(path)) return false;
      return Promise.resolve(listener(req, res)).then(() => true as const);
    },
  });
}
