import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openState } from '../../src/compose/state.ts';
import { insertAudit } from '../../src/db/audit.ts';
import { chainPending, findHead, insertAnchor } from '../../src/db/audit-chain.ts';
import { auditPowers } from '../../src/db/audit-guard.ts';
import { addJob } from '../../src/db/jobs.ts';
import { migrate } from '../../src/db/migrate.ts';
import { createPool } from '../../src/db/pool.ts';
import { reading, withTransaction } from '../../src/db/transaction.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Releasers } from '../../src/lib/releasers.ts';
import { Secret } from '../../src/lib/secret.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { testLog } from '../support/log.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await withTransaction(db.pool, async (tx) => {
    for (const action of ['incident.declared', 'approval.granted', 'incident.resolved'])
      await insertAudit(tx, { actor: 'UALICE', action, incident: 1 });
  });
  await chainPending(db.pool, 2);
  await withTransaction(db.pool, async (tx) => insertAnchor(tx, await findHead(tx)));
});
afterAll(() => db.drop());

const TABLES = ['audit_entries', 'audit_chain', 'audit_anchors', 'audit_pending'];

/** Everything that the audit log is, as the owner sees it. */
async function picture(): Promise<unknown> {
  const rows = await Promise.all(TABLES.map((table) => db.owner.query(`select t::text from ${table} t order by 1`)));
  const triggers = await db.owner.query(
    `select tgrelid::regclass::text, tgname, tgenabled from pg_trigger where not tgisinternal order by 1, 2`,
  );
  const functions = await db.owner.query(
    `select proname, md5(prosrc), proowner from pg_proc where proname in ('refuse_change', 'audit_entry_waits') order by 1`,
  );
  return [...rows.map((result) => result.rows), triggers.rows, functions.rows];
}

/** Ways to rewrite history; each alone, on a connection of its own. */
const REWRITES = [
  ...TABLES.flatMap((table) => [
    `update ${table} set ${{ audit_entries: 'actor', audit_pending: 'entry' }[table] ?? 'hash'} = null`,
    `truncate ${table} cascade`,
    `alter table ${table} disable trigger all`,
    `alter table ${table} disable trigger user`,
    `alter table ${table} add column extra text`,
    `alter table ${table} owner to current_user`,
    `alter table ${table} rename to elsewhere`,
    `drop table ${table} cascade`,
    `create trigger mine before insert on ${table} for each row execute function suppress_redundant_updates_trigger()`,
    `create rule mine as on insert to ${table} do instead nothing`,
    `alter table ${table} enable row level security`,
  ]),
  ...['audit_entries', 'audit_chain', 'audit_anchors'].flatMap((table) => [
    `delete from ${table}`,
    `begin; lock table ${table} in access exclusive mode`,
  ]),
  'select * from audit_entries for update',
  `insert into audit_entries (id, action, data) values (1, 'x', '{}') on conflict (id) do update set action = 'x'`,
  `insert into audit_entries (id, action, data) overriding system value values (1000000, 'x', '{}')`,
  `insert into audit_entries (at, action, data) values ('2020-01-01', 'dated.back', '{}')`,
  `insert into audit_chain (position, entry, hash, chained_at) values (99, 3, repeat('a', 64), '2020-01-01')`,
  'insert into audit_pending (entry) values (1)',
  'merge into audit_entries a using (select 1) s on true when matched then delete',
  `select setval('audit_entries_id_seq', 1)`,
  'alter sequence audit_entries_id_seq restart with 1',
  `create or replace function refuse_change() returns trigger language plpgsql as 'begin return null; end'`,
  `create or replace function audit_entry_waits() returns trigger language plpgsql as 'begin return null; end'`,
  'drop function refuse_change() cascade',
  'alter function refuse_change() rename to other',
  'create temp table bait (id bigint); create trigger t after insert on bait for each row execute function audit_entry_waits()',
  'drop trigger audit_entries_append_only on audit_entries',
  'alter trigger audit_entries_append_only on audit_entries rename to other',
  `set role ${inject('postgres').user}`,
  `set session authorization ${inject('postgres').user}`,
  'set session_replication_role = replica',
  `select set_config('session_replication_role', 'replica', false)`,
  `grant ${inject('postgres').user} to current_user`,
  'alter role current_user superuser',
  'create role accomplice superuser login',
  'drop schema public cascade',
  'alter schema public owner to current_user',
  'alter database current owner to current_user',
  'create function public.now2() returns int language sql as $$ select 1 $$',
  `copy audit_entries to program 'cat'`,
  `copy audit_entries from '/etc/passwd'`,
  `select pg_read_file('PG_VERSION')`,
  `alter system set session_replication_role = 'replica'`,
  'create event trigger mine on ddl_command_start execute function refuse_change()',
  `update pg_trigger set tgenabled = 'D'`,
  `update warroom_migration set sha256 = 'x'`,
  'delete from graphile_worker.migrations',
  'drop schema graphile_worker cascade',
].map((sql) => sql.replace('database current ', 'database warroom_template '));

