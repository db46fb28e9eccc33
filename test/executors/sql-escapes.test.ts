import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { TargetDefinition } from '../../src/domain/system.ts';
import type { Executor } from '../../src/executors/executor.ts';
import { createSqlExecutor } from '../../src/executors/sql/sql-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { InternalError } from '../../src/lib/errors.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { attempt, execute } from './harness.ts';

/** Every way round a read-only transaction that was measured to work for somebody, and the neighbours of each. */
const ESCAPES: { name: string; statement: string; why: string }[] = [
  { name: 'COMMIT first', statement: "COMMIT; INSERT INTO prey VALUES ('x')", why: 'the simple protocol runs both' },
  { name: 'COMMIT alone', statement: 'COMMIT', why: 'ends the read-only transaction for the next statement' },
  { name: 'ROLLBACK AND CHAIN', statement: 'ROLLBACK AND CHAIN', why: 'ends the read-only transaction' },
  {
    name: 'a comment in front',
    statement: "/* just looking */ INSERT INTO prey VALUES ('x')",
    why: 'defeats keyword filters',
  },
  {
    name: 'a nested comment',
    statement: "/* /* */ SELECT 1; */ INSERT INTO prey VALUES ('x')",
    why: 'defeats keyword filters',
  },
  { name: 'a line comment', statement: "-- SELECT\nINSERT INTO prey VALUES ('x')", why: 'defeats keyword filters' },
  {
    name: 'two statements',
    statement: "SELECT 1; INSERT INTO prey VALUES ('x')",
    why: 'splitting on ; reopens the hole',
  },
  {
    name: 'SET TRANSACTION READ WRITE',
    statement: 'SET TRANSACTION READ WRITE',
    why: 'allowed before the first query',
  },
  {
    name: 'set_config read only off',
    statement: "SELECT set_config('transaction_read_only', 'off', false)",
    why: 'a setting by function',
  },
  {
    name: 'set_config timeout off',
    statement: "SELECT set_config('statement_timeout', '0', false)",
    why: 'lifts the time limit',
  },
  { name: 'SET statement_timeout', statement: 'SET statement_timeout = 0', why: 'kept after COMMIT' },
  { name: 'RESET ALL', statement: 'RESET ALL', why: 'takes the limits back' },
  { name: 'SET ROLE', statement: 'SET ROLE postgres', why: 'takes another role' },
  {
    name: 'SET SESSION CHARACTERISTICS',
    statement: 'SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE',
    why: 'changes the default',
  },
  {
    name: 'COPY TO PROGRAM',
    statement: "COPY (SELECT 1) TO PROGRAM 'touch /tmp/warroom-escaped'",
    why: 'runs a program as superuser',
  },
  { name: 'COPY TO file', statement: "COPY (SELECT 1) TO '/tmp/warroom-escaped'", why: 'writes a file' },
  { name: 'COPY FROM', statement: "COPY prey FROM '/etc/hostname'", why: 'writes rows' },
  { name: 'COPY TO STDOUT', statement: 'COPY prey TO STDOUT', why: 'leaves the row protocol' },
  {
    name: 'dblink',
    statement: "SELECT * FROM dblink('dbname=x', 'INSERT INTO prey VALUES (1) RETURNING 1') AS t(a int)",
    why: 'writes on its own connection',
  },
  {
    name: 'pg_terminate_backend',
    statement: 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity',
    why: 'kills sessions of the same role',
  },
  { name: 'qualified', statement: 'SELECT pg_catalog.pg_terminate_backend(1)', why: 'a qualified name' },
  { name: 'quoted', statement: 'SELECT "pg_terminate_backend"(1)', why: 'a quoted name' },
  { name: 'unicode name', statement: `SELECT U&"pg\\005fterminate_backend"(1)`, why: 'an escaped name' },
  { name: 'pg_cancel_backend', statement: 'SELECT pg_cancel_backend(1)', why: 'stops the work of others' },
  { name: 'LOCK TABLE', statement: 'LOCK TABLE prey IN ACCESS EXCLUSIVE MODE', why: 'blocks everybody' },
  { name: 'ACCESS SHARE lock', statement: 'LOCK TABLE prey IN ACCESS SHARE MODE', why: 'blocks DDL' },
  { name: 'advisory lock', statement: 'SELECT pg_advisory_lock(1)', why: 'survives ROLLBACK' },
  { name: 'try advisory lock', statement: 'SELECT pg_try_advisory_lock(1)', why: 'survives ROLLBACK' },
  { name: 'NOTIFY', statement: "NOTIFY prey, 'x'", why: 'wakes listeners' },
  { name: 'pg_notify', statement: "SELECT pg_notify('prey', 'x')", why: 'wakes listeners' },
  { name: 'CHECKPOINT', statement: 'CHECKPOINT', why: 'loads the disk' },
  { name: 'pg_reload_conf', statement: 'SELECT pg_reload_conf()', why: 'changes the server' },
  { name: 'pg_rotate_logfile', statement: 'SELECT pg_rotate_logfile()', why: 'changes the server' },
  { name: 'pg_switch_wal', statement: 'SELECT pg_switch_wal()', why: 'changes the server' },
  { name: 'pg_stat_reset', statement: 'SELECT pg_stat_reset()', why: 'destroys evidence' },
  { name: 'pg_stat_statements_reset', statement: 'SELECT pg_stat_statements_reset()', why: 'destroys evidence' },
  { name: 'pg_drop_replication_slot', statement: "SELECT pg_drop_replication_slot('s')", why: 'breaks a replica' },
  {
    name: 'pg_create_physical_replication_slot',
    statement: "SELECT pg_create_physical_replication_slot('s')",
    why: 'fills the disk',
  },
  { name: 'lo_create', statement: 'SELECT lo_create(0)', why: 'writes' },
  { name: 'lo_export', statement: "SELECT lo_export(1, '/tmp/warroom-escaped')", why: 'writes a file' },
  { name: 'ANALYZE', statement: 'ANALYZE prey', why: 'writes statistics' },
  { name: 'VACUUM', statement: 'VACUUM prey', why: 'writes' },
  { name: 'pg_backup_start', statement: "SELECT pg_backup_start('x')", why: 'changes the server' },
  { name: 'pg_read_file', statement: "SELECT pg_read_file('/etc/passwd')", why: 'reads files of the server' },
  { name: 'pg_ls_dir', statement: "SELECT * FROM pg_ls_dir('/')", why: 'reads directories of the server' },
  { name: 'DO', statement: "DO $$ BEGIN INSERT INTO prey VALUES ('x'); COMMIT; END $$", why: 'runs code' },
  { name: 'CALL', statement: 'CALL writer()', why: 'a procedure may commit' },
  { name: 'own function', statement: 'SELECT sneaky_write()', why: 'a volatile function of the database' },
  {
    name: 'own function as a cast operator',
    statement: 'SELECT 1 OPERATOR(public.===) 2',
    why: 'an operator is a function',
  },
  {
    name: 'shadowing function',
    statement: "SELECT md5('x')",
    why: 'a function of the same name, earlier in the search path',
  },
  { name: 'pg_sleep', statement: 'SELECT pg_sleep(3600)', why: 'holds a connection' },
  {
    name: 'pg_logical_emit_message',
    statement: "SELECT pg_logical_emit_message(false, 'x', 'y')",
    why: 'writes to the log',
  },
  { name: 'nextval', statement: "SELECT nextval('prey_seq')", why: 'moves a sequence' },
  { name: 'setval', statement: "SELECT setval('prey_seq', 99)", why: 'moves a sequence' },
  { name: 'FOR UPDATE', statement: 'SELECT * FROM prey FOR UPDATE', why: 'locks rows' },
  {
    name: 'FOR KEY SHARE in a subquery',
    statement: 'SELECT * FROM (SELECT * FROM prey FOR KEY SHARE) x',
    why: 'locks rows',
  },
  {
    name: 'data-modifying CTE',
    statement: "WITH x AS (INSERT INTO prey VALUES ('x') RETURNING *) SELECT * FROM x",
    why: 'writes in a SELECT',
  },
  {
    name: 'nested CTE',
    statement:
      'SELECT * FROM (WITH x AS (SELECT 1) SELECT * FROM x) y WHERE EXISTS (WITH d AS (SELECT pg_advisory_lock(2)) SELECT 1 FROM d)',
    why: 'hidden deep',
  },
  { name: 'SELECT INTO', statement: 'SELECT * INTO stolen FROM prey', why: 'creates a table' },
  {
    name: 'SELECT INTO in a UNION',
    statement: 'SELECT note INTO stolen FROM prey UNION SELECT note FROM prey',
    why: 'creates a table',
  },
  { name: 'CREATE TEMP TABLE', statement: 'CREATE TEMP TABLE t (a int)', why: 'writes' },
  { name: 'CREATE TABLE AS', statement: 'CREATE TABLE stolen AS SELECT 1', why: 'writes' },
  { name: 'EXPLAIN ANALYZE DELETE', statement: 'EXPLAIN ANALYZE DELETE FROM prey', why: 'really deletes' },
  {
    name: 'EXPLAIN ANALYZE of a function',
    statement: 'EXPLAIN ANALYZE SELECT pg_advisory_lock(3)',
    why: 'really calls',
  },
  {
    name: 'EXPLAIN CREATE TABLE AS',
    statement: 'EXPLAIN ANALYZE CREATE TABLE stolen AS SELECT 1',
    why: 'really creates',
  },
  { name: 'PREPARE', statement: "PREPARE p AS INSERT INTO prey VALUES ('x')", why: 'a statement for later' },
  { name: 'EXECUTE', statement: 'EXECUTE p', why: 'runs what was prepared' },
  { name: 'DECLARE WITH HOLD', statement: 'DECLARE c CURSOR WITH HOLD FOR SELECT 1', why: 'outlives the transaction' },
  {
    name: 'query_to_xml',
    statement: "SELECT query_to_xml('SELECT sneaky_write()', true, true, '')",
    why: 'executes text',
  },
  { name: 'ts_stat', statement: "SELECT * FROM ts_stat('SELECT sneaky_write()')", why: 'executes text' },
  { name: 'ALTER SYSTEM', statement: "ALTER SYSTEM SET work_mem = '1MB'", why: 'changes the server' },
  { name: 'DROP', statement: 'DROP TABLE prey', why: 'destroys' },
  { name: 'TRUNCATE', statement: 'TRUNCATE prey', why: 'destroys' },
  { name: 'LISTEN', statement: 'LISTEN prey', why: 'steers the session' },
  { name: 'LOAD', statement: "LOAD 'auto_explain'", why: 'loads code' },
  { name: 'REFRESH', statement: 'REFRESH MATERIALIZED VIEW v', why: 'writes' },
  {
    name: 'IMPORT',
    statement: 'MERGE INTO prey USING prey s ON false WHEN NOT MATCHED THEN INSERT VALUES (1)',
    why: 'writes',
  },
];

