import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Redis } from 'ioredis';
import { type AutoBrokerState, FRANCO_BREAKER, FRANCO_BREAKER_KEY, type Scenario, stateOf } from './state.ts';

export type TwinOptions = {
  /** 0 takes any free port. */
  readonly port: number;
  /** With a Redis the breaker of FRANCO is the key `circuit_breaker:franco_retell` there, as in the real system. */
  readonly redis?: { readonly url: string };
  readonly state?: Scenario;
  /** What `Authorization: Bearer …` must carry on the endpoints that change something. */
  readonly token: string;
};

/** A running imitation of the Auto-Broker API, for tests and for the local workspace. */
export type AutoBrokerTwin = {
  readonly url: string;
  readonly port: number;
  /** Puts the twin, and the breaker in Redis, into a condition. */
  setState(scenario: Scenario): Promise<void>;
  /** What it would report now. */
  readonly state: Readonly<AutoBrokerState>;
  close(): Promise<void>;
};

type Breaker = { read(): Promise<string>; write(value: string): Promise<void>; close(): Promise<unknown> };
type World = { state: AutoBrokerState; readonly breaker: Breaker; readonly token: string };
type Reply = { readonly status: number; readonly body: unknown };
type Route = (world: World) => Promise<Reply> | Reply;

const READS: Readonly<Record<string, Route>> = {
  '/health': ({ state }) => {
    const healthy = state.db === 'connected';
    return {
      status: healthy ? 200 : 503,
      body: { status: healthy ? 'ok' : 'failed', db: state.db, cache: state.cache },
    };
  },
  '/franco/stats': async ({ state, breaker }) => ({
    status: 200,
    body: { backlog: state.backlog, calls_today: state.callsToday, breaker: await breaker.read() },
  }),
  '/metrics/circuit_breakers': async ({ state, breaker }) => {
    const states = { ...state.breakers, [FRANCO_BREAKER]: await breaker.read() };
    const entries = Object.entries(states).map(([name, value]) => [
      name,
      { state: value, failures: value === 'open' ? 5 : 0 },
    ]);
    return { status: 200, body: { circuit_breakers: Object.fromEntries(entries) } };
  },
  '/cache/stats': ({ state }) => ({
    status: 200,
    body: { hits: state.hits, misses: state.misses, hit_rate: hitRate(state), entries: state.hits },
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
  '/franco/internal/trigger': async ({ state, breaker }) => {
    if ((await breaker.read()) === 'open')
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

/** Starts the twin on the loopback interface. Rejects when the port is taken or Redis cannot be reached. */
export async function startAutoBrokerTwin(options: TwinOptions): Promise<AutoBrokerTwin> {
  const world: World = {
    state: stateOf(options.state ?? 'healthy'),
    breaker: await openBreaker(options, () => world.state),
    token: options.token,
  };
  const setState = async (scenario: Scenario) => {
    world.state = stateOf(scenario);
    await world.breaker.write(world.state.breakers[FRANCO_BREAKER] ?? 'closed');
  };
  const server = createServer((request, response) => {
    handle(world, request).then(
      (reply) => send(response, reply),
      (error: unknown) => send(response, { status: 500, body: { error: String(error) } }),
    );
  });
  try {
    await setState(options.state ?? 'healthy');
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, '127.0.0.1', resolve);
    });
  } catch (error) {
    await world.breaker.close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    setState,
    get state() {
      return world.state;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await world.breaker.close();
    },
  };
}

async function handle(world: World, request: IncomingMessage): Promise<Reply> {
  request.resume();
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const reading = request.method === 'GET' || request.method === 'HEAD';
  const routes = reading ? READS : CHANGES;
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (!route) {
    const known = Object.hasOwn(READS, path) || Object.hasOwn(CHANGES, path);
    return known
      ? { status: 405, body: { error: 'method not allowed' } }
      : { status: 404, body: { error: 'not found' } };
  }
  if (!reading && !mayChange(world, request)) return { status: 401, body: { error: 'a bearer token is needed' } };
  return await route(world);
}

function mayChange({ token }: World, request: IncomingMessage): boolean {
  const given = Buffer.from(request.headers.authorization ?? '');
  const expected = Buffer.from(`Bearer ${token}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function send(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}

function hitRate({ hits, misses }: AutoBrokerState): number {
  return hits + misses === 0 ? 0 : Math.round((hits / (hits + misses)) * 1_000) / 1_000;
}

async function openBreaker(options: TwinOptions, state: () => AutoBrokerState): Promise<Breaker> {
  if (!options.redis) {
    return {
      read: async () => state().breakers[FRANCO_BREAKER] ?? 'closed',
      write: async (value) => {
        state().breakers[FRANCO_BREAKER] = value === 'open' ? 'open' : 'closed';
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
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  return {
    // The real API knows only the open state; a missing key is a closed breaker.
    read: async () => (await redis.get(FRANCO_BREAKER_KEY)) ?? 'closed',
    write: async (value) => {
      if (value === 'open') await redis.set(FRANCO_BREAKER_KEY, 'open');
      else await redis.del(FRANCO_BREAKER_KEY);
    },
    close: async () => redis.disconnect(),
  };
}