describe('the login that serves people', () => {
  test.each(REWRITES)('is refused: %s', async (sql) => {
    const before = await picture();
    const client = new pg.Client(db.connection);
    await client.connect();
    try {
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' }); // insufficient_privilege
    } finally {
      await client.end();
    }
    expect(await picture()).toEqual(before);
  });

  test('adds entries, chains them, says heads, and leaves jobs', async () => {
    await withTransaction(db.pool, (tx) => insertAudit(tx, { actor: 'UBOB', action: 'run.opened', incident: 2 }));
    expect(await chainPending(db.pool)).toBe(2);
    const head = await findHead(reading(db.pool));
    expect(head.position).toBe(4);
    expect(await withTransaction(db.pool, (tx) => insertAnchor(tx, head))).toBe(true);
    expect(await withTransaction(db.pool, (tx) => insertAnchor(tx, head))).toBe(false);
    const id = await withTransaction(db.pool, (tx) => addJob(tx, { task: 'note', payload: {} }));
    expect(Number(id)).toBeGreaterThan(0);
    expect((await db.pool.query('select id from graphile_worker._private_jobs')).rowCount).toBe(1);
  });

  test('holds no right that is not on the list, however it came by it', async () => {
    await db.owner.query(`grant all on all tables in schema public to ${db.connection.user}`);
    await expect(db.pool.query('update audit_entries set actor = null')).rejects.toThrow('append-only'); // the trigger alone
    expect(await auditPowers(db.pool)).toEqual({
      login: db.connection.user,
      powers: ['has rights to change its tables'],
    });
    await migrate(db.owner, db.log, { app: db.connection.user });
    await expect(db.pool.query('update audit_entries set actor = null')).rejects.toThrow('permission denied');
    expect(await auditPowers(db.pool)).toEqual({ login: db.connection.user, powers: [] });
  });

  test('without it history can be rewritten unseen by the database (control)', async () => {
    await db.owner.query(`begin; set session_replication_role = replica;
      update audit_entries set actor = 'UBOB' where id = 2; set session_replication_role = origin; commit`);
    expect((await db.pool.query('select actor from audit_entries where id = 2')).rows).toEqual([{ actor: 'UBOB' }]);
    expect((await auditPowers(db.owner)).powers).toEqual(['is a superuser']);
  });

  test('an owner without superuser only has to turn the trigger off (control)', async () => {
    const role = `tame_${db.name}`;
    await db.owner.query(`create role ${role} login; alter table audit_entries owner to ${role}`);
    const pool = createPool({ ...db.connection, user: role }, testLog());
    try {
      await expect(pool.query(`update audit_entries set actor = 'UEVE'`)).rejects.toThrow('append-only');
      await pool.query(`alter table audit_entries disable trigger audit_entries_append_only;
        update audit_entries set actor = 'UEVE' where id = 2; alter table audit_entries enable trigger audit_entries_append_only`);
      expect((await auditPowers(pool)).powers).toEqual(['owns its tables']);
    } finally {
      await pool.end();
      await db.owner.query(`reassign owned by ${role} to current_user; drop owned by ${role}; drop role ${role}`);
    }
  });
});

