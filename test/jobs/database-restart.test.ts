import { chmodSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startEmbedded } from '../../src/db/embedded-server.ts';
import { addJob } from '../../src/db/jobs.ts';
import { migrateAsOwner } from '../../src/db/migrate-as-owner.ts';
import { createPool } from '../../src/db/pool.ts';
import { withTransaction } from '../../src/db/transaction.ts';
import { startJobs } from '../../src/jobs/engine.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { testLog } from '../support/log.ts';

// A server of its own: the one of the run is shared with other files.
test('a database restart in the middle of a job ends no process, loses no job and repeats none', async () => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'wr-restart-'));
  chmodSync(dataDir, 0o711);
  const log = testLog();
  const server = await startEmbedded({ dataDir, log, clock: systemClock, settings: { fsync: 'off' } });
  const pool = createPool(server.connection, log);
  await migrateAsOwner(server.owner, server.connection.user, log);
  const seen: unknown[] = [];
  let finish = (): void => undefined;
  const long = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const engine = await startJobs({
    pool,
    log,
    tasks: {
      note: async (payload) => {
        seen.push(payload);
        if (payload === 'long') await long;
      },
    },
  });
  const add = (payload: string) => withTransaction(pool, (tx) => addJob(tx, { task: 'note', payload }));
  await add('long');
  await expect.poll(() => seen).toEqual(['long']);

  const old = server.pid();
  process.kill(old, 'SIGKILL'); // unkind, so that nothing is told to anybody
  finish(); // the job ends while there is no database that could be told
  await expect.poll(() => server.pid(), { timeout: 15_000 }).not.toBe(old);
  await expect.poll(() => add('after').then(() => true, String), { timeout: 10_000 }).toBe(true);
  await expect.poll(() => seen, { timeout: 5_000 }).toEqual(['long', 'after']);
  const waiting = () => pool.query('SELECT count(*) AS n FROM graphile_worker.jobs').then(({ rows }) => rows);
  await expect.poll(waiting, { timeout: 5_000 }).toEqual([{ n: 0 }]);

  await engine.stop();
  await pool.end();
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
  log.expectNoErrors();
}, 60_000);
