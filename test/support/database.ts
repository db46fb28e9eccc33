import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { inject } from 'vitest';
import { createPool } from '../../src/db/pool.ts';
import { TEMPLATE } from './global-setup.ts';
import { type TestLog, testLog } from './log.ts';
import { applySearchPath } from './moved-time.ts';

type TestConnection = { readonly host: string; readonly user: string; readonly database: string };

export type TestDatabase = {
  /** Works as the login that serves people, with no right that an installation would not have. */
  readonly pool: pg.Pool;
  /** For child processes and further pools; the same login. */
  readonly connection: TestConnection;
  /** What only the database's owner may do: make things, and tamper with the audit log. */
  readonly owner: pg.Pool;
  readonly name: string;
  /** What the pool logged. */
  readonly log: TestLog;
  /** Ends the pool and drops the database, cutting connections that are left. */
  drop(): Promise<void>;
};

/** A migrated database of its own for one test file, copied from the run's template in about 30 ms. */
export async function testDatabase(options: { readonly max?: number } = {}): Promise<TestDatabase> {
  const { host, user, app, problem } = inject('postgres');
  if (problem !== '') throw new Error(`The template database could not be migrated: ${problem}`);
  const name = `test_${randomBytes(6).toString('hex')}`;
  const log = testLog();
  await asAdmin(async (admin) => {
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
    await applySearchPath(admin, name);
  });
  const connection = { host, user: app, database: name };
  const pool = createPool(connection, log, options);
  const owner = createPool({ host, user, database: name }, log, { max: 4 });
  return {
    pool,
    connection,
    owner,
    name,
    log,
    drop: async () => {
      await pool.end();
      await owner.end();
      await asAdmin((admin) => admin.query(`DROP DATABASE ${name} WITH (FORCE)`));
    },
  };
}

async function asAdmin(work: (admin: pg.Pool) => Promise<unknown>): Promise<void> {
  const { host, user } = inject('postgres');
  const admin = createPool({ host, user, database: 'postgres' }, testLog(), { max: 1 });
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
