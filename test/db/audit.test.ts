import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertAudit, listAudit } from '../../src/db/audit.ts';
import { query, withTransaction } from '../../src/db/transaction.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await withTransaction(db.pool, (tx) =>
    insertAudit(tx, { actor: 'UALICE', action: 'incident.declared', incident: 1, data: { severity: 'SEV1' } }),
  );
});
afterAll(() => db.drop());

test.each([
  `update audit_entries set actor = 'UBOB'`,
  `update audit_entries set at = now()`,
  'delete from audit_entries',
  'truncate audit_entries',
  'truncate audit_entries cascade',
  `insert into audit_entries (id, action, data) values (1, 'x', '{}') on conflict (id) do update set action = 'x'`,
  `merge into audit_entries a using (select 1) s on true when matched then delete`,
])('the database refuses, its owner too: %s', async (sql) => {
  await expect(query(db.pool, sql)).rejects.toThrow(/permission denied for table audit_entries/u);
  await expect(query(db.owner, sql)).rejects.toThrow(
    /the audit log is append-only|cannot truncate a table referenced in a foreign key/u,
  );
  expect(await withTransaction(db.pool, (tx) => listAudit(tx, 1))).toMatchObject([
    { actor: 'UALICE', action: 'incident.declared', data: { severity: 'SEV1' } },
  ]);
});

test('an entry is gone with the transaction that it belongs to', async () => {
  const failing = withTransaction(db.pool, async (tx) => {
    await insertAudit(tx, { actor: null, action: 'incident.paged', incident: 2 });
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await withTransaction(db.pool, (tx) => listAudit(tx, 2))).toEqual([]);
});