let database: TestDatabase;
let owner: pg.Client;
let sql: Executor;
let target: TargetDefinition;

beforeAll(async () => {
  database = await testDatabase();
  owner = new pg.Client({ ...database.connection, user: inject('postgres').user });
  await owner.connect();
  const reader = `reader_${database.name}`;
  await owner.query(`
    CREATE TABLE prey (note text); INSERT INTO prey VALUES ('untouched');
    CREATE SEQUENCE prey_seq;
    CREATE FUNCTION sneaky_write() RETURNS int LANGUAGE sql VOLATILE SECURITY DEFINER AS $$ INSERT INTO prey VALUES ('sneaky'); SELECT 1 $$;
    CREATE FUNCTION md5(text) RETURNS text LANGUAGE sql VOLATILE SECURITY DEFINER AS $$ INSERT INTO prey VALUES ('shadow'); SELECT 'shadowed' $$;
    CREATE FUNCTION equals(int, int) RETURNS bool LANGUAGE sql SECURITY DEFINER AS $$ INSERT INTO prey VALUES ('operator'); SELECT true $$;
    CREATE OPERATOR === (leftarg = int, rightarg = int, function = equals);
    CREATE PROCEDURE writer() LANGUAGE sql AS $$ INSERT INTO prey VALUES ('called') $$;
    CREATE ROLE ${reader} LOGIN; GRANT SELECT ON prey TO ${reader}; GRANT USAGE ON SEQUENCE prey_seq TO ${reader}`);
  sql = createSqlExecutor({
    clock: systemClock,
    secrets: () => Promise.reject(new InternalError('test', 'no secret is needed')),
    embedded: {
      read: { ...database.connection, user: reader },
      write: database.connection,
    },
  });
  target = {
    name: 'db',
    executor: 'sql',
    description: null,
    options: { connection: { embedded: true } },
    read: {},
    write: {},
  };
});

