import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { createSqlExecutor } from '../../src/executors/sql/sql-executor.ts';
import { renderRows } from '../../src/executors/sql/table.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { InternalError } from '../../src/lib/errors.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { attempt, execute, runContext } from './harness.ts';

let database: TestDatabase;
let owner: pg.Client;
let reader: string;
let sql: ReturnType<typeof createSqlExecutor>;
const target: TargetDefinition = {
  name: 'db',
  executor: 'sql',
  description: null,
  options: { connection: { embedded: true }, maxRows: 5 },
  read: {},
  write: {},
};

beforeAll(async () => {
  database = await testDatabase();
  reader = `sql_${database.name}`;
  owner = new pg.Client({ ...database.connection, user: inject('postgres').user });
  await owner.connect();
  await owner.query(
    `CREATE TABLE stock (id int PRIMARY KEY, name text); CREATE ROLE ${reader} LOGIN; GRANT SELECT ON stock TO ${reader}`,
  );
  sql = createSqlExecutor({
    clock: systemClock,
    secrets: () => Promise.reject(new InternalError('test', 'none')),
    embedded: {
      read: { ...database.connection, user: reader },
      write: { ...database.connection, user: inject('postgres').user },
    },
  });
});
beforeEach(async () => {
  await owner.query(`TRUNCATE stock; INSERT INTO stock SELECT n, 'item ' || n FROM generate_series(1, 20) AS n`);
});
afterAll(async () => {
  await owner.query(`DROP OWNED BY ${reader}; DROP ROLE ${reader}`);
  await owner.end();
  await database.drop();
});

const names = async () =>
  (await owner.query('SELECT name FROM stock ORDER BY id')).rows.map((row: { name: string }) => row.name);

describe('the login of a target with a connection string', () => {
  it.each(['', 'nobody@'])('is that of its credential, whatever the address says (%j)', async (userOfAddress) => {
    const host = encodeURIComponent(database.connection.host);
    const connection = `postgres://${userOfAddress}${userOfAddress === '' ? '' : 'localhost'}/${database.name}?host=${host}`;
    const result = await execute(sql, {
      text: 'select current_user::text as role',
      values: {},
      target: { ...target, options: { connection }, read: { user: reader } },
      allowed: 'read',
    });
    expect(result.value.rows, result.error ?? '').toEqual([{ role: reader }]);
  });
});

/** Waits until a session of the executor is at work, so that tests need not guess. */
async function untilBusy(pattern: string): Promise<number> {
  const deadline = performance.now() + 5_000;
  while (performance.now() < deadline) {
    const found = await owner.query({
      text: `SELECT pid FROM pg_stat_activity WHERE application_name = 'warroom step' AND datname = current_database() AND state = 'active' AND query LIKE $1`,
      values: [pattern],
    });
    if (found.rowCount) return Number((found.rows[0] as { pid: number }).pid);
  }
  throw new Error('no session of the executor was seen');
}

describe('placeholders in SQL', () => {
  it.each([
    ["SELECT '${v}'", 'inside quotes'],
    ["SELECT 'a ${v} b'", 'inside quotes'],
    ['SELECT "${v}"', 'inside a quoted name'],
    ['SELECT $$ ${v} $$', 'inside dollar quotes'],
    ["SELECT E'\\'${v}'", 'inside escaped quotes'],
    ['SELECT 1 -- ${v}', 'inside a comment'],
    ['SELECT 1 /* ${v} */', 'inside a comment'],
    ['SELECT * FROM ${v}', 'as a table'],
    ['SELECT ${v} FROM ${v} JOIN', 'in a broken statement'],
    ['SELECT * FROM t${v}', 'grown into a name'],
    ['SELECT ${v}5', 'grown into a number'],
    ['ALTER TABLE stock RENAME TO ${v}', 'as a name in a utility statement'],
    ['VACUUM ${v}', 'in a utility statement'],
  ])('%s cannot be bound: %s', async (text) => {
    await expect(sql.placeholders(text)).rejects.toMatchObject({
      code: expect.stringMatching(/placeholder_unbindable|statement_invalid/u),
      message: expect.stringMatching(/\.$/u),
    });
    expect(await attempt(sql, { text, values: { v: 'x' }, target, allowed: 'destructive' })).toMatch(
      /placeholder_unbindable|statement_invalid/u,
    );
  });

  it('says line and column and what to write', async () => {
    await expect(sql.placeholders("SELECT 1,\n  '${v}'")).rejects.toThrow(/line 2, column 4.*'prefix' \|\| \$\{v\}/u);
  });

  it('the same name is one parameter, and both statement and values are shown', async () => {
    const statement = await sql.prepare({
      text: 'SELECT ${a}::int + ${a}::int AS twice, ${b}::text AS b',
      values: { a: 21, b: 'x\n-- y' },
      target,
      allowed: 'read',
    });
    expect(statement.display).toBe(
      'SELECT $1::int + $1::int AS twice, $2::text AS b\n-- $1 a = 21\n-- $2 b = "x\\n-- y"',
    );
    expect((await statement.run(runContext())).value.rows).toEqual([{ twice: 42, b: 'x\n-- y' }]);
  });

  it('EXPLAIN takes values, and a number written as $1 is refused', async () => {
    expect(
      await attempt(sql, {
        text: 'EXPLAIN SELECT * FROM stock WHERE id = ${id}',
        values: { id: 1 },
        target,
        allowed: 'read',
      }),
    ).toBe('ok');
    expect(await attempt(sql, { text: 'SELECT $1', values: {}, target, allowed: 'read' })).toBe('statement_invalid');
  });
});

