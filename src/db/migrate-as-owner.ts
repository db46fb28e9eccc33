import { UserError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { lookAtSchema, migrate } from './migrate.ts';
import { refusePlanted } from './planted.ts';
import { type Connection, createPool } from './pool.ts';

/** Migrates with the owner's login, unless the login `app` has left something that would act with it; gives the login `app` its rights, and drops the owner's connections again. */
export async function migrateAsOwner(owner: Connection, app: string, log: Log): Promise<string[]> {
  const pool = createPool(owner, log, { max: 3 });
  try {
    await refusePlanted(pool, app);
    const { login, owns } = await lookAtSchema(pool);
    if (owns) return await migrate(pool, log, { app: login === app ? null : app });
  } finally {
    await pool.end();
  }
  throw new UserError(
    'migration.owner',
    'DATABASE_OWNER_URL: this login does not own the database that Warroom migrated: name the one that does.',
  );
}
