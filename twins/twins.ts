import { join } from 'node:path';
import type { ChainableCommander } from 'ioredis';
import { type Asked, answerBy, type Listening, listen, type Reply, type Routes } from './support/http-twin.ts';
import { type Machine, machineAt, openMachine } from './support/machine.ts';
import { endRedisOf, writeRedisUsers } from './support/redis-server.ts';
import { samePort } from './support/same-port.ts';
import type { World } from './support/world.ts';

/** The systems whose twins share one server; Auto-Broker's has its own. */
export type TwinName = 'euystacio' | 'email-ingestion' | 'agentic-platform' | 'agente-hotel';

/** Running twins, for tests and for the local workspace. */
export type Twins = {
  readonly url: string;
  /** Where everything is, for `{ setting: NAME }` in system.yml. */
  readonly settings: Readonly<Record<string, string>>;
  /** What the twins accept, for secrets named `env:NAME`; none of it guards anything. */
  readonly environment: Readonly<Record<string, string>>;
  /** The folder of a system's machines: to look at what a runbook did, or to break something. */
  machine(name: TwinName | 'containers' | 'redis-host'): Machine;
  close(): Promise<void>;
};

/** Loaded when they are first asked: most of them never are. */
const ROUTES: Readonly<Record<TwinName, (world: World) => Promise<Routes>>> = {
  euystacio: async (world) => (await import('./euystacio/twin.ts')).euystacioRoutes(world),
  'email-ingestion': async (world) => (await import('./email-ingestion/twin.ts')).emailIngestionRoutes(world),
  'agentic-platform': async (world) => (await import('./agentic-platform/twin.ts')).agenticPlatformRoutes(world),
  'agente-hotel': async (world) => (await import('./agente-hotel/twin.ts')).agenteHotelRoutes(world),
};

/** Databases of the common Redis: each system has its own, so that flushing one leaves the others alone. */
const REDIS_DATABASES = { 'agentic-platform': 2, 'agente-hotel': 3 } as const;

/**
 * Starts one server for all twins and for the Docker engine that their containers seem to run in. `dir` is where their machines are kept,
 * `redis` a Redis that they may have databases of. Rejects when the port is taken or Redis cannot be reached.
 */
export async function startTwins(options: {
  readonly port: number;
  readonly dir: string;
  readonly redis: { readonly url: string; readonly readPassword: string } | null;
}): Promise<Twins> {
  const { dir, redis } = options;
  await openMachine(join(import.meta.dirname, 'machines'), dir);
  const machine: Twins['machine'] = (name) => machineAt(join(dir, name));
  const redisPort = await samePort(join(dir, 'redis-host', 'port'));
  const emailReadPassword = await writeRedisUsers(join(dir, 'redis-host'));
  const readPassword = redis?.readPassword ?? 'no-redis';
  const routes = new Map<string, Promise<Routes>>();
  const load = (name: string): Promise<Routes> => {
    const world = { containers: machine('containers'), redisHost: machine('redis-host') };
    const known = Object.hasOwn(ROUTES, name) ? (name as TwinName) : null;
    const loading = known ? ROUTES[known]({ ...world, machine: machine(known) }) : dockerEngine(dir);
    routes.set(name, loading);
    return loading;
  };
  const [server] = await Promise.all([
    listen(options.port, (asked) => answer(asked, (name) => routes.get(name) ?? load(name))),
    redis ? fill(redis.url) : null,
  ]);
  return {
    url: server.url,
    settings: settingsOf({ server, dir, redisUrl: redis?.url ?? null, redisPort }),
    environment: {
      AGENTE_HOTEL_FLY_API_TOKEN: 'twin-token',
      AGENTE_HOTEL_REDIS_READ_PASSWORD: readPassword,
      AGENTIC_PLATFORM_REDIS_READ_PASSWORD: readPassword,
      EMAIL_INGESTION_REDIS_READ_PASSWORD: emailReadPassword,
    },
    machine,
    close: async () => {
      await server.close();
      await endRedisOf(join(dir, 'redis-host'));
    },
  };
}