describe('reading', () => {
  it('gives numbers as numbers, JSON as JSON and what JavaScript cannot hold as text', async () => {
    const text = `SELECT count(*) AS n, 1.25 AS price, 12345678901234567890 AS big, true AS yes, null AS nothing, '{"a":[1]}'::jsonb AS js, 'NaN'::float8 AS nan, date '2024-02-29' AS day FROM stock`;
    const result = await execute(sql, { text, values: {}, target, allowed: 'read' });
    expect(result.value.rows).toEqual([
      {
        n: 20,
        price: 1.25,
        big: '12345678901234567890',
        yes: true,
        nothing: null,
        js: { a: [1] },
        nan: 'NaN',
        day: '2024-02-29',
      },
    ]);
  });

  it('stops at the row cap and says so', async () => {
    const result = await execute(sql, {
      text: 'SELECT id FROM stock ORDER BY id',
      values: {},
      target,
      allowed: 'read',
    });
    expect(result).toMatchObject({
      status: 'ok',
      value: { row_count: 5 },
      warnings: [expect.stringContaining('first 5 rows')],
    });
  });

  it('does not wait for a lock longer than it must, and names what to look for', async () => {
    await owner.query('BEGIN; LOCK TABLE stock IN ACCESS EXCLUSIVE MODE');
    const result = await execute(
      sql,
      { text: 'SELECT id FROM stock', values: {}, target, allowed: 'read' },
      { timeoutMs: 600 },
    );
    await owner.query('ROLLBACK');
    expect(['failed', 'timeout']).toContain(result.status);
  });

  it('leaves no session behind', async () => {
    await execute(sql, { text: 'SELECT 1', values: {}, target, allowed: 'read' });
    await execute(
      sql,
      { text: 'SELECT count(*) FROM generate_series(1, 100000000000)', values: {}, target, allowed: 'read' },
      { timeoutMs: 300 },
    );
    await expect
      .poll(
        async () =>
          (
            await owner.query(
              `SELECT 1 FROM pg_stat_activity WHERE application_name = 'warroom step' AND datname = current_database()`,
            )
          ).rowCount,
        { timeout: 3_000 },
      )
      .toBe(0);
  });

  it('an answer that would not fit into memory is cut off', async () => {
    const result = await execute(sql, {
      text: `SELECT repeat('x', 60000000) AS huge`,
      values: {},
      target,
      allowed: 'read',
    });
    expect(result.status).toBe('failed');
    expect(result.error).toBe('The answer of db was cut off: it is larger than 32 MiB; ask for fewer rows or columns.');
  });
});

