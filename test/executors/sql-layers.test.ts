import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, inject, vi } from 'vitest';
import { createSqlExecutor } from '../../src/executors/sql/sql-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { InternalError } from '../../src/lib/errors.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { describeLayers, thatChanged } from './escape-layers.ts';
import { attempt } from './harness.ts';

/** Layers are left out here and nowhere else: this file replaces their modules, production code has no switch. */
const { off, kept } = vi.hoisted(() => ({
  off: new Set<string>(),
  kept: { close: async (): Promise<void> => undefined, session: null as unknown },
}));

vi.mock('../../src/analysis/sql-effect.ts', async (load) => {
  const real = await load<typeof import('../../src/analysis/sql-effect.ts')>();
  const blind = { effect: 'read', reasons: [], kind: 'SelectStmt', outsideTransaction: false } as const;
  const analyseSql: typeof real.analyseSql = async (text) => (off.has('parser') ? blind : await real.analyseSql(text));
  return { ...real, analyseSql };
});
vi.mock('../../src/analysis/sql-functions.ts', async (load) => {
  const real = await load<typeof import('../../src/analysis/sql-functions.ts')>();
  const isReadingFunction: typeof real.isReadingFunction = (name) =>
    off.has('list of functions') || real.isReadingFunction(name);
  return { ...real, isReadingFunction };
});
vi.mock('../../src/executors/sql/read-role.ts', async (load) => {
  const real = await load<typeof import('../../src/executors/sql/read-role.ts')>();
  const checkReadRole: typeof real.checkReadRole = async (client, target) =>
    off.has('look at the role') ? { refusal: null, warning: null } : await real.checkReadRole(client, target);
  return { ...real, checkReadRole };
});
vi.mock('../../src/executors/sql/pg-session.ts', async (load) => {
  const real = await load<typeof import('../../src/executors/sql/pg-session.ts')>();
  const writable = <Use extends { readOnly: boolean }>(use: Use): Use =>
    off.has('read-only transaction') ? { ...use, readOnly: false } : use;
  const openPgSession: typeof real.openPgSession = async (connection, use) => {
    if (off.has('fresh session') && kept.session !== null) return kept.session as typeof session;
    const session = await real.openPgSession(connection, writable(use));
    const { client } = session;
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    const ended = (args: unknown[]) => (args[0] === 'ROLLBACK' && off.has('rollback') ? ['COMMIT'] : args);
    client.query = ((...args: unknown[]) => query(...ended(args))) as typeof client.query;
    if (!off.has('fresh session')) return session;
    const lasting = { client, transaction: null, close: () => Promise.resolve() };
    Object.assign(kept, { session: lasting, close: () => session.close() });
    return lasting;
  };
  const queryCapped: typeof real.queryCapped = async (client, statement) => {
    if (!off.has('extended protocol')) return await real.queryCapped(client, statement);
    await client.query(statement.text);
    return { columns: [], rows: [], rowCount: null, command: '', cut: false };
  };
  const beginTransaction: typeof real.beginTransaction = (session, use) =>
    real.beginTransaction(session, writable(use));
  return { ...real, openPgSession, queryCapped, beginTransaction };
});

let database: TestDatabase;
let owner: pg.Client;
let victim: pg.Client;
let dir: string;
let reader: string;

