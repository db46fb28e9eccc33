import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { insertAudit } from '../../src/db/audit.ts';
import {
  chainPending,
  findHead,
  insertAnchor,
  listAnchors,
  listUnchained,
  readChain,
} from '../../src/db/audit-chain.ts';
import { query, withTransaction } from '../../src/db/transaction.ts';
import { type AuditFault, ChainWalk, GENESIS, linkHash } from '../../src/domain/audit.ts';
import { startAuditSequencer } from '../../src/jobs/audit-sequencer.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());
beforeEach(() =>
  tampering('truncate audit_anchors, audit_chain, audit_pending, audit_entries restart identity cascade'),
);

const write = (action: string, data: Record<string, string> = {}) =>
  withTransaction(db.pool, (tx) => insertAudit(tx, { actor: 'UALICE', action, incident: 1, data }));

/** What the owner of the database can do, and the bot's own SQL cannot: take the protection away. */
async function tampering(sql: string): Promise<void> {
  const tables = ['audit_entries', 'audit_chain', 'audit_anchors'];
  const all = (what: string) => tables.map((table) => `alter table ${table} ${what} trigger user;`).join('');
  await db.owner.query(
    `${all('disable')} alter table audit_entries enable trigger audit_entries_wait; ${sql}; ${all('enable')}`,
  );
}

async function faults(): Promise<AuditFault[]> {
  const walk = new ChainWalk(await listAnchors({ query: (sql, values) => query(db.pool, sql, values) }));
  const found: AuditFault[] = [];
  for await (const link of readChain(db.pool, 0)) found.push(...walk.feed(link));
  return found;
}

const places = async () => (await faults()).map(({ kind, position }) => [kind, position]);

async function threeEntries(): Promise<void> {
  for (const action of ['incident.declared', 'run.approved', 'incident.resolved'])
    await write(action, { why: 'because' });
  expect(await chainPending(db.pool)).toBe(3);
}

test('entries are chained in their order, each link over the one before it', async () => {
  await threeEntries();
  const links = [];
  for await (const link of readChain(db.pool, 0)) links.push(link);
  expect(links.map(({ position, entry }) => [position, entry.action])).toEqual([
    [1, 'incident.declared'],
    [2, 'run.approved'],
    [3, 'incident.resolved'],
  ]);
  let previous = GENESIS;
  for (const { position, hash, entry } of links) {
    expect(hash).toBe(linkHash(previous, position, entry));
    previous = hash;
  }
  expect(await faults()).toEqual([]);
  expect(await chainPending(db.pool)).toBe(0);
});

test.each<[string, string, [string, number][]]>([
  ['an actor', `update audit_entries set actor = 'UBOB' where id = 2`, [['changed', 2]]],
  ['one letter of the data', `update audit_entries set data = '{"why": "becausf"}' where id = 2`, [['changed', 2]]],
  ['a microsecond', `update audit_entries set at = at + interval '1 microsecond' where id = 3`, [['changed', 3]]],
  ['an incident', 'update audit_entries set incident = 2 where id = 1', [['changed', 1]]],
  [
    'a hash',
    `update audit_chain set hash = repeat('a', 64) where position = 2`,
    [
      ['changed', 2],
      ['changed', 3],
    ],
  ],
  ['a link taken out', 'delete from audit_chain where position = 2', [['gap', 3]]],
  [
    'two links exchanged',
    'update audit_chain set entry = 5 - entry where position in (2, 3)',
    [
      ['changed', 2],
      ['changed', 3],
    ],
  ],
])('finds %s that was changed, and where', async (_what, sql, expected) => {
  await threeEntries();
  if (sql.includes('5 - entry')) await tampering('alter table audit_chain drop constraint audit_chain_entry_key');
  await tampering(sql);
  expect(await places()).toEqual(expected);
  if (sql.includes('5 - entry'))
    await tampering(
      'truncate audit_anchors, audit_chain cascade; alter table audit_chain add constraint audit_chain_entry_key unique (entry)',
    );
});

test('finds a chain that was written anew from its beginning, by the head that was said in the hub', async () => {
  await threeEntries();
  await withTransaction(db.pool, async (tx) => insertAnchor(tx, await findHead(tx)));
  await tampering(`update audit_entries set actor = 'UBOB' where id = 2; create table told as select * from audit_anchors;
    truncate audit_anchors, audit_chain cascade; insert into audit_pending select id from audit_entries`);
  expect(await chainPending(db.pool)).toBe(3);
  expect(await faults()).toEqual([]); // without the anchor nothing shows it (control)
  await tampering('insert into audit_anchors select * from told; drop table told');
  expect(await places()).toEqual([['anchor', 3]]);
});

test('finds an entry that was kept from being chained', async () => {
  await write('run.approved');
  await db.owner.query('delete from audit_pending');
  expect(await chainPending(db.pool)).toBe(0);
  const unchained = (olderThanMs: number) =>
    listUnchained({ query: (sql, values) => query(db.pool, sql, values) }, olderThanMs);
  expect(await unchained(0)).toEqual([1]);
  expect(await unchained(60_000)).toEqual([]);
});

test.each([
  'update audit_chain set hash = hash',
  'delete from audit_chain',
  'truncate audit_chain cascade',
  'delete from audit_anchors',
])('the database refuses: %s', async (sql) => {
  await threeEntries();
  await withTransaction(db.pool, async (tx) => insertAnchor(tx, await findHead(tx)));
  await expect(db.pool.query(sql)).rejects.toThrow('permission denied');
  await expect(db.owner.query(sql)).rejects.toThrow('the audit log is append-only');
});

test('an entry of a transaction that is still open does not hold up the others, and comes later', async () => {
  const open = await db.pool.connect();
  await open.query(`begin; insert into audit_entries (actor, action, data) values ('UBOB', 'slow', '{}')`);
  await write('fast');
  expect(await chainPending(db.pool)).toBe(1);
  await open.query('commit');
  open.release();
  expect(await chainPending(db.pool)).toBe(1);
  expect(await faults()).toEqual([]);
  expect((await findHead({ query: (sql, values) => query(db.pool, sql, values) })).position).toBe(2);
});

test('two sequencers and ten writers make one chain without a gap, within a second of the last entry', async () => {
  const start = () => startAuditSequencer({ pool: db.pool, log: db.log, clock: systemClock });
  const sequencers = await Promise.all([start(), start()]);
  await Promise.all(
    Array.from({ length: 10 }, async (_, writer) => {
      for (let entry = 0; entry < 10; entry += 1) await write(`writer.${writer}`);
    }),
  );
  await expect
    .poll(async () => (await findHead({ query: (sql, values) => query(db.pool, sql, values) })).position)
    .toBe(100);
  await Promise.all(sequencers.map((one) => one.stop()));
  expect(await faults()).toEqual([]);
  db.log.expectNoErrors();
});
