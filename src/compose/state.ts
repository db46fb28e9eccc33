import { join } from 'node:path';
import type { Pool } from 'pg';
import type { Config } from '../config/read-config.ts';
import { startEmbedded } from '../db/embedded-server.ts';
import { migrate } from '../db/migrate.ts';
import { type Connection, createPool } from '../db/pool.ts';
import type { Clock } from '../lib/clock.ts';
import { InternalError, messageOf, UserError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Releasers } from '../lib/releasers.ts';

/** The oldest PostgreSQL that Warroom runs on. */
const OLDEST = 140_000;

export type State = { readonly pool: Pool; readonly connection: Connection };

/** Opens the database, embedded or at DATABASE_URL, and brings its schema up to date. */
export async function openState(
  config: Pick<Config, 'databaseUrl' | 'home'>,
  tools: { readonly log: Log; readonly clock: Clock; readonly releasers: Releasers },
): Promise<State> {
  const { log, releasers } = tools;
  const connection = config.databaseUrl
    ? { connectionString: config.databaseUrl.reveal() }
    : await startOwn(join(config.home, 'postgres'), tools);
  const pool = createPool(connection, log.child({ part: 'database' }), { max: 30 });
  releasers.add('database connections', () => pool.end());
  await requireSupportedVersion(pool, config.databaseUrl !== null);
  await migrate(pool, log);
  return { pool, connection };
}

/** Starts the embedded database, or joins the one that runs on that folder. */
export async function startOwn(
  dataDir: string,
  { log, clock, releasers }: { log: Log; clock: Clock; releasers: Releasers },
): Promise<Connection> {
  const server = await startEmbedded({ dataDir, log: log.child({ part: 'postgres' }), clock });
  releasers.add('embedded database', () => server.stop());
  return server.connection;
}

/** The server's version as a number (180000). Throws UserError when it cannot be reached or is too old. */
export async function requireSupportedVersion(pool: Pool, foreign: boolean): Promise<number> {
  let version: number;
  try {
    const { rows } = await pool.query<{ version: number }>(
      `select current_setting('server_version_num')::int as version`,
    );
    version = rows[0]?.version ?? 0;
  } catch (error) {
    if (!foreign) throw new InternalError('database.start', 'The embedded database does not answer.', { cause: error });
    throw new UserError(
      'database_unreachable',
      `DATABASE_URL: the database cannot be reached (${messageOf(error)}); check address, user and password.`,
    );
  }
  if (version >= OLDEST) return version;
  throw new UserError(
    'database_too_old',
    `DATABASE_URL: PostgreSQL ${Math.floor(version / 10_000)} is too old; Warroom needs 14 or newer.`,
  );
}