type Escape = { readonly name: string; readonly text: string; readonly superuser?: true };
const ESCAPES: readonly Escape[] = [
  { name: 'COMMIT; INSERT', text: "COMMIT; BEGIN READ WRITE; INSERT INTO prey VALUES ('x'); COMMIT" },
  { name: 'COMMIT; a function of the owner', text: 'COMMIT; BEGIN READ WRITE; SELECT sneaky_write(); COMMIT' },
  { name: 'INSERT', text: "INSERT INTO prey VALUES ('x')" },
  { name: 'DELETE in a CTE', text: 'WITH gone AS (DELETE FROM prey RETURNING *) SELECT * FROM gone' },
  { name: 'a function of the owner', text: 'SELECT sneaky_write()' },
  { name: 'an operator', text: 'SELECT 1 OPERATOR(public.===) 2' },
  { name: 'EXPLAIN ANALYZE', text: 'EXPLAIN ANALYZE SELECT sneaky_write()' },
  { name: 'query_to_xml', text: "SELECT query_to_xml('SELECT sneaky_write()', true, true, '')" },
  { name: 'nextval', text: "SELECT nextval('prey_seq')" },
  { name: 'an advisory lock', text: 'SELECT pg_advisory_lock(77)' },
  {
    name: 'pg_terminate_backend',
    text: "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'victim'",
  },
  {
    name: 'a program, as superuser',
    text: "COPY (SELECT 1) TO PROGRAM 'touch FOLDER/made'",
    superuser: true,
  },
];

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'warroom-sql-layers-'));
  await chmod(dir, 0o777); // the server is another account
  database = await testDatabase();
  owner = new pg.Client({ ...database.connection, user: inject('postgres').user });
  await owner.connect();
  reader = `reader_${database.name}`;
  await owner.query(`
    CREATE TABLE prey (note text); INSERT INTO prey VALUES ('untouched');
    CREATE SEQUENCE prey_seq;
    CREATE FUNCTION sneaky_write() RETURNS int LANGUAGE sql VOLATILE SECURITY DEFINER AS $$ INSERT INTO prey VALUES ('sneaky'); SELECT 1 $$;
    CREATE FUNCTION equals(int, int) RETURNS bool LANGUAGE sql SECURITY DEFINER AS $$ INSERT INTO prey VALUES ('operator'); SELECT true $$;
    CREATE OPERATOR === (leftarg = int, rightarg = int, function = equals);
    CREATE ROLE ${reader} LOGIN; GRANT SELECT ON prey TO ${reader}; GRANT USAGE ON SEQUENCE prey_seq TO ${reader};
    GRANT SELECT, INSERT, DELETE ON prey TO ${database.connection.user}`);
  await connectVictim();
});

afterAll(async () => {
  await kept.close();
  await victim.end().catch(() => undefined);
  await owner.query(`DROP OWNED BY ${reader}; DROP ROLE ${reader}`);
  await owner.end();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});

/** Another session of the same login, which somebody needs. */
async function connectVictim(): Promise<void> {
  victim = new pg.Client({ ...database.connection, user: reader, application_name: 'victim' });
  victim.on('error', () => undefined);
  await victim.connect();
}

async function state(): Promise<unknown> {
  const answer = await owner.query(`
    SELECT (SELECT json_agg(note) FROM prey) AS rows, (SELECT last_value::text || is_called FROM prey_seq) AS seq,
      (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND objid = 77) AS locks,
      (SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'victim' AND datname = current_database()) AS victims`);
  return { ...answer.rows[0], made: existsSync(path.join(dir, 'made')) };
}

async function reset(): Promise<void> {
  await kept.close();
  kept.session = null;
  await owner.query(
    "TRUNCATE prey; INSERT INTO prey VALUES ('untouched'); ALTER SEQUENCE prey_seq RESTART; SELECT setval('prey_seq', 1, false)",
  );
  await rm(path.join(dir, 'made'), { force: true });
  await victim.query('SELECT 1').catch(connectVictim);
}

async function run({ text, superuser }: Escape): Promise<string> {
  const login = superuser
    ? inject('postgres').user
    : off.has('rights of the login')
      ? database.connection.user
      : reader;
  const sql = createSqlExecutor({
    clock: systemClock,
    secrets: () => Promise.reject(new InternalError('test', 'no secret is needed')),
    embedded: { read: { ...database.connection, user: login }, write: database.connection },
  });
  const options = { connection: { embedded: true } };
  const target = { name: 'db', executor: 'sql', description: null, options, read: {}, write: {} } as const;
  return await attempt(sql, { text: text.replace('FOLDER', dir), values: {}, target, allowed: 'read' });
}

describeLayers({
  executor: 'sql',
  off,
  escapes: ESCAPES,
  layers: [
    { name: 'parser', behind: [] },
    { name: 'list of functions', behind: [] },
    { name: 'extended protocol', behind: ['parser'] },
    { name: 'read-only transaction', behind: ['parser'] },
    { name: 'rollback', behind: ['parser', 'read-only transaction'] },
    { name: 'fresh session', behind: ['list of functions'] },
    { name: 'rights of the login', behind: ['parser', 'extended protocol'] },
    { name: 'look at the role', behind: ['parser'] },
  ],
  attempt: () => thatChanged(ESCAPES, { run, state, reset }),
});
