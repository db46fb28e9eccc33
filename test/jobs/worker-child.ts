import { createPool } from '../../src/db/pool.ts';
import { startJobs } from '../../src/jobs/engine.ts';
import { testLog } from '../support/log.ts';

/** A process that runs jobs: `slow` tells its parent and never ends, `note` writes its payload into the table `done`. */
const [host = '', user = '', database = ''] = process.argv.slice(2);
const log = testLog();
const pool = createPool({ host, user, database }, log);
const engine = await startJobs({
  pool,
  log,
  tasks: {
    slow: async () => {
      process.send?.({ started: true });
      await new Promise(() => setInterval(() => undefined, 1_000));
    },
    note: async (payload, { jobId }) => {
      await pool.query('INSERT INTO done (job, payload, worker) VALUES ($1, $2, $3)', [
        jobId,
        JSON.stringify(payload),
        `child ${process.pid}`,
      ]);
    },
  },
});
process.send?.({ ready: true, poolId: engine.poolId });
process.once('SIGTERM', () => {
  void engine
    .stop()
    .then(() => pool.end())
    .then(() => process.exit(0));
});
