import { AsyncLocalStorage } from 'node:async_hooks';
import type pg from 'pg';
import { systemClock } from '../lib/clock.ts';
import { InternalError } from '../lib/errors.ts';
import { isConnectionLost } from './connection-errors.ts';

/** Something that answers SQL: a transaction, or the pool for a single statement. */
export type Queryable = {
  /** Runs one statement and returns its rows. `T` is what the caller's SQL selects; JSON columns stay `unknown`. */
  query<T>(sql: string, values?: readonly unknown[]): Promise<T[]>;
};

/** An open transaction. Functions that lock or write take one. */
export type Tx = Queryable & {
  /** The instant of the whole transaction, as `now()` of its SQL. Time belongs to the database. */
  readonly now: Date;
  /** Sends a notification that is delivered when the transaction commits. `payload`: at most 7,999 bytes. */
  notify(channel: string, payload?: string): Promise<void>;
};

const ATTEMPTS = 4;
/** serialization_failure and deadlock_detected: the server rolled back and asks to try again. */
const AGAIN = new Set(['40001', '40P01']);

const current = new AsyncLocalStorage<{ open: boolean }>();

/** Runs one statement outside of a transaction; for reading. */
export async function query<T>(pool: pg.Pool, sql: string, values: readonly unknown[] = []): Promise<T[]> {
  const result = await pool.query(sql, [...values]);
  return result.rows as T[];
}

/** The pool as something to read from. */
export function reading(pool: pg.Pool): Queryable {
  return { query: (sql, values) => query(pool, sql, values) };
}

/**
 * Runs `work` in one transaction (read committed): all of it happens, or nothing. After a deadlock the whole work runs again,
 * up to three times, so it must not do anything that a rollback cannot undo: no Slack, no target, no variable outside.
 * Transactions do not nest: a function that needs one inside takes a `Tx`.
 */
export async function withTransaction<T>(pool: pg.Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  if (current.getStore()?.open) {
    throw new InternalError('transaction.nested', 'A transaction was opened inside another one: pass the Tx instead.');
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptOnce(pool, work);
    } catch (error) {
      if (attempt === ATTEMPTS || !AGAIN.has(codeOf(error))) throw error;
      await pause(attempt);
    }
  }
}

async function attemptOnce<T>(pool: pg.Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  const { client, now } = await begin(pool);
  const state = { open: true };
  const run = async (sql: string, values: readonly unknown[] = []): Promise<pg.QueryResult> => {
    if (!state.open) throw new InternalError('transaction.over', 'A statement came after the end of its transaction.');
    return client.query(sql, [...values]);
  };
  const tx: Tx = {
    now,
    query: async <R>(sql: string, values?: readonly unknown[]) => (await run(sql, values)).rows as R[],
    notify: async (channel, payload = '') => {
      await run('SELECT pg_notify($1, $2)', [channel, payload]);
    },
  };
  try {
    const result = await current.run(state, () => work(tx));
    state.open = false;
    const { command } = await client.query('COMMIT');
    // PostgreSQL answers COMMIT with ROLLBACK when a statement failed and its error was swallowed.
    if (command !== 'COMMIT') throw new InternalError('transaction.aborted', 'A failed statement was ignored.');
    client.release();
    return result;
  } catch (error) {
    state.open = false;
    await rollback(client);
    throw error;
  }
}

/** Opens a transaction and learns its time in one round trip; waits a moment for a server that is being restarted. */
async function begin(pool: pg.Pool): Promise<{ client: pg.PoolClient; now: Date }> {
  for (let attempt = 1; ; attempt += 1) {
    let client: pg.PoolClient | undefined;
    try {
      client = await pool.connect();
      // Two statements in one message: node-postgres answers with one result for each.
      const results = (await client.query('BEGIN; SELECT now() AS now')) as unknown as pg.QueryResult<{ now: Date }>[];
      const now = results[1]?.rows[0]?.now;
      if (!now) throw new InternalError('transaction.now', 'The database did not tell the time.');
      return { client, now };
    } catch (error) {
      client?.release(true);
      if (attempt === ATTEMPTS || !isConnectionLost(error)) throw error;
      await pause(attempt);
    }
  }
}

async function rollback(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('ROLLBACK');
    client.release();
  } catch {
    // The connection is gone, and the transaction with it; the first error is the one to tell.
    client.release(true);
  }
}

/** Jitter keeps two transactions that met in a deadlock from meeting again. */
async function pause(attempt: number): Promise<void> {
  await systemClock.sleep((0.5 + Math.random()) * 20 * 3 ** (attempt - 1));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
