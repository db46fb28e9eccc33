import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { withTransaction } from '../../src/db/transaction.ts';
import { addTypedJob } from '../../src/db/typed-jobs.ts';
import type { Job, JobTask } from '../../src/domain/jobs.ts';
import { startJobs, type Task } from '../../src/jobs/engine.ts';
import { startJobLanes } from '../../src/jobs/lanes.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { testLog } from '../support/log.ts';

let db: TestDatabase;
let stop: () => Promise<void> = () => Promise.resolve();

beforeAll(async () => {
  db = await testDatabase({ max: 30 });
});
afterEach(() => stop());
afterAll(() => db.drop());

/** Diagnostics that do not answer until the test lets them, and everything else noted at once. */
function slowDiagnostics() {
  const done: JobTask[] = [];
  let reading = 0;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const note = (task: JobTask): Task => {
    return () => {
      done.push(task);
      return Promise.resolve();
    };
  };
  const tasks: Record<JobTask, Task> = {
    'escalation.tick': note('escalation.tick'),
    'incident.milestone': note('incident.milestone'),
    'approval.expire': note('approval.expire'),
    'audit.anchor': note('audit.anchor'),
    'approval.preview': note('approval.preview'),
    'approval.remind': note('approval.remind'),
    'approval.offer_alone': note('approval.offer_alone'),
    'run.change': note('run.change'),
    'run.read': async () => {
      reading += 1;
      await held;
    },
  };
  return { tasks, done, release, reading: () => reading };
}

const add = (...jobs: Job[]) =>
  withTransaction(db.pool, async (tx) => {
    for (const job of jobs) await addTypedJob(tx, job);
  });
const many = Array.from({ length: 12 }, (_, index): Job => ({ task: 'run.read', run: index + 1 }));
const urgent: Job[] = [
  { task: 'escalation.tick', incident: 1 },
  { task: 'approval.expire', approval: 1 },
  { task: 'run.change', stepRun: 1 },
];

test('slow diagnostics never keep a page, an expiry or an approved step waiting', async () => {
  const { tasks, done, release, reading } = slowDiagnostics();
  const lanes = await startJobLanes({ pool: db.pool, log: testLog(), tasks });
  stop = async () => {
    release();
    await lanes.stop();
  };
  await add(...many);
  await expect.poll(reading).toBeGreaterThanOrEqual(4);
  await add(...urgent);
  await expect
    .poll(() => [...done].sort(), { timeout: 2_000 })
    .toEqual(['approval.expire', 'escalation.tick', 'run.change']);
});

test('in one engine without lanes they do (control)', async () => {
  await db.owner.query('truncate graphile_worker._private_jobs');
  const { tasks, done, release, reading } = slowDiagnostics();
  const engine = await startJobs({ pool: db.pool, log: testLog(), tasks });
  stop = async () => {
    release();
    await engine.stop();
  };
  await add(...many);
  await expect.poll(reading).toBe(4);
  await add(...urgent);
  const looks = await Promise.all(urgent.map(() => db.pool.query('select pg_sleep(0.5)').then(() => [...done])));
  expect(looks).toEqual([[], [], []]);
});
