import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { startAutoBrokerTwin } from '../../twins/auto-broker/server.ts';
import { startTwinRedis } from '../../twins/support/redis-server.ts';
import { samePort } from '../../twins/support/same-port.ts';
import { startTwins } from '../../twins/twins.ts';
import type { SlackConfig } from '../config/read-config.ts';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Releasers } from '../lib/releasers.ts';
import { Secret } from '../lib/secret.ts';
import { startSandbox } from '../sandbox/server.ts';
import type { HttpServer } from './http-server.ts';

/** What takes the place of Slack and of the systems when none are configured. */
export type LocalWorkspace = {
  readonly slack: SlackConfig;
  /** The personas of the workspace as contacts of the shipped systems. */
  readonly contacts: Settings['contacts'];
  /** Where the twins are, for `{ setting: NAME }` in system.yml. */
  readonly settings: Readonly<Record<string, string>>;
  /** What the twins accept, for secrets named `env:NAME`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether a Redis of its own could be started for the twin. */
  readonly redis: boolean;
};

/** The token that the twin of Auto-Broker accepts; it guards nothing real. */
const TWIN_TOKEN = 'twin-token';

/** The people of the sandbox's default workspace by what they are in the story. */
const ON_CALL = ['U0ONCALL01'];
const COMMANDER = ['U0COMMAND1'];
const TECH_LEAD = ['U0TECHLEAD'];

/** Who is called for the shipped systems: everybody whom a rung calls by itself. */
export const LOCAL_CONTACTS: Settings['contacts'] = {
  'auto-broker': { 'on-call': ON_CALL, 'tech-lead': TECH_LEAD, 'vp-engineering': COMMANDER, cto: COMMANDER },
  'agente-hotel': {
    'backend-on-call': ON_CALL,
    'pms-lead': TECH_LEAD,
    'database-lead': TECH_LEAD,
    security: COMMANDER,
  },
  'agentic-platform': {
    'on-call': ON_CALL,
    'team-lead': TECH_LEAD,
    director: COMMANDER,
    cto: COMMANDER,
    'security-team': TECH_LEAD,
  },
  euystacio: { 'on-call': ON_CALL, 'system-owner': COMMANDER, 'infrastructure-team': TECH_LEAD },
  'email-ingestion': { 'on-call': ON_CALL, 'team-lead': TECH_LEAD, 'infra-team': COMMANDER },
  warroom: { 'on-call': ON_CALL, commander: COMMANDER, 'platform-owner': TECH_LEAD },
};

/** Starts the Slack-compatible workspace on the common port, and the twins of all systems with one Redis of their own. */
export async function startLocalWorkspace(options: {
  readonly http: HttpServer;
  readonly home: string;
  readonly project: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly releasers: Releasers;
}): Promise<LocalWorkspace> {
  const { http, home, log, clock, releasers } = options;
  const manifest: unknown = parse(await readFile(join(options.project, 'manifest.yml'), 'utf8'));
  const sandbox = await startSandbox({
    manifest,
    log: log.child({ part: 'sandbox' }),
    clock,
    dataDir: join(home, 'sandbox'),
    publicUrl: http.url,
    limits: 'off',
  });
  http.add({ handle: sandbox.handle, upgrade: sandbox.upgrade });
  releasers.add('sandbox', () => sandbox.close());
  const redis = await startTwinRedis(join(home, 'twin-redis'));
  if (redis) releasers.add('redis of the twin', () => redis.close());
  const twin = await startAutoBrokerTwin({
    port: await samePort(join(home, 'twin-port')),
    token: TWIN_TOKEN,
    state: 'franco-failing',
    ...(redis ? { redis: { url: redis.url } } : {}),
  });
  releasers.add('twin of Auto-Broker', () => twin.close());
  const twins = await startTwins({
    port: await samePort(join(home, 'twins-port')),
    dir: join(home, 'twins'),
    redis,
  });
  releasers.add('twins', () => twins.close());
  return {
    slack: {
      mode: 'socket',
      botToken: new Secret(sandbox.botToken),
      appToken: new Secret(sandbox.appToken),
      apiUrl: sandbox.apiUrl,
    },
    contacts: LOCAL_CONTACTS,
    settings: {
      ...twins.settings,
      AUTO_BROKER_API_URL: twin.url,
      // The twin stands in for the services around Auto-Broker too, so that nothing here reaches a real one.
      AUTO_BROKER_DAT_URL: twin.url,
      AUTO_BROKER_HUME_URL: twin.url,
      AUTO_BROKER_OLLAMA_URL: twin.url,
      AUTO_BROKER_POLYGON_RPC: twin.url,
      AUTO_BROKER_VAULT_URL: twin.url,
      AUTO_BROKER_WORKER_DIR: join(options.project, 'twins', 'auto-broker'),
      ...(redis ? { AUTO_BROKER_REDIS_URL: redis.url } : {}),
    },
    environment: {
      ...twins.environment,
      AUTO_BROKER_TOKEN: TWIN_TOKEN,
      AUTO_BROKER_ADMIN_TOKEN: TWIN_TOKEN,
      AUTO_BROKER_DAT_IQ_TOKEN: TWIN_TOKEN,
      AUTO_BROKER_HUME_API_KEY: TWIN_TOKEN,
      // Without a Redis the steps say that none answers, and not that a secret is missing.
      AUTO_BROKER_REDIS_READ_PASSWORD: redis?.readPassword ?? TWIN_TOKEN,
      AUTO_BROKER_VAULT_READ_TOKEN: TWIN_TOKEN,
      AUTO_BROKER_URL: twin.url,
    },
    redis: redis !== null,
  };
}
