import pg from 'pg';
import type { Connection } from './pool.ts';

/** How the fault calls itself in pg_stat_activity; the runbook WR-001 looks for nothing else but what it does. */
export const FAULT_APPLICATION = 'warroom-drill';

export type LockFault = {
  /** Backend process ids: the session that holds the lock and the one that waits for it. */
  readonly holder: number;
  readonly ended: () => boolean;
  release(): Promise<void>;
};

/** Rows that are locked for so long are those of another drill. */
const TAKEN_AFTER_MS = 1_000;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Makes a real fault for a drill: one session locks rows of `drill.parcels` and stays idle in its transaction, another
 * waits for them. Everything happens in the schema `drill`, which nothing else uses. Null when another drill, of this
 * process or of another one, holds the rows already.
 */
export async function startLockFault(connection: Connection): Promise<LockFault | null> {
  const holder = new pg.Client({ ...connection, application_name: FAULT_APPLICATION });
  const waiter = new pg.Client({ ...connection, application_name: `${FAULT_APPLICATION}-waiting` });
  let ended = false;
  let pid = 0;
  // The mitigation ends the session from outside: that is the point of the drill, not an error of ours.
  holder.on('error', () => {
    ended = true;
  });
  waiter.on('error', () => undefined);
  try {
    await holder.connect();
    await waiter.connect();
    await holder.query(`SET lock_timeout = '${TAKEN_AFTER_MS}ms'`);
    pid = (await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? 0;
    await holder.query('BEGIN');
    await holder.query(`UPDATE drill.parcels SET status = 'held' WHERE id <= 5`);
  } catch (error) {
    await Promise.all([holder.end().catch(() => undefined), waiter.end().catch(() => undefined)]);
    if (error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE) return null;
    throw error;
  }
  const waiting = waiter.query(`UPDATE drill.parcels SET status = 'moved' WHERE id = 1`).catch(() => undefined);
  return {
    holder: pid,
    ended: () => ended,
    release: async () => {
      await holder.end().catch(() => undefined);
      await waiting;
      await waiter.end().catch(() => undefined);
    },
  };
}