afterAll(async () => {
  const reader = `reader_${database.name}`;
  await owner.query(`DROP OWNED BY ${reader}; DROP ROLE ${reader}`);
  await owner.end();
  await database.drop();
});

/** Everything that one of the escapes would change. */
async function state() {
  const answer = await owner.query(`
    SELECT (SELECT json_agg(note) FROM prey) AS rows, (SELECT last_value::text || is_called FROM prey_seq) AS seq,
      (SELECT count(*)::int FROM pg_class WHERE relnamespace = 'public'::regnamespace) AS objects,
      (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS advisory,
      (SELECT count(*)::int FROM pg_largeobject_metadata) AS large, (SELECT count(*)::int FROM pg_replication_slots) AS slots,
      current_setting('work_mem') AS setting`);
  return answer.rows[0] as unknown;
}

describe('what a reading SQL step cannot do', () => {
  it.each(ESCAPES.filter(({ name }) => name !== 'shadowing function'))(
    '$name is refused before anything is sent: $why',
    async ({ statement }) => {
      const before = await state();
      const outcome = await attempt(sql, { text: statement, values: {}, target, allowed: 'read' });
      expect(['not_read_only', 'statement_invalid']).toContain(outcome);
      expect(await state()).toEqual(before);
    },
  );

  it('a function that takes the place of a known one is passed by, whatever the search path says', async () => {
    await owner.query(`ALTER ROLE reader_${database.name} SET search_path = public, pg_catalog`);
    const before = await state();
    const result = await execute(sql, { text: "SELECT md5('x') AS sum", values: {}, target, allowed: 'read' });
    expect(result.value.rows).toEqual([{ sum: '9dd4e461268c8034f5c8564e155c67a6' }]);
    expect(await state()).toEqual(before);
  });

  it('a superuser as the read credential is refused, because no transaction holds it', async () => {
    const superuser = { ...database.connection, user: inject('postgres').user };
    const strong = createSqlExecutor({
      clock: systemClock,
      secrets: () => Promise.reject(new Error('none')),
      embedded: { read: superuser, write: superuser },
    });
    const result = await execute(strong, { text: 'SELECT 1', values: {}, target, allowed: 'read' });
    expect(result.status).toBe('refused');
    expect(result.error).toMatch(/superuser/u);
  });

  it.each(['pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files', 'pg_signal_backend'])(
    'a member of %s as the read credential is refused',
    async (role) => {
      const reader = `reader_${database.name}`;
      await owner.query(`GRANT ${role} TO ${reader}`);
      try {
        const result = await execute(sql, { text: 'SELECT 1', values: {}, target, allowed: 'read' });
        expect(result).toMatchObject({ status: 'refused', error: expect.stringContaining(role) });
      } finally {
        await owner.query(`REVOKE ${role} FROM ${reader}`);
      }
    },
  );

  it('a read credential that may write works with a warning', async () => {
    const reader = `reader_${database.name}`;
    await owner.query(`GRANT INSERT ON prey TO ${reader}`);
    try {
      const result = await execute(sql, { text: 'SELECT note FROM prey', values: {}, target, allowed: 'read' });
      expect(result.status).toBe('ok');
      expect(result.warnings?.join()).toMatch(/may write, for example to prey/u);
    } finally {
      await owner.query(`REVOKE INSERT ON prey FROM ${reader}`);
    }
  });
});

