import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import type { Effect } from '../../src/domain/effect.ts';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { createSqlExecutor } from '../../src/executors/sql/sql-executor.ts';
import { sqlTargetProblems } from '../../src/executors/sql/sql-target.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type TestBouncer, testBouncer } from '../support/pgbouncer.ts';
import { execute, runContext } from './harness.ts';

const executor = createSqlExecutor({
  clock: systemClock,
  secrets: () => Promise.resolve(new Secret('unused-secret')),
  embedded: undefined,
});
let database: TestDatabase;
let pooler: TestBouncer | null = null;
let names = { reader: '', writer: '' };

beforeAll(async () => {
  database = await testDatabase();
  names = { reader: `r_${database.name}`, writer: `w_${database.name}` };
  await database.owner.query(
    `CREATE TABLE prey (note text); CREATE ROLE ${names.reader} LOGIN; CREATE ROLE ${names.writer} LOGIN;
     GRANT SELECT ON prey TO ${names.reader}; GRANT ALL ON prey TO ${names.writer}`,
  );
  pooler = await testBouncer({ host: database.connection.host, database: database.name, users: Object.values(names) });
});
afterAll(async () => {
  await pooler?.stop();
  await database.owner.query(
    `DROP OWNED BY ${names.reader}, ${names.writer}; DROP ROLE ${names.reader}, ${names.writer}`,
  );
  await database.drop();
});

function targetOf(options: Record<string, unknown>): TargetDefinition {
  return {
    name: 'db',
    executor: 'sql',
    description: null,
    options,
    read: { user: names.reader },
    write: { user: names.writer },
  };
}
const pool = (more: Record<string, unknown> = {}, host = 'localhost') =>
  targetOf({ connection: { host, port: pooler?.port, database: database.name }, pooled: true, ...more });
const run = (
  text: string,
  target: TargetDefinition,
  allowed: Effect = 'read',
  parts: Parameters<typeof execute>[2] = {},
) => execute(executor, { text, values: {}, target, allowed }, parts);
const test = (title: string, body: (context: TestContext) => Promise<void>) =>
  it(title, async (context) => {
    if (pooler === null) return context.skip('pgbouncer is not on this machine');
    await body(context);
  });

describe('a database behind a pooler in transaction mode', () => {
  test('is read and changed', async () => {
    expect(await run(`INSERT INTO prey VALUES ('one')`, pool(), 'change')).toMatchObject({ status: 'ok' });
    expect(await run('SELECT note FROM prey', pool())).toMatchObject({
      status: 'ok',
      value: { rows: [{ note: 'one' }] },
    });
  });

  test('gets nothing that outlives a transaction: the next one who has the session finds it as it was', async () => {
    const settings = `SELECT name, setting FROM pg_settings WHERE source = 'session' AND name IN
      ('statement_timeout', 'lock_timeout', 'search_path', 'default_transaction_read_only', 'idle_in_transaction_session_timeout')`;
    const inside = await run(`SELECT current_setting('statement_timeout') AS t`, pool(), 'read', { timeoutMs: 7_000 });
    expect(inside.value.rows).toEqual([{ t: '7s' }]); // control: there it is set
    const { default: pg } = await import('pg');
    const next = new pg.Client({
      host: 'localhost',
      port: pooler?.port ?? 0,
      database: database.name,
      user: names.reader,
    });
    await next.connect();
    expect((await next.query(settings)).rows).toEqual([]);
    await next.end();
  });

  test('without `pooled: true` it fails, and the sentence says what to write', async () => {
    const result = await run('SELECT 1', pool({ pooled: false }));
    expect(result).toMatchObject({ status: 'failed', error: expect.stringContaining('`pooled: true`') });
  });

  test('holds the time limit in the server', async () => {
    const result = await run('SELECT count(*) FROM generate_series(1, 100000000000)', pool(), 'read', {
      timeoutMs: 500,
    });
    expect(result.status).toBe('timeout');
  });

  test('stops what is cancelled, in the server too', async () => {
    const text = 'SELECT count(*) AS cancelled_one FROM generate_series(1, 100000000000)';
    const statement = await executor.prepare({ text, values: {}, target: pool(), allowed: 'read' });
    const cancel = new AbortController();
    const running = statement.run(runContext({ signal: cancel.signal, timeoutMs: 30_000 }));
    const busy = async () =>
      (
        await database.pool.query(
          `SELECT count(*)::int AS n FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%cancelled_one%' AND usename = $1`,
          [names.reader],
        )
      ).rows[0].n as number;
    while ((await busy()) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    cancel.abort();
    expect((await running).status).toBe('cancelled');
    expect(await busy()).toBe(0);
  });

  test('refuses what runs outside of a transaction', async () => {
    expect(await run('VACUUM prey', pool(), 'change')).toMatchObject({ status: 'refused' });
  });
});

describe('TLS to a PostgreSQL server', () => {
  test('is demanded and checked when the target names an authority', async () => {
    const text = 'SELECT 1 AS one';
    expect(await run(text, pool({ ca: pooler?.authority }))).toMatchObject({ status: 'ok' });
    const address = `postgres://localhost:${pooler?.port}/${database.name}?sslmode=verify-full`;
    expect(await run(text, pool({ ca: pooler?.authority, connection: address }))).toMatchObject({ status: 'ok' });
  });

  test('refuses a certificate that nobody known has signed, and one for another name', async () => {
    const address = `postgres://localhost:${pooler?.port}/${database.name}?sslmode=verify-full`;
    const unknown = await run('SELECT 1', pool({ connection: address }));
    expect(unknown).toMatchObject({ status: 'failed', error: expect.stringMatching(/certificate/iu) });
    const other = await run('SELECT 1', pool({ ca: pooler?.authority }, '127.0.0.1'));
    expect(other).toMatchObject({ status: 'failed', error: expect.stringMatching(/altnames|does not match/iu) });
  });

  it.each([
    'postgres://db.example.com/shop?sslmode=require',
    'postgres://db.example.com/shop?sslmode=no-verify',
    'postgres://db.example.com/shop?sslmode=verify-ca',
    'postgres://db.example.com/shop?uselibpqcompat=true&sslmode=prefer',
    'postgres://db.example.com/shop?sslmode=verify-full&sslrootcert=/etc/passwd',
  ])('a mode that does not look who answers is a mistake in the target: %s', (connection) => {
    expect(sqlTargetProblems(targetOf({ connection }))).toEqual([expect.stringMatching(/verify-full|`ca`/u)]);
  });
});
