import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbedded } from '../../src/db/embedded-server.ts';
import { migrate } from '../../src/db/migrate.ts';
import { createPool } from '../../src/db/pool.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { testLog } from './log.ts';
import { installMovedTime } from './moved-time.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The one server of this test run; `user` owns it, `app` serves people. `problem`: why its template could not be migrated, or an empty text. */
    postgres: { host: string; user: string; app: string; problem: string };
  }
}

/** The database that every test file's own database is copied from. */
export const TEMPLATE = 'warroom_template';

/** Starts one PostgreSQL for the run, migrates a template in it, and ends it when the run is over. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const log = testLog();
  const dataDir = await mkdtemp(path.join(tmpdir(), 'warroom-test-'));
  await chmod(dataDir, 0o711);
  const server = await startEmbedded({
    dataDir,
    log,
    clock: systemClock,
    // The data does not outlive the run, so it need not survive a power cut.
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' },
  });
  const { host, user } = server.owner;
  const app = server.connection.user;
  // A migration that another person is writing must not stop the tests that need no database.
  const problem = await makeTemplate({ host, user }, app).then(
    () => '',
    (error: unknown) => String(error),
  );
  project.provide('postgres', { host, user, app, problem });
  return async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}

async function makeTemplate(server: { host: string; user: string }, app: string): Promise<void> {
  const log = testLog();
  const admin = createPool({ ...server, database: 'postgres' }, log, { max: 1 });
  await admin.query(`CREATE DATABASE ${TEMPLATE}`);
  await installMovedTime(admin, { ...server, database: TEMPLATE });
  await admin.end();
  const pool = createPool({ ...server, database: TEMPLATE }, log, { max: 4 });
  try {
    await migrate(pool, log, { app });
    // The rows of what a test makes as the owner are everybody's; what Warroom made has the rights that it has anywhere.
    await pool.query(
      `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON TABLES TO ${app}`,
    );
  } finally {
    await pool.end();
  }
}
