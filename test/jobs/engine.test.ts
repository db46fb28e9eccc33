import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addJob, type NewJob, removeJob } from '../../src/db/jobs.ts';
import { createPool } from '../../src/db/pool.ts';
import { query, withTransaction } from '../../src/db/transaction.ts';
import { type Engine, type JobHelpers, startJobs, type Task } from '../../src/jobs/engine.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type TestLog, testLog } from '../support/log.ts';
import { advance } from '../support/moved-time.ts';

let db: TestDatabase;
let log: TestLog;
let stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  db = await testDatabase({ max: 30 });
  await db.owner.query('CREATE TABLE done (job text, payload jsonb, worker text)');
});
beforeEach(() => {
  log = testLog();
});
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  stops = [];
  await db.owner.query('TRUNCATE done, graphile_worker._private_jobs, graphile_worker._private_job_queues');
  log.expectNoErrors();
});
afterAll(() => db.drop());

const engine = async (tasks: Record<string, Task>, options: { concurrency?: number; pollInterval?: number } = {}) => {
  const started: Engine = await startJobs({ pool: db.pool, log, tasks, ...options });
  stops.push(() => started.stop());
  return started;
};
const add = (job: NewJob) => withTransaction(db.pool, (tx) => addJob(tx, job));
const inAnHour = () => new Date(Date.now() + 3_600_000);
const jobs = async () =>
  query<{ key: string; attempts: number }>(db.pool, 'SELECT key, attempts FROM graphile_worker.jobs ORDER BY id');

const child = async (): Promise<ChildProcess> => {
  const { host, user, database } = db.connection;
  const forked = fork(fileURLToPath(new URL('./worker-child.ts', import.meta.url)), [host, user, database], {
    execArgv: ['--import', 'tsx'],
  });
  stops.push(async () => forked.kill('SIGKILL'));
  await once(forked, 'message');
  return forked;
};

describe('a job', () => {
  test('runs at once with its payload when its transaction commits', async () => {
    const seen: [unknown, JobHelpers][] = [];
    await engine({ note: async (payload, helpers) => void seen.push([payload, helpers]) }, { pollInterval: 10_000 });
    const id = await add({ task: 'note', payload: { incident: 7 } });
    await expect.poll(() => seen.length).toBe(1);
    expect(seen[0]?.[0]).toEqual({ incident: 7 });
    expect(seen[0]?.[1]).toMatchObject({ attempt: 1, jobId: id, runAt: expect.any(Date) });
    await expect.poll(jobs).toEqual([]);
  });

  test('does not exist when its transaction rolls back', async () => {
    const failing = withTransaction(db.pool, async (tx) => {
      await addJob(tx, { task: 'note', payload: {} });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await jobs()).toEqual([]);
  });

  test('takes the place of one that waits under its key', async () => {
    const seen: unknown[] = [];
    await engine({ note: async (payload) => void seen.push(payload) });
    await add({ task: 'note', payload: 'first', key: 'k', runAt: inAnHour() });
    await add({ task: 'note', payload: 'second', key: 'k' });
    await expect.poll(() => seen).toEqual(['second']);
    await expect.poll(jobs).toEqual([]);
  });

  test('runs once more when it is replaced while it runs', async () => {
    const seen: unknown[] = [];
    let finish = (): void => undefined;
    const first = new Promise<void>((resolve) => {
      finish = resolve;
    });
    await engine({
      note: async (payload) => {
        seen.push(payload);
        if (payload === 'first') await first;
      },
    });
    await add({ task: 'note', payload: 'first', key: 'k' });
    await expect.poll(() => seen).toEqual(['first']);
    await add({ task: 'note', payload: 'second', key: 'k' });
    finish();
    await expect.poll(() => seen).toEqual(['first', 'second']);
    await expect.poll(jobs).toEqual([]);
  });

  test('is taken back by its key, but not when that transaction rolls back', async () => {
    await add({ task: 'note', payload: {}, key: 'k', runAt: inAnHour() });
    const failing = withTransaction(db.pool, async (tx) => {
      await removeJob(tx, 'k');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await jobs()).toMatchObject([{ key: 'k' }]);
    await withTransaction(db.pool, (tx) => removeJob(tx, 'k'));
    expect(await jobs()).toEqual([]);
    await withTransaction(db.pool, (tx) => removeJob(tx, 'was never there'));
  });

  test('waits for its time, which follows the now() of the database', async () => {
    const seen: unknown[] = [];
    await engine({ note: async (payload) => void seen.push(payload) }, { pollInterval: 50 });
    const runAt = await withTransaction(db.pool, async (tx) => new Date(tx.now.getTime() + 600_000));
    await add({ task: 'note', payload: 'page', runAt });
    await advance(db.pool, '9 minutes');
    await add({ task: 'note', payload: 'at once, in moved time' });
    await expect.poll(() => seen).toEqual(['at once, in moved time']);
    await advance(db.pool, '1 minute 1 second');
    await expect.poll(() => seen).toEqual(['at once, in moved time', 'page']);
    await advance(db.pool, '-10 minutes -1 second');
  });

  test('of one queue waits for the one before it', async () => {
    let now = 0;
    let most = 0;
    let count = 0;
    await engine({
      note: async () => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setTimeout(resolve, 5));
        now -= 1;
        count += 1;
      },
    });
    for (let i = 0; i < 6; i += 1) await add({ task: 'note', payload: {}, queue: 'target:db' });
    await expect.poll(() => count).toBe(6);
    expect(most).toBe(1);
  });
});