describe('why each layer is there (controls)', () => {
  it('without the parser and the extended protocol, COMMIT; INSERT writes inside a read-only transaction', async () => {
    await owner.query('BEGIN TRANSACTION READ ONLY');
    await owner.query("COMMIT; INSERT INTO prey VALUES ('escaped')");
    const rows = await owner.query("DELETE FROM prey WHERE note = 'escaped' RETURNING note");
    expect(rows.rowCount).toBe(1);
  });

  it('without the list of statements, statements sent one by one by the extended protocol write', async () => {
    for (const text of [
      'BEGIN TRANSACTION READ ONLY',
      'SET TRANSACTION READ WRITE',
      "INSERT INTO prey VALUES ('escaped')",
      'COMMIT',
    ]) {
      await owner.query({ text, values: [], queryMode: 'extended' } as pg.QueryConfig);
    }
    expect((await owner.query("DELETE FROM prey WHERE note = 'escaped'")).rowCount).toBe(1);
  });

  it('without the list of functions, an advisory lock of a plain role outlives the rollback', async () => {
    const plain = new pg.Client({ ...database.connection, user: `reader_${database.name}` });
    await plain.connect();
    await plain.query('BEGIN TRANSACTION READ ONLY');
    await plain.query('SELECT pg_advisory_lock(77)');
    await plain.query('ROLLBACK');
    const locks = await owner.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 77");
    await plain.end();
    expect(locks.rowCount).toBe(1);
  });

  it('with the parser blind, the extended protocol alone still refuses two statements', async () => {
    await expect(
      owner.query({
        text: "COMMIT; INSERT INTO prey VALUES ('x')",
        values: [],
        queryMode: 'extended',
      } as pg.QueryConfig),
    ).rejects.toThrow(/multiple commands/u);
  });

  it('with the function list blind, the session alone still refuses to write', async () => {
    await owner.query('BEGIN TRANSACTION READ ONLY');
    await expect(owner.query('SELECT sneaky_write()')).rejects.toThrow(/read-only transaction/u);
    await owner.query('ROLLBACK');
  });
});
