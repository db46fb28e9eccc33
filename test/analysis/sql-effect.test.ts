import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyseSql, sqlEffect } from '../../src/analysis/sql-effect.ts';
import { readingFunctionNames } from '../../src/analysis/sql-functions.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

describe('the effect of a SQL statement', () => {
  it.each([
    'SELECT 1',
    'select count(*) filter (where x) over (partition by a order by b rows 2 preceding) from t tablesample system (1)',
    'TABLE t',
    'VALUES (1), (2)',
    'SHOW work_mem',
    'EXPLAIN SELECT * FROM t',
    'EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM t WHERE a = $1',
    'WITH x AS (SELECT 1 AS a) SELECT * FROM x UNION ALL SELECT 2 ORDER BY 1 LIMIT 3',
    'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 9) SELECT * FROM r',
    `SELECT extract(epoch from now() - query_start)::int, position('a' in q), substring(q from 2), trim(both 'x' from q), now() at time zone 'utc' FROM pg_stat_activity`,
    'SELECT pid, pg_blocking_pids(pid)::text FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0',
    `SELECT js ->> 'a', js #> '{b,c}', arr[1], (r).f, CASE WHEN a THEN b ELSE c END, coalesce(a, b), nullif(a, b), greatest(1, 2) FROM t`,
    `SELECT * FROM json_to_recordset('[]') AS x(a int, b text)`,
    'SELECT a FROM t JOIN u USING (id) LEFT JOIN LATERAL (SELECT max(x) FROM v WHERE v.id = t.id) m ON true',
    'SELECT relname, pg_size_pretty(pg_total_relation_size(relid)) FROM pg_catalog.pg_statio_user_tables',
    '/* a comment */ SELECT 1 -- and another',
    'SELECT 1;',
  ])('%s reads', async (text) => {
    expect(await sqlEffect(text)).toEqual({ effect: 'read', reasons: [] });
  });

  it.each([
    ['INSERT INTO t VALUES (1)', 'change'],
    ['UPDATE t SET a = 1 WHERE id = $1', 'change'],
    ['DELETE FROM t WHERE id = $1', 'change'],
    ['SELECT pg_terminate_backend(1)', 'change'],
    ['SELECT my_function()', 'change'],
    ['SELECT public.count(1)', 'change'],
    ['CREATE INDEX CONCURRENTLY i ON t (a)', 'change'],
    ['VACUUM t', 'change'],
    ['GRANT SELECT ON t TO x', 'change'],
    ['DELETE FROM t', 'destructive'],
    ['DELETE FROM t WHERE true', 'destructive'],
    ['DELETE FROM t WHERE 1 = 1', 'destructive'],
    ['UPDATE t SET a = 1', 'destructive'],
    ['UPDATE t SET a = 1 WHERE $1', 'destructive'],
    ['WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x', 'destructive'],
    ['TRUNCATE t', 'destructive'],
    ['DROP TABLE t', 'destructive'],
    ['DROP DATABASE d', 'destructive'],
    ['DROP ROLE r', 'destructive'],
    ['ALTER TABLE t DROP COLUMN a', 'destructive'],
    ['DO $$ BEGIN NULL; END $$', 'destructive'],
    [`COPY t TO PROGRAM 'x'`, 'destructive'],
    [`SELECT pg_drop_replication_slot('s')`, 'destructive'],
  ])('%s is a %s', async (text, effect) => {
    const found = await sqlEffect(text);
    expect(found.effect).toBe(effect);
    expect(found.reasons.length).toBeGreaterThan(0);
  });

  it.each([
    '',
    '-- nothing',
    ';',
    'SELECT 1; SELECT 2',
    'selec 1',
    'BEGIN',
    'COMMIT',
    'SET a = 1',
    'PREPARE p AS SELECT 1',
    'LISTEN x',
  ])('%j is refused with one sentence', async (text) => {
    await expect(sqlEffect(text)).rejects.toMatchObject({
      code: 'statement_invalid',
      message: expect.stringMatching(/: [^\n]+\.$/u),
    });
  });

  it.each([
    ['VACUUM t', true],
    ['ANALYZE t', false],
    ['CREATE INDEX CONCURRENTLY i ON t (a)', true],
    ['CREATE INDEX i ON t (a)', false],
    ['REINDEX TABLE CONCURRENTLY t', true],
    ['REINDEX TABLE t', false],
    ['DROP INDEX CONCURRENTLY i', true],
    [`ALTER SYSTEM SET work_mem = '1MB'`, true],
    ['UPDATE t SET a = 1 WHERE a = 2', false],
  ])('%s runs outside of a transaction: %s', async (text, outside) => {
    expect((await analyseSql(text)).outsideTransaction).toBe(outside);
  });
});

describe('the list of reading functions', () => {
  let database: TestDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    database = await testDatabase();
    client = new pg.Client(database.connection);
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  it('holds no function that a real server calls volatile, but those that were reviewed by name', async () => {
    const answer = await client.query({
      text: `SELECT DISTINCT proname::text AS name FROM pg_catalog.pg_proc
             WHERE pronamespace = 'pg_catalog'::regnamespace AND provolatile = 'v' AND proname = ANY($1) ORDER BY 1`,
      values: [readingFunctionNames()],
    });
    expect(answer.rows.map((row: { name: string }) => row.name).sort()).toEqual(REVIEWED_VOLATILE);
  });

  it('holds no function that takes a whole query as text', () => {
    const names = new Set(readingFunctionNames());
    for (const name of [
      'query_to_xml',
      'cursor_to_xml',
      'table_to_xml',
      'schema_to_xml',
      'database_to_xml',
      'ts_stat',
      'ts_rewrite',
      'dblink',
      'crosstab',
      'set_config',
      'nextval',
      'setval',
    ]) {
      expect(names.has(name), name).toBe(false);
    }
  });
});

/** Volatile for PostgreSQL because their answer changes, not because they change anything. */
const REVIEWED_VOLATILE =
  'clock_timestamp current_query gen_random_uuid pg_blocking_pids pg_collation_actual_version pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn pg_database_size pg_indexes_size pg_is_in_recovery pg_is_wal_replay_paused pg_jit_available pg_last_committed_xact pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_lock_status pg_notification_queue_usage pg_partition_ancestors pg_partition_tree pg_relation_size pg_safe_snapshot_blocking_pids pg_sequence_last_value pg_table_size pg_tablespace_size pg_total_relation_size pg_xact_commit_timestamp pg_xact_status random timeofday txid_status uuidv4 uuidv7'.split(
    ' ',
  );
