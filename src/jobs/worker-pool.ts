import type pg from 'pg';
import { isConnectionLost } from '../db/connection-errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';

const RETRY_MS = [20, 100, 250, 500];
const DRAIN_MS = 5_000;

/** What graphile-worker talks to instead of the pool. */
export type WorkerPoolFacade = {
  readonly pool: pg.Pool;
  /** From now on every statement waits for `gate` first, and those that must not be lost are repeated. */
  guard(gate: Promise<unknown>): void;
  /** Whether a statement waits for the database to come back. */
  readonly isRetrying: () => boolean;
  /** Waits for statements under way, at most five seconds, then gives them up. */
  drain(): Promise<void>;
};

/**
 * graphile-worker 0.17.3 does not wait for the statement that completes or fails a job: when the database is away at that
 * moment, the rejection has no handler and ends the process, and its batching gives up after the first attempt. This pool
 * keeps such statements until the database is back. Asking for a job is not repeated: the worker polls anyway.
 */
export function guardPool(options: { pool: pg.Pool; log: Log; clock: Clock }): WorkerPoolFacade {
  const { pool, log, clock } = options;
  let gate: Promise<unknown> | null = null;
  let closed = false;
  let retrying = 0;
  const pending = new Set<Promise<unknown>>();

  const repeat = async (statement: pg.QueryConfig, values?: unknown[]): Promise<unknown> => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await pool.query(statement, values);
      } catch (error) {
        if (!isConnectionLost(error)) throw error;
        if (closed) {
          log.warn(
            { error, statement: nameOf(statement) },
            'A job ended while the database was away; it will run again.',
          );
          return { rows: [], rowCount: 0 };
        }
        retrying += 1;
        await clock.sleep(RETRY_MS[attempt] ?? 1_000);
        retrying -= 1;
      }
    }
  };
  const run = async (statement: pg.QueryConfig, values?: unknown[]): Promise<unknown> => {
    await gate;
    if (nameOf(statement).startsWith('get_job')) return pool.query(statement, values);
    return repeat(statement, values);
  };
  const client = {
    query: (statement: pg.QueryConfig, values?: unknown[]): Promise<unknown> => {
      const result = run(statement, values);
      pending.add(result);
      const forget = (): boolean => pending.delete(result);
      result.then(forget, forget);
      return result;
    },
    release: () => undefined,
  };
  // With a callback it is the listener that asks: it needs a real connection and reconnects by itself.
  const connect = (callback?: Parameters<pg.Pool['connect']>[0]): unknown => {
    if (callback) return pool.connect(callback);
    return gate === null ? pool.connect() : Promise.resolve(client);
  };
  return {
    pool: new Proxy(pool, {
      get: (target, key) => {
        if (key === 'connect') return connect;
        const value: unknown = Reflect.get(target, key);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }),
    guard: (until) => {
      gate = until;
    },
    isRetrying: () => retrying > 0,
    drain: async () => {
      const done = new AbortController();
      const patience = clock.sleep(DRAIN_MS, done.signal).catch(() => undefined);
      await Promise.race([patience, Promise.allSettled(pending)]);
      done.abort();
      closed = true;
      await Promise.allSettled(pending);
    },
  };
}

function nameOf(statement: unknown): string {
  const name = typeof statement === 'object' && statement !== null && 'name' in statement ? statement.name : '';
  return typeof name === 'string' ? name : '';
}
