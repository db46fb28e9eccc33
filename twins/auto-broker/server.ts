import { timingSafeEqual } from 'node:crypto';
import type { Redis } from 'ioredis';
import { type Asked, type Listening, listen } from '../support/http-twin.ts';
import { AGENT_CHANGES, AGENT_READS, CHAIN_OPEN_CHANGES } from './agents.ts';
import { OUTSIDE_CHANGES, OUTSIDE_OPEN_CHANGES, OUTSIDE_READS } from './outside.ts';
import type { Breakers, Reply, Route, World } from './route.ts';
import { type AutoBrokerState, breakerKey, CACHED_RATES, FRANCO_BREAKER, type Scenario, stateOf } from './state.ts';

export type TwinOptions = {
  /** 0 takes any free port. */
  readonly port: number;
  /** With a Redis breakers are keys there such as `circuit_breaker:franco_retell`, and rates are cached there, as in the real system. */
  readonly redis?: { readonly url: string };
  readonly state?: Scenario;
  /** What `Authorization: Bearer …` must carry on the endpoints that change something. */
  readonly token: string;
};

/** A running imitation of the Auto-Broker API, for tests and for the local workspace. */
export type AutoBrokerTwin = {
  readonly url: string;
  readonly port: number;
  /** Puts the twin, and what it keeps in Redis, into a condition. */
  setState(scenario: Scenario): Promise<void>;
  /** What it would report now. */
  readonly state: Readonly<AutoBrokerState>;
  close(): Promise<void>;
};

/** The API keeps rates of DAT iQ for a day. */
const RATES_TTL_S = 86_400;

const READS: Readonly<Record<string, Route>> = {
  ...OUTSIDE_READS,
  ...AGENT_READS,
  '/health': ({ state }) => {
    const healthy = state.db === 'connected';
    return {
      status: healthy ? 200 : 503,
      body: { status: healthy ? 'ok' : 'failed', db: state.db, cache: state.cache },
    };
  },
  '/franco/stats': async ({ state, breakers }) => ({
    status: 200,
    body: { backlog: state.backlog, calls_today: state.callsToday, breaker: await breakers.read(FRANCO_BREAKER) },
  }),
  '/metrics/circuit_breakers': async ({ state, breakers }) => {
    const entries = Object.keys(state.breakers).map(async (name) => {
      const value = await breakers.read(name);
      return [name, { state: value, failures: value === 'open' ? 5 : 0 }] as const;
    });
    return { status: 200, body: { circuit_breakers: Object.fromEntries(await Promise.all(entries)) } };
  },
  '/cache/stats': ({ state }) => ({
    status: 200,
    body: {
      hits: state.hits,
      misses: state.misses,
      hit_rate: hitRate(state),
      entries: state.hits + state.oldEntries,
    },
  }),
  '/costs/metrics': ({ state }) => ({
    status: 200,
    body: {
      hume_usd_today: Math.round(state.misses * 4.2) / 100,
      hume_quota_left: Math.max(0, 10_000 - state.misses * 10),
    },
  }),
};

const CHANGES: Readonly<Record<string, Route>> = {
  ...OUTSIDE_CHANGES,
  ...AGENT_CHANGES,
  '/franco/internal/trigger': async ({ state, breakers }) => {
    if ((await breakers.read(FRANCO_BREAKER)) === 'open')
      return { status: 503, body: { error: `circuit breaker ${FRANCO_BREAKER} is open` } };
    if (state.backlog === 0) return { status: 200, body: { called: 0, backlog: 0 } };
    state.backlog -= 1;
    state.callsToday += 1;
    return { status: 200, body: { called: 1, backlog: state.backlog } };
  },
  '/cache/warm': ({ state }) => {
    state.cache = 'ok';
    state.hits += 9_000;
    return { status: 200, body: { warmed: 9_000, hit_rate: hitRate(state) } };
  },
};

/** These answer without the token of the API. */
const OPEN_CHANGES: Readonly<Record<string, Route>> = { ...OUTSIDE_OPEN_CHANGES, ...CHAIN_OPEN_CHANGES };

/** Starts the twin on the loopback interface. Rejects when the port is taken or Redis cannot be reached. */
export async function startAutoBrokerTwin(options: TwinOptions): Promise<AutoBrokerTwin> {
  const world: World = {
    state: stateOf(options.state ?? 'healthy'),
    breakers: await openBreakers(options, () => world.state),
    token: options.token,
  };
  const setState = async (scenario: Scenario) => {
    world.state = stateOf(scenario);
    for (const [name, value] of Object.entries(world.state.breakers)) await world.breakers.write(name, value);
  };
  let server: Listening;
  try {
    await setState(options.state ?? 'healthy');
    server = await listen(options.port, (asked) => handle(world, asked));
  } catch (error) {
    await world.breakers.close();
    throw error;
  }
  return {
    url: server.url,
    port: server.port,
    setState,
    get state() {
      return world.state;
    },
    close: async () => {
      await server.close();
      await world.breakers.close();
    },
  };
}

async function handle(world: World, asked: Asked): Promise<Reply> {
  const { method, path } = asked;
  const reading = method === 'GET' || method === 'HEAD';
  const open = reading ? READS : OPEN_CHANGES;
  const route = ownRoute(open, path) ?? (reading ? null : ownRoute(CHANGES, path));
  if (!route) {
    const known = [READS, CHANGES, OPEN_CHANGES].some((routes) => ownRoute(routes, path) !== null);
    return known
      ? { status: 405, body: { error: 'method not allowed' } }
      : { status: 404, body: { error: 'not found' } };
  }
  const guarded = ownRoute(open, path) === null;
  if (guarded && !mayChange(world, asked)) return { status: 401, body: { error: 'a bearer token is needed' } };
  return await route(world, asked);
}

function ownRoute(routes: Readonly<Record<string, Route>>, path: string): Route | null {
  return Object.hasOwn(routes, path) ? (routes[path] ?? null) : null;
}

function mayChange({ token }: World, asked: Asked): boolean {
  const given = Buffer.from(asked.headers.authorization ?? '');
  const expected = Buffer.from(`Bearer ${token}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function hitRate({ hits, misses }: AutoBrokerState): number {
  return hits + misses === 0 ? 0 : Math.round((hits / (hits + misses)) * 1_000) / 1_000;
}

async function openBreakers(options: TwinOptions, state: () => AutoBrokerState): Promise<Breakers> {
  if (!options.redis) {
    return {
      read: async (name) => state().breakers[name] ?? 'closed',
      write: async (name, value) => {
        state().breakers[name] = value;
      },
      close: async () => {},
    };
  }
  const { Redis: Client } = await import('ioredis');
  const redis: Redis = new Client(options.redis.url, {
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    connectTimeout: 2_000,
  });
  // Errors reach whoever asks; without a listener the client prints them.
  redis.on('error', () => {});
  try {
    await redis.connect();
    for (const [key, rate] of Object.entries(CACHED_RATES)) await redis.set(key, rate, 'EX', RATES_TTL_S);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  return {
    // The real API knows only the open state; a missing key is a closed breaker.
    read: async (name) => (await redis.get(breakerKey(name))) ?? 'closed',
    write: async (name, value) => {
      if (value === 'open') await redis.set(breakerKey(name), 'open');
      else await redis.del(breakerKey(name));
    },
    close: async () => redis.disconnect(),
  };
}
