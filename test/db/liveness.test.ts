import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { deadOwners, holdLiveness, type Liveness } from '../../src/db/liveness.ts';
import { withTransaction } from '../../src/db/transaction.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { testLog } from '../support/log.ts';

let db: TestDatabase;
const log = testLog();
const held: Liveness[] = [];

beforeAll(async () => {
  db = await testDatabase();
  // The server accuses nobody in its first seconds, and this run may be younger than that.
  await vi.waitFor(async () => expect(await dead('ghost')).toEqual(['ghost']), { timeout: 10_000 });
});
afterAll(() => db.drop());
afterEach(async () => {
  for (const liveness of held.splice(0)) await liveness.release();
  log.expectNoErrors();
});

const hold = async (ownerId: string) => {
  const liveness = await holdLiveness({ pool: db.pool, ownerId, log });
  held.push(liveness);
  return liveness;
};
const dead = (...ids: string[]) => withTransaction(db.pool, (tx) => deadOwners(tx, ids));

describe('an owner', () => {
  test('lives from the moment it holds its lock until it lets go', async () => {
    const liveness = await hold('a');
    expect(await dead('a', 'b')).toEqual(['b']);
    await liveness.release();
    await expect.poll(() => dead('a')).toEqual(['a']);
  });

  test('asked for with nobody else is nobody', async () => {
    expect(await dead()).toEqual([]);
  });

  test('is not declared dead when its connection was cut, and holds its lock again', async () => {
    await hold('c');
    await db.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1701`,
    );
    expect(await dead('c')).toEqual([]);
    expect(log.messages('warn')).toContain(
      'The connection that shows this process to be alive was lost; taking a new one.',
    );
  });

  test('of another database is not taken for one of this', async () => {
    const other = await testDatabase();
    const liveness = await holdLiveness({ pool: other.pool, ownerId: 'd', log });
    expect(await dead('d')).toEqual(['d']);
    await liveness.release();
    await other.drop();
  });

  test('dies with its process, whatever the clock of the database says', async () => {
    const { rows } = await db.pool.query(`SELECT shift FROM clock.shift`);
    expect(rows).toHaveLength(1);
    await db.pool.query(`UPDATE clock.shift SET shift = '-10 years'`);
    expect(await dead('ghost')).toEqual(['ghost']);
    await db.pool.query(`UPDATE clock.shift SET shift = '0'`);
  });
});