describe('changing', () => {
  it('commits, counts and shows what it returned, all rows being worked on although few are shown', async () => {
    const result = await execute(sql, {
      text: `UPDATE stock SET name = \${name} WHERE id > 0 RETURNING id`,
      values: { name: "it's; --" },
      target,
      allowed: 'change',
    });
    expect(result).toMatchObject({ status: 'ok', warnings: [expect.stringContaining('All rows were worked on')] });
    expect(new Set(await names())).toEqual(new Set(["it's; --"]));
  });

  it('says how many rows it touched', async () => {
    const result = await execute(sql, {
      text: 'DELETE FROM stock WHERE id < 4',
      values: {},
      target,
      allowed: 'change',
    });
    expect(result).toMatchObject({ status: 'ok', output: 'DELETE: 3 rows affected', value: { row_count: 3 } });
  });

  it('a destructive statement is refused where a change is allowed', async () => {
    expect(await attempt(sql, { text: 'DELETE FROM stock', values: {}, target, allowed: 'change' })).toBe(
      'effect_exceeded',
    );
    expect(await names()).toHaveLength(20);
  });

  it('an error leaves nothing half done', async () => {
    const result = await execute(sql, {
      text: 'UPDATE stock SET id = 1 WHERE id > 0',
      values: {},
      target,
      allowed: 'change',
    });
    expect(result).toMatchObject({ status: 'failed', error: expect.stringContaining('23505') });
    expect((await names())[0]).toBe('item 1');
  });

  it('cancelled in the middle it is rolled back', async () => {
    const statement = await sql.prepare({
      text: `UPDATE stock SET name = 'changed' WHERE id > 0 AND pg_sleep(10) IS NOT NULL`,
      values: {},
      target,
      allowed: 'change',
    });
    const cancel = new AbortController();
    const running = statement.run(runContext({ signal: cancel.signal, timeoutMs: 30_000 }));
    await untilBusy('UPDATE stock%');
    cancel.abort();
    expect((await running).status).toBe('cancelled');
    expect((await names())[0]).toBe('item 1');
  });

  it('cancelled outside of a transaction it says that what was done by then stays done', async () => {
    const statement = await sql.prepare({ text: 'VACUUM stock', values: {}, target, allowed: 'change' });
    const holder = new pg.Client({ ...database.connection, user: inject('postgres').user });
    await holder.connect();
    try {
      await holder.query('BEGIN; LOCK TABLE stock');
      const cancel = new AbortController();
      const running = statement.run(runContext({ signal: cancel.signal, timeoutMs: 30_000 }));
      await untilBusy('VACUUM stock%');
      cancel.abort();
      expect(await running).toMatchObject({
        status: 'cancelled',
        error: expect.stringContaining('outside of a transaction, so what it had done by then stays done'),
      });
    } finally {
      await holder.end();
    }
  });

  it('a connection that is lost in the middle means unknown, for a person to decide', async () => {
    const statement = await sql.prepare({
      text: `UPDATE stock SET name = 'changed' WHERE id > 0 AND pg_sleep(10) IS NOT NULL`,
      values: {},
      target,
      allowed: 'change',
    });
    const running = statement.run(runContext({ timeoutMs: 30_000 }));
    const pid = await untilBusy('UPDATE stock%');
    await owner.query({ text: 'SELECT pg_terminate_backend($1)', values: [pid] });
    expect(await running).toMatchObject({ status: 'unknown', error: expect.stringContaining('may or may not') });
  });

  it('what cannot run in a transaction runs without one', async () => {
    expect(await attempt(sql, { text: 'VACUUM stock', values: {}, target, allowed: 'change' })).toBe('ok');
    expect(
      await attempt(sql, {
        text: 'CREATE INDEX CONCURRENTLY stock_name ON stock (name)',
        values: {},
        target,
        allowed: 'change',
      }),
    ).toBe('ok');
  });
});

describe('rows on a phone', () => {
  it('are a table when they fit', () => {
    expect(
      renderRows(
        ['pid', 'state'],
        [
          [4711, 'idle'],
          [5, 'active'],
        ],
      ),
    ).toBe(' pid | state\n-----+-------\n4711 | idle\n   5 | active\n(2 rows)');
  });

  it('are blocks when they do not, and long values are cut', () => {
    const text = renderRows(['pid', 'query'], [[1, `select\n  ${'x'.repeat(1_000)}`]]);
    expect(text).toContain('- row 1 ');
    expect(text).toContain('query : select ⏎ xxx');
    expect(text).toContain('…');
    expect(text.length).toBeLessThan(600);
  });

  it('of one column are its lines, so that a plan reads as PostgreSQL writes it', () => {
    const plan = [
      'Nested Loop  (cost=0.15..40.22 rows=12 width=68)',
      '  ->  Seq Scan on stock  (cost=0.00..22.70 rows=1270)',
    ];
    const text = renderRows(
      ['QUERY PLAN'],
      plan.map((line) => [line]),
    );
    expect(text.split('\n')).toEqual(['QUERY PLAN', '-'.repeat(46), ...plan, '(2 rows)']);
    expect(renderRows(['count'], [[12_345]])).toBe('count\n-----\n12345\n(1 row)');
  });

  it('stand in columns also where letters are twice as wide', () => {
    expect(
      renderRows(
        ['city', 'n'],
        [
          ['東京', 1],
          ['abc', 2],
        ],
      ),
    ).toBe('city | n\n-----+--\n東京 | 1\nabc  | 2\n(2 rows)');
  });

  it('say when there are none', () => {
    expect(renderRows(['a'], [])).toBe('(0 rows)');
  });
});