describe('a job that fails', () => {
  test('is logged with the code of its error and tried again later', async () => {
    await engine({ note: () => Promise.reject(Object.assign(new Error('boom'), { code: 'slack.down' })) });
    await add({ task: 'note', payload: {}, key: 'k' });
    await expect.poll(() => log.messages('warn')).toEqual(['A job failed and will be tried again.']);
    expect(log.lines.find(({ level }) => level === 'warn')?.context).toMatchObject({
      task: 'note',
      attempt: 1,
      code: 'slack.down',
    });
    await expect.poll(jobs).toEqual([{ key: 'k', attempts: 1 }]);
  });

  test('succeeds at a later attempt, which it can tell', async () => {
    const attempts: number[] = [];
    await engine({
      note: async (_payload, { attempt }) => {
        attempts.push(attempt);
        if (attempt === 1) throw new Error('boom');
      },
    });
    await add({ task: 'note', payload: {} });
    await expect.poll(() => attempts).toEqual([1]);
    await advance(db.pool, '10 seconds');
    await expect.poll(() => attempts).toEqual([1, 2]);
    await expect.poll(jobs).toEqual([]);
    await advance(db.pool, '-10 seconds');
  });

  test('is given up loudly after its last attempt', async () => {
    await engine({ note: () => Promise.reject(new Error('boom')) });
    await add({ task: 'note', payload: { page: 3 }, maxAttempts: 1 });
    await expect.poll(() => log.messages('error')).toEqual(['A job failed for the last time and is given up.']);
    expect(log.lines.find(({ level }) => level === 'error')?.context).toMatchObject({ payload: { page: 3 } });
    log.clear();
  });
});

describe('several engines', () => {
  test('run 200 jobs, each exactly once, and both take part', async () => {
    const seen: string[] = [];
    const note =
      (name: string): Task =>
      async (payload) => {
        seen.push(`${name}:${String(payload)}`);
        await new Promise((resolve) => setTimeout(resolve, 2));
      };
    await engine({ note: note('a') });
    await engine({ note: note('b') });
    await withTransaction(db.pool, async (tx) => {
      for (let i = 0; i < 200; i += 1) await addJob(tx, { task: 'note', payload: i });
    });
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(200);
    await expect.poll(jobs).toEqual([]);
    expect(new Set(seen.map((entry) => entry.split(':')[1])).size).toBe(200);
    expect(new Set(seen.map((entry) => entry.split(':')[0]))).toEqual(new Set(['a', 'b']));
  });

  test('take over the job of a process that was killed, in less than two seconds', async () => {
    const dying = await child();
    await add({ task: 'slow', payload: {}, key: 'k' });
    await once(dying, 'message');
    const attempts: number[] = [];
    await engine({ slow: async (_payload, { attempt }) => void attempts.push(attempt) });
    const killed = performance.now();
    dying.kill('SIGKILL');
    await expect.poll(() => attempts, { timeout: 5_000, interval: 10 }).toEqual([2]);
    expect(performance.now() - killed).toBeLessThan(2_000);
    expect(log.messages('warn')).toContain('A job engine died; its jobs run again.');
  });

  test('leave the jobs of a living process alone, however long they take', async () => {
    const living = await child();
    await add({ task: 'slow', payload: {} });
    await once(living, 'message');
    const seen: unknown[] = [];
    await engine({ slow: async () => void seen.push(1) });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(seen).toEqual([]);
  });
});

describe('an engine', () => {
  test('waits for the job that runs when it is told to stop, and leaves the others', async () => {
    let started = 0;
    let ended = 0;
    const running = await startJobs({
      pool: db.pool,
      log,
      concurrency: 1,
      tasks: {
        note: async () => {
          started += 1;
          await new Promise((resolve) => setTimeout(resolve, 100));
          ended += 1;
        },
      },
    });
    await add({ task: 'note', payload: {}, key: 'first' });
    await expect.poll(() => started).toBe(1);
    await add({ task: 'note', payload: {}, key: 'second' });
    await running.stop();
    expect([started, ended]).toEqual([1, 1]);
    expect(await jobs()).toEqual([{ key: 'second', attempts: 0 }]);
    await running.stop();
  });

  test('keeps working after every one of its connections was cut, and repeats no job that runs', async () => {
    const seen: unknown[] = [];
    let finish = (): void => undefined;
    const first = new Promise<void>((resolve) => {
      finish = resolve;
    });
    await engine({
      note: async (payload) => {
        seen.push(payload);
        if (payload === 'long') await first;
      },
    });
    await add({ task: 'note', payload: 'long', key: 'long' });
    await expect.poll(() => seen).toEqual(['long']);
    const other = createPool(db.connection, testLog(), { max: 1 });
    stops.push(() => other.end());
    const cut = () =>
      other.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()`,
      );
    await cut();
    // The completion of the long job meets connections that are cut under it.
    finish();
    await cut();
    await expect.poll(jobs).toEqual([]);
    await add({ task: 'note', payload: 'after' });
    await expect.poll(() => seen).toEqual(['long', 'after']);
  });
});