describe('a server of one’s own', () => {
  const url = (user: string, database: string) =>
    new Secret(`postgres://${user}@localhost/${database}?host=${encodeURIComponent(inject('postgres').host)}`);

  /** Two logins and an empty database that the first of them owns. */
  async function ground() {
    const tag = `own_${Math.random().toString(36).slice(2, 8)}`;
    const { host, user } = inject('postgres');
    const admin = createPool({ host, user, database: 'postgres' }, testLog(), { max: 1 });
    const [owner, app] = [`${tag}_owner`, `${tag}_app`];
    await admin.query(`create role ${owner} login`);
    await admin.query(`create role ${app} login`);
    await admin.query(`create database ${tag} owner ${owner}`);
    const releasers = new Releasers();
    const log = testLog();
    const open = (from: string, by: string | null) =>
      openState(
        { home: '/nowhere', databaseUrl: url(from, tag), databaseOwnerUrl: by === null ? null : url(by, tag) },
        { log, clock: systemClock, releasers },
      );
    const close = async () => {
      await releasers.releaseAll();
      await admin.query(`drop database ${tag} with (force)`);
      await admin.query(`drop role ${owner}; drop role ${app}`);
      await admin.end();
    };
    return { owner, app, open, close, log, admin, database: tag };
  }

  test('with two logins: the owner migrates and goes, the other adds to the log and cannot change it', async () => {
    const { owner, app, open, close, log, admin, database } = await ground();
    try {
      const { pool, remarks } = await open(app, owner);
      expect(remarks).toEqual([]);
      await withTransaction(pool, async (tx) => {
        await insertAudit(tx, { actor: 'UALICE', action: 'incident.declared' });
        await addJob(tx, { task: 'note', payload: {} });
      });
      expect(await chainPending(pool)).toBe(1);
      await expect(pool.query('alter table audit_entries disable trigger all')).rejects.toMatchObject({
        code: '42501',
      });
      const left = await admin.query('select from pg_stat_activity where datname = $1 and usename = $2', [
        database,
        owner,
      ]);
      expect(left.rowCount).toBe(0);
      // The next start needs the owner no more.
      expect((await open(app, null)).remarks).toEqual([]);
      expect(log.messages('warn').filter((line) => line.includes('rewrite'))).toEqual([]);
    } finally {
      await close();
    }
  });

  test('with one login: works, and the log says who can rewrite history and what to do', async () => {
    const { owner, app, open, close, log } = await ground();
    const sentence = `The login ${owner} of DATABASE_URL can rewrite the audit log, because it owns its tables: give Warroom a login of its own there and the owner's in DATABASE_OWNER_URL (docs/guides/operator.md); until then only the heads of the chain in the hub would show it.`;
    try {
      expect((await open(owner, null)).remarks).toEqual([sentence]);
      expect(log.messages('warn')).toContain(sentence);
      // The same named twice changes nothing.
      expect((await open(owner, owner)).remarks).toEqual([sentence]);
      // An installation that had one login gets the second one without moving a table.
      expect((await open(app, owner)).remarks).toEqual([]);
    } finally {
      await close();
    }
  });

  test('says what to do when it has to be migrated and the owner is not there', async () => {
    const { owner, app, open, close } = await ground();
    try {
      await expect(open(app, null)).rejects.toMatchObject({
        code: 'migration.owner',
        message: expect.stringMatching(
          new RegExp(
            `^The database has to be migrated \\(0001_read_role\\.sql and \\d+ more\\) and the login ${app} of DATABASE_URL does not own it: set DATABASE_OWNER_URL`,
            'u',
          ),
        ),
      });
      await expect(open(app, app)).rejects.toMatchObject({ code: 'migration.owner' });
      await open(app, owner);
    } finally {
      await close();
    }
  });
});

test('an embedded database that was made with one login gets the second one at its next start, by itself', async () => {
  const { startEmbedded } = await import('../../src/db/embedded-server.ts');
  const home = await mkdtemp(path.join(tmpdir(), 'wr-upgrade-'));
  const { chmod } = await import('node:fs/promises');
  await chmod(home, 0o711);
  const log = testLog();
  const releasers = new Releasers();
  try {
    // As it was: everything belongs to one login and the other one does not exist.
    const old = await startEmbedded({ dataDir: path.join(home, 'postgres'), log, clock: systemClock });
    const before = createPool(old.owner, log, { max: 4 });
    await migrate(before, log);
    await withTransaction(before, (tx) => insertAudit(tx, { actor: 'UALICE', action: 'incident.declared' }));
    await before.end();
    await old.stop();

    const config = { home, databaseUrl: null, databaseOwnerUrl: null };
    const { pool, connection, remarks } = await openState(config, { log, clock: systemClock, releasers });
    expect(connection).toMatchObject({ user: 'warroom_app' });
    expect(remarks).toEqual([]);
    expect(await chainPending(pool)).toBe(1);
    await expect(pool.query('alter table audit_entries disable trigger all')).rejects.toMatchObject({ code: '42501' });
    const others = await pool.query(`select usename from pg_stat_activity where usename <> 'warroom_app'
      and backend_type = 'client backend'`);
    expect(others.rows).toEqual([]); // nobody holds the owner's login any more
  } finally {
    await releasers.releaseAll();
    await rm(home, { recursive: true, force: true });
  }
  log.expectNoErrors();
}, 60_000);
