import { cp, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { migrate } from '../../src/db/migrate.ts';
import { createPool } from '../../src/db/pool.ts';
import { type TestLog, testLog } from '../support/log.ts';

let folder: string;
let log: TestLog;
let admin: pg.Pool;
let pools: pg.Pool[] = [];
let name: string;

beforeEach(async () => {
  const { host, user } = inject('postgres');
  log = testLog();
  folder = await mkdtemp(path.join(tmpdir(), 'wr-migrations-'));
  await writeFile(path.join(folder, '0001_first.sql'), 'CREATE TABLE first (n int);');
  await writeFile(path.join(folder, '0002_second.sql'), 'CREATE TABLE second (n int); INSERT INTO second VALUES (1);');
  admin = createPool({ host, user, database: 'postgres' }, log, { max: 1 });
  name = `migrate_${path.basename(folder).toLowerCase().replace(/\W/gu, '_')}`;
  await admin.query(`CREATE DATABASE ${name}`);
});
afterEach(async () => {
  for (const pool of pools) await pool.end();
  pools = [];
  await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await admin.end();
  await rm(folder, { recursive: true, force: true });
  log.expectNoErrors();
});

const open = (user = inject('postgres').user): pg.Pool => {
  const pool = createPool({ host: inject('postgres').host, user, database: name }, log);
  pools.push(pool);
  return pool;
};
const tables = async (pool: pg.Pool) =>
  (await pool.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)).rows.map(
    (row: { tablename: string }) => row.tablename,
  );

describe('migrations', () => {
  test('run once in the order of their numbers, with those of the job engine', async () => {
    const pool = open();
    expect(await migrate(pool, log, { folder })).toEqual(['0001_first.sql', '0002_second.sql']);
    expect(await tables(pool)).toEqual(['first', 'second', 'warroom_migration']);
    expect((await pool.query('SELECT count(*) AS n FROM graphile_worker.jobs')).rows).toEqual([{ n: 0 }]);
    expect(await migrate(pool, log, { folder })).toEqual([]);
    await writeFile(path.join(folder, '0003_third.sql'), 'CREATE TABLE third (n int)');
    expect(await migrate(pool, log, { folder })).toEqual(['0003_third.sql']);
  });

  test('run once when four processes start together, and all four succeed', async () => {
    const ran = await Promise.all([open(), open(), open(), open()].map((pool) => migrate(pool, log, { folder })));
    expect(ran.flat().sort()).toEqual(['0001_first.sql', '0002_second.sql']);
  });

  test('leave nothing of one that fails, and keep those before it', async () => {
    await writeFile(path.join(folder, '0003_third.sql'), 'CREATE TABLE third (n int); SELECT nonsense;');
    const pool = open();
    await expect(migrate(pool, log, { folder })).rejects.toMatchObject({
      code: 'migration.failed',
      message: expect.stringContaining(
        '0003_third.sql failed, nothing of it was kept: column "nonsense" does not exist',
      ),
    });
    expect(await tables(pool)).toEqual(['first', 'second', 'warroom_migration']);
  });

  test('do not see a change in other line ends', async () => {
    const pool = open();
    await writeFile(path.join(folder, '0001_first.sql'), 'CREATE TABLE first\n (n int);\n');
    await migrate(pool, log, { folder });
    await writeFile(path.join(folder, '0001_first.sql'), 'CREATE TABLE first\r\n (n int);\r\n');
    expect(await migrate(pool, log, { folder })).toEqual([]);
  });

  test.each([
    ['that was changed', 'migration.changed', () => writeFile(path.join(folder, '0002_second.sql'), 'SELECT 1')],
    ['that is unknown here', 'migration.unknown', () => rm(path.join(folder, '0002_second.sql'))],
    [
      'that comes before one that ran',
      'migration.order',
      () => cp(path.join(folder, '0002_second.sql'), path.join(folder, '0001_zero.sql')),
    ],
    [
      'that was renumbered',
      'migration.unknown',
      () => rename(path.join(folder, '0002_second.sql'), path.join(folder, '0004_second.sql')),
    ],
    ['with a bad name', 'migration.name', () => writeFile(path.join(folder, '3-third.sql'), 'SELECT 1')],
  ])('refuse a file %s', async (_what, code, spoil) => {
    const pool = open();
    await migrate(pool, log, { folder });
    await spoil();
    await expect(migrate(pool, log, { folder })).rejects.toMatchObject({ code });
  });
});

describe('the role warroom_read', () => {
  test('may log in to the embedded server, see what others do, and change nothing', async () => {
    await migrate(open(), log);
    const reader = open('warroom_read');
    const [row] = (
      await reader.query(`SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication,
        pg_has_role('pg_monitor', 'USAGE') AS monitor, pg_has_role('pg_signal_backend', 'USAGE') AS signal,
        current_setting('transaction_read_only') AS read_only
        FROM pg_roles WHERE rolname = current_user`)
    ).rows;
    expect(row).toEqual({
      rolsuper: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolreplication: false,
      monitor: true,
      signal: false,
      read_only: 'on',
    });
    const seen = await reader.query(
      `SELECT count(*) AS n FROM pg_stat_activity WHERE usename = 'warroom' AND query <> '<insufficient privilege>'`,
    );
    expect(seen.rows[0].n).toBeGreaterThan(0);
    // Even when it turns its read-only default off.
    const client = await reader.connect();
    await client.query('SET default_transaction_read_only = off');
    for (const sql of [
      'CREATE TABLE mine (n int)',
      'DELETE FROM warroom_migration',
      'SELECT * FROM warroom_migration',
      "SELECT graphile_worker.add_job('x')",
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user OR usename = $$warroom$$',
      "COPY (SELECT 1) TO '/tmp/x'",
    ]) {
      await expect(client.query(sql), sql).rejects.toMatchObject({ code: '42501' });
    }
    client.release();
  });

  test('is left out with a warning when the user of the database may not make roles', async () => {
    await admin.query(`DROP ROLE IF EXISTS modest; CREATE ROLE modest LOGIN; ALTER DATABASE ${name} OWNER TO modest`);
    await migrate(open('modest'), log, { folder });
    await rm(folder, { recursive: true });
    await cp(new URL('../../src/db/migrations/', import.meta.url), folder, { recursive: true });
    const pool = open('modest');
    await pool.query('DROP TABLE warroom_migration');
    await migrate(pool, log, { folder });
    expect(log.messages('warn').join()).toContain('The role warroom_read could not be made with the rights of modest');
  });
});
