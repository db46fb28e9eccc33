import type pg from 'pg';
import { type Clock, systemClock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Tx } from './transaction.ts';

/** First key of the advisory locks by which owners show that they live; the second is a hash of the owner's id. */
const CLASS = 1701;
/** A living owner whose connection was cut holds its lock again within this time. */
const SECOND_LOOK_MS = 500;
/** After the server came (back) up, its clients get this long to return. */
const RETURN_SECONDS = 3;
const RETRY_MS = [20, 100, 500];

/** Shows that an owner lives. */
export type Liveness = { release(): Promise<void> };

/**
 * Holds an advisory lock for `ownerId` on a connection of its own until it is released. When the process dies, the server
 * frees it at once; when the connection is lost, a new one takes it again. Needs session connections: a pooler that shares
 * them by transaction would break it.
 */
export async function holdLiveness(options: {
  pool: pg.Pool;
  ownerId: string;
  log: Log;
  clock?: Clock;
}): Promise<Liveness> {
  const { pool, ownerId, log, clock = systemClock } = options;
  const stopped = new AbortController();
  let letGo: () => void = () => undefined;

  const acquire = async (): Promise<void> => {
    for (let attempt = 0; !stopped.signal.aborted; attempt += 1) {
      try {
        letGo = await lockOn(pool, ownerId, () => {
          if (stopped.signal.aborted) return;
          log.warn({ ownerId }, 'The connection that shows this process to be alive was lost; taking a new one.');
          reacquired = acquire();
        });
        return;
      } catch (error) {
        if (attempt === 5)
          log.error({ error, ownerId, code: 'liveness.lost' }, 'This process cannot show that it lives.');
        await clock.sleep(RETRY_MS[attempt] ?? 1_000, stopped.signal).catch(() => undefined);
      }
    }
  };
  let reacquired = acquire();
  await reacquired;

  return {
    release: async () => {
      stopped.abort();
      await reacquired;
      letGo(); // closing the connection frees the lock
    },
  };
}

/** Returns how to let go. */
async function lockOn(pool: pg.Pool, ownerId: string, onLost: () => void): Promise<() => void> {
  const client = await pool.connect();
  let released = false;
  const release = (): void => {
    if (!released) client.release(true);
    released = true;
  };
  try {
    // A machine that loses its power sends no goodbye: let the server find out within about ten seconds, not two hours.
    await client.query(
      `SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; SET application_name = 'warroom-liveness'`,
    );
    // Shared, so that a connection which the server has not yet given up does not block its successor.
    await client.query('SELECT pg_advisory_lock_shared($1, hashtext($2))', [CLASS, ownerId]);
  } catch (error) {
    release();
    throw error;
  }
  client.once('end', () => {
    if (released) return;
    release();
    onLost();
  });
  return release;
}

/**
 * Which of these owners are gone. Looks twice when one seems to be, and accuses nobody while the server itself has just come
 * up, because then every living owner needs a moment to return. So it may take half a second.
 */
export async function deadOwners(tx: Tx, ownerIds: readonly string[], clock: Clock = systemClock): Promise<string[]> {
  const missing = await listMissing(tx, ownerIds);
  if (missing.length === 0) return [];
  await clock.sleep(SECOND_LOOK_MS);
  return listMissing(tx, missing);
}

async function listMissing(tx: Tx, ownerIds: readonly string[]): Promise<string[]> {
  if (ownerIds.length === 0) return [];
  // The age of the server is the machine's matter: it must not follow a now() that a test has moved. The checkpointer is as
  // young as the last crash of any server process, where all connections were cut and the postmaster stayed.
  const rows = await tx.query<{ id: string }>(
    `select id from unnest($1::text[]) as id
     where not exists (
         select from pg_locks
         where locktype = 'advisory' and granted and objsubid = 2
           and database = (select oid from pg_database where datname = current_database())
           and classid::bigint = $2 and objid::bigint = hashtext(id)::bigint & 4294967295)
       and greatest(pg_postmaster_start_time(),
         (select max(backend_start) from pg_stat_activity where backend_type = 'checkpointer'))
         < clock_timestamp() - make_interval(secs => $3)`,
    [ownerIds, CLASS, RETURN_SECONDS],
  );
  return rows.map((row) => row.id);
}
