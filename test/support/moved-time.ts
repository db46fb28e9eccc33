import pg from 'pg';
import { EMBEDDED_APP } from '../../src/db/embedded-data.ts';

/**
 * Time belongs to the database, so tests move it there: a schema `clock` holds another `now()`, which the database's
 * search_path finds before PostgreSQL's own. SQL of the product, of its column defaults and of graphile-worker follows.
 */
export async function installMovedTime(
  admin: pg.Pool,
  connection: { host: string; user: string; database: string },
): Promise<void> {
  await applySearchPath(admin, connection.database);
  const client = new pg.Client(connection);
  await client.connect();
  try {
    await client.query(`
      CREATE SCHEMA clock;
      CREATE TABLE clock.shift (
        one boolean PRIMARY KEY DEFAULT true CHECK (one), shift interval NOT NULL DEFAULT '0', frozen timestamptz);
      INSERT INTO clock.shift DEFAULT VALUES;
      CREATE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE AS
        $$ SELECT coalesce(frozen, pg_catalog.now() + shift) FROM clock.shift $$;
      GRANT USAGE ON SCHEMA clock TO public;
      GRANT SELECT ON clock.shift TO public;
      GRANT UPDATE ON clock.shift TO ${EMBEDDED_APP}`);
  } finally {
    await client.end();
  }
}

/** Settings of a database are not copied with its template, so each copy needs this again. */
export async function applySearchPath(admin: pg.Pool, database: string): Promise<void> {
  // New tables still go to public: it stands first. pg_catalog must be named, or it would be searched before all others.
  await admin.query(
    `ALTER DATABASE ${pg.escapeIdentifier(database)} SET search_path = "$user", public, clock, pg_catalog`,
  );
}

/** Moves the database's now() by an interval such as `10 minutes` or `-1 hour`, for every transaction that begins after. */
export async function advance(pool: pg.Pool, interval: string): Promise<void> {
  await pool.query('UPDATE clock.shift SET shift = shift + $1::interval, frozen = frozen + $1::interval', [interval]);
  await wakeJobs(pool);
}

/** Stops the database's clock at an instant; `advance` still moves it. */
export async function freeze(pool: pg.Pool, instant: Date): Promise<void> {
  await pool.query('UPDATE clock.shift SET frozen = $1', [instant]);
  await wakeJobs(pool);
}

/** Lets the clock run again, as far from real time as `advance` moved it. */
export async function unfreeze(pool: pg.Pool): Promise<void> {
  await pool.query('UPDATE clock.shift SET frozen = NULL');
  await wakeJobs(pool);
}

/** The engine looks for jobs at once instead of at its next poll. */
async function wakeJobs(pool: pg.Pool): Promise<void> {
  await pool.query(`SELECT pg_notify('jobs:insert', '{"count":10}')`);
}
