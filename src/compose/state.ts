import { join } from 'node:path';
import type { Pool } from 'pg';
import type { Config } from '../config/read-config.ts';
import { describeAuditPowers } from '../db/audit-guard.ts';
import { startEmbedded } from '../db/embedded-server.ts';
import { lookAtSchema, migrate } from '../db/migrate.ts';
import { migrateAsOwner } from '../db/migrate-as-owner.ts';
import { type Connection, createPool } from '../db/pool.ts';
import type { Clock } from '../lib/clock.ts';
import { InternalError, messageOf, UserError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Releasers } from '../lib/releasers.ts';

/** The oldest PostgreSQL that Warroom runs on. */
const OLDEST = 140_000;

export type State = {
  readonly pool: Pool;
  /** The login that serves people. */
  readonly connection: Connection;
  /** What is less safe than it could be, a sentence each. */
  readonly remarks: readonly string[];
};

type Tools = { readonly log: Log; readonly clock: Clock; readonly releasers: Releasers };

/**
 * Opens the database, embedded or at DATABASE_URL, and brings its schema up to date. The owner's login is used for that
 * alone and let go; everything after works with a login that can add to the audit log and not change it, where there is one.
 */
export async function openState(
  config: Pick<Config, 'databaseUrl' | 'databaseOwnerUrl' | 'home'>,
  tools: Tools,
): Promise<State> {
  const { log, releasers } = tools;
  const { connection, owner } = await findDatabase(config, tools);
  const quiet = log.child({ part: 'database' });
  const pool = createPool(connection, quiet, { max: 30 });
  releasers.add('database connections', () => pool.end());
  await requireSupportedVersion(pool, config.databaseUrl !== null);
  const { login, owns, pending } = await lookAtSchema(pool);
  if (owner) await migrateAsOwner(owner, login, quiet);
  else if (owns) await migrate(pool, log);
  else if (pending.length > 0) throw needsOwner(login, pending);
  if (owner) await requireSameDatabase(pool);
  const weak = await describeAuditPowers(pool);
  if (weak !== null) log.warn({ code: 'database.one_login' }, weak);
  return { pool, connection, remarks: weak === null ? [] : [weak] };
}

/** Where the database is, by the login that serves people and by the owner's, when that is another. */
async function findDatabase(
  config: Pick<Config, 'databaseUrl' | 'databaseOwnerUrl' | 'home'>,
  tools: Tools,
): Promise<{ connection: Connection; owner: Connection | null }> {
  if (!config.databaseUrl) return startOwn(join(config.home, 'postgres'), tools);
  return {
    connection: { connectionString: config.databaseUrl.reveal() },
    owner: config.databaseOwnerUrl && { connectionString: config.databaseOwnerUrl.reveal() },
  };
}

/** Starts the embedded database, or joins the one that runs on that folder. */
export async function startOwn(
  dataDir: string,
  { log, clock, releasers }: Tools,
): Promise<{ connection: Connection; owner: Connection }> {
  const server = await startEmbedded({ dataDir, log: log.child({ part: 'postgres' }), clock });
  releasers.add('embedded database', () => server.stop());
  return { connection: server.connection, owner: server.owner };
}

function needsOwner(login: string, pending: readonly string[]): UserError {
  return new UserError(
    'migration.owner',
    `The database has to be migrated (${pending[0]}${pending.length > 1 ? ` and ${pending.length - 1} more` : ''}) and the login ${login} of DATABASE_URL does not own it: set DATABASE_OWNER_URL to the owner's login, here or for \`warroom migrate\` alone.`,
  );
}

/** The owner migrated its database: the other login must see that. */
async function requireSameDatabase(pool: Pool): Promise<void> {
  if ((await lookAtSchema(pool)).pending.length === 0) return;
  throw new UserError(
    'migration.other_database',
    'DATABASE_OWNER_URL and DATABASE_URL lead to different databases or schemas: name the same one in both.',
  );
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
