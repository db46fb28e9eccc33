import { Redis } from 'ioredis';
import type { Routes } from '../support/http-twin.ts';
import type { World } from '../support/world.ts';

/** Keys of the application in its Redis. */
const DEAD_LETTERS = 'mail:dead';

type Seen = {
  readonly redis: boolean;
  readonly token: boolean;
  readonly worker: boolean;
  readonly dead: number;
  /** Breakers by name: OPEN or CLOSED. */
  readonly breakers: Readonly<Record<string, string>>;
};

/** Health endpoints and metrics of Email Ingestion: they report its Redis, its token and its worker as they are at that moment. */
export function emailIngestionRoutes(world: World): Routes {
  return {
    'GET /health': async () => {
      const { worker } = await look(world);
      return { status: worker ? 200 : 503, body: { status: worker ? 'ok' : 'failed', worker: worker ? 'up' : 'gone' } };
    },
    'GET /ready': async () => {
      const { redis } = await look(world);
      return { status: redis ? 200 : 503, body: { ready: redis, redis: redis ? 'ok' : 'RedisConnectionError' } };
    },
    'GET /status': async () => {
      const seen = await look(world);
      return {
        status: 200,
        body: {
          producer: seen.token ? { state: 'running' } : { state: 'paused', error: 'OAuth2AuthenticationError' },
          worker: { state: seen.worker ? 'running' : 'gone' },
          circuit_breakers: Object.entries(seen.breakers).map(([name, state]) => ({
            name,
            state,
            failures: state === 'OPEN' ? 5 : 0,
          })),
        },
      };
    },
    'GET /metrics': async () => ({ status: 200, body: metrics(await look(world)) }),
    'GET /appsstatus': () => ({ status: 200, body: 'Gmail: available\n' }),
  };
}

async function look({ machine, redisHost }: World): Promise<Seen> {
  const [dead, until, pid, imap] = await Promise.all([
    deadLetters(Number(await redisHost.read('port', '0'))),
    machine.read('token', '0'),
    machine.read('pids/worker.pid', '0'),
    machine.read('breakers/imap', 'CLOSED'),
  ]);
  const token = Number(until) * 1_000 > Date.now();
  return {
    redis: dead !== null,
    token,
    worker: isAlive(Number(pid)),
    dead: dead ?? 0,
    // Without a token the server lets nobody in, which counts as a failure of IMAP.
    breakers: { redis: dead === null ? 'OPEN' : 'CLOSED', imap: token ? imap : 'OPEN' },
  };
}

function metrics({ breakers, dead }: Seen): string {
  const lines = Object.entries(breakers).map(
    ([name, state]) => `email_ingestion_circuit_breaker_state{name="${name}"} ${state === 'OPEN' ? 1 : 0}`,
  );
  return [...lines, `email_ingestion_dlq_depth ${dead}`, `email_ingestion_dlq_messages_total ${dead}`, ''].join('\n');
}

/** How many dead letters there are; null when Redis cannot be reached. */
async function deadLetters(port: number): Promise<number | null> {
  const redis = new Redis({
    host: '127.0.0.1',
    port,
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: 2_000,
  });
  redis.on('error', () => undefined);
  try {
    return await redis.xlen(DEAD_LETTERS);
  } catch {
    return null;
  } finally {
    redis.disconnect();
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
