import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StepRunEnd } from '../../src/db/runs.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { recordEnd } from '../../src/runs/record-end.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { testLog } from '../support/log.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

const END: StepRunEnd = { state: 'ok', value: { a: 1 }, output: 'done', omittedBytes: 0, error: null, passed: true };
/** Pauses take no time. */
const hurried: Clock = { ...systemClock, sleep: () => Promise.resolve() };

/** Records an end in a database that fails with this code so many times; returns what it took in the end. */
async function record(code: string, failures: number): Promise<StepRunEnd[]> {
  const taken: StepRunEnd[] = [];
  let left = failures;
  await recordEnd({ pool: db.pool, clock: hurried, log: testLog() }, END, async (_tx, end) => {
    left -= 1;
    if (left >= 0) throw Object.assign(new Error('no'), { code });
    taken.push(end);
  });
  return taken;
}

test('the end of a step is recorded whole however long the database is away', async () => {
  expect(await record('57P01', 200)).toEqual([END]);
});

test('a database that has no connection to spare for a while loses the result at most, not the end', async () => {
  expect(await record('53300', 10)).toEqual([
    { ...END, value: null, output: '', error: 'Its result could not be stored.' },
  ]);
});

test('a database that never takes it is given up, so that the process can end', async () => {
  await expect(record('23514', 1_000)).rejects.toMatchObject({ code: 'run.end_lost' });
});
