import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPool } from '../../src/db/pool.ts';
import { guardPool } from '../../src/jobs/worker-pool.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { testLog } from '../support/log.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

const sleepThenOne = { name: 'complete_job/test', text: 'SELECT pg_sleep(0.2), 1 AS n' };
/** Cuts the connection that runs the statement, once it runs. */
const cut = async (pool: pg.Pool) =>
  expect
    .poll(
      async () =>
        (
          await pool.query(
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE query LIKE '%pg_sleep(0.2)%' AND state = 'active' AND pid <> pg_backend_pid()`,
          )
        ).rowCount,
      { interval: 10 },
    )
    .toBe(1);

test('a statement that completes a job is repeated when its connection is cut', async () => {
  const facade = guardPool({ pool: db.pool, log: testLog(), clock: systemClock });
  facade.guard(Promise.resolve());
  const client = await facade.pool.connect();
  const answer = client.query(sleepThenOne);
  await cut(db.pool);
  expect((await answer).rows).toMatchObject([{ n: 1 }]);
});

test('control: without the guard the same statement is lost', async () => {
  const other = createPool(db.connection, testLog());
  const answer = other.query(sleepThenOne).catch((error: unknown) => error);
  await cut(db.pool);
  expect(await answer).toMatchObject({ code: '57P01' });
  await other.end();
});

test('statements wait until others can see that the engine lives', async () => {
  const facade = guardPool({ pool: db.pool, log: testLog(), clock: systemClock });
  let open = (): void => undefined;
  facade.guard(
    new Promise<void>((resolve) => {
      open = resolve;
    }),
  );
  let answered = false;
  const client = await facade.pool.connect();
  const answer = client.query({ name: 'get_job/test', text: 'SELECT 1' }).then(() => {
    answered = true;
  });
  await db.pool.query('SELECT pg_sleep(0.05)');
  expect(answered).toBe(false);
  open();
  await answer;
  expect(answered).toBe(true);
});