/** `/<system>/…` goes to its twin, everything else is for the Docker engine, whose paths cannot have a prefix. */
async function answer(asked: Asked, routesOf: (name: string) => Promise<Routes>): Promise<Reply> {
  const [, name = '', ...rest] = asked.path.split('/');
  if (Object.hasOwn(ROUTES, name))
    return await answerBy(await routesOf(name), { ...asked, path: `/${rest.join('/')}` });
  return await answerBy(await routesOf('docker'), asked);
}

async function dockerEngine(dir: string): Promise<Routes> {
  return (await import('./support/docker-engine.ts')).dockerRoutes(join(dir, 'containers'));
}

/** What the systems have in Redis before anything happens. */
async function fill(url: string): Promise<void> {
  const [{ Redis }, platform, hotel] = await Promise.all([
    import('ioredis'),
    import('./agentic-platform/twin.ts'),
    import('./agente-hotel/twin.ts'),
  ]);
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1, connectTimeout: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const commands: ChainableCommander = client.pipeline();
    commands.select(REDIS_DATABASES['agentic-platform']);
    platform.fillAgenticPlatform(commands);
    commands.select(REDIS_DATABASES['agente-hotel']);
    hotel.fillAgenteHotel(commands);
    await commands.exec();
  } finally {
    client.disconnect();
  }
}

function settingsOf(parts: { server: Listening; dir: string; redisUrl: string | null; redisPort: number }) {
  const { server, dir, redisUrl, redisPort } = parts;
  const at = (path: string) => `${server.url}/${path}`;
  const docker = `tcp://127.0.0.1:${server.port}`;
  // Programs that would reach beyond the machine's folder are replaced: see twins/bin.
  const path = join(import.meta.dirname, 'bin');
  const database = (name: keyof typeof REDIS_DATABASES) =>
    redisUrl === null ? {} : { url: redisUrl.replace(/\/\d+$/u, `/${REDIS_DATABASES[name]}`) };
  const platformRedis = database('agentic-platform').url;
  const hotelRedis = database('agente-hotel').url;
  return {
    AUTO_BROKER_DOCKER_HOST: docker,
    EUYSTACIO_API_URL: at('euystacio'),
    EUYSTACIO_PROMETHEUS_URL: at('euystacio/prometheus'),
    EUYSTACIO_OPS_DIR: join(dir, 'euystacio'),
    EUYSTACIO_OPS_PATH: path,
    EMAIL_INGESTION_URL: at('email-ingestion'),
    EMAIL_INGESTION_METRICS_URL: at('email-ingestion'),
    EMAIL_INGESTION_GOOGLE_URL: at('email-ingestion'),
    EMAIL_INGESTION_IMAP_HOST: 'localhost',
    EMAIL_INGESTION_REDIS_URL: `redis://127.0.0.1:${redisPort}/0`,
    EMAIL_INGESTION_REDIS_HOST_DIR: join(dir, 'redis-host'),
    EMAIL_INGESTION_DIR: join(dir, 'email-ingestion'),
    EMAIL_INGESTION_PATH: path,
    AGENTIC_PLATFORM_URL: at('agentic-platform'),
    AGENTIC_PLATFORM_METRICS_URL: at('agentic-platform'),
    AGENTIC_PLATFORM_HOST: 'localhost',
    AGENTIC_PLATFORM_DOCKER_HOST: docker,
    AGENTIC_PLATFORM_DIR: join(dir, 'agentic-platform'),
    AGENTIC_PLATFORM_PATH: path,
    AGENTE_HOTEL_URL: at('agente-hotel'),
    AGENTE_HOTEL_PMS_URL: at('agente-hotel/pms'),
    AGENTE_HOTEL_PMS_HOST: 'localhost',
    AGENTE_HOTEL_PROMETHEUS_URL: at('agente-hotel/prometheus'),
    AGENTE_HOTEL_DOCKER_HOST: docker,
    AGENTE_HOTEL_DIR: join(dir, 'agente-hotel'),
    AGENTE_HOTEL_PATH: path,
    ...(platformRedis === undefined ? {} : { AGENTIC_PLATFORM_REDIS_URL: platformRedis }),
    ...(hotelRedis === undefined ? {} : { AGENTE_HOTEL_REDIS_URL: hotelRedis }),
  };
}
