import { appendFileSync } from 'node:fs';
import { startEmbedded } from '../../src/db/embedded-server.ts';
import { createPool } from '../../src/db/pool.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { testLog } from '../support/log.ts';

/** Starts the server in a folder and, when it is given a file, writes rows and notes each one there after its commit. */
const [dataDir = '', acks] = process.argv.slice(2);
const log = testLog();
const server = await startEmbedded({ dataDir, log, clock: systemClock });
const pool = createPool(server.owner, log);
process.once('SIGTERM', () => {
  void pool
    .end()
    .then(() => server.stop())
    .then(() => process.exit(0));
});
if (acks) await pool.query('CREATE TABLE IF NOT EXISTS entry (id bigint GENERATED ALWAYS AS IDENTITY, made_by int)');
process.send?.({ pid: server.pid(), adopted: server.adopted, host: server.connection.host });
while (acks) {
  const { rows } = await pool.query('INSERT INTO entry (made_by) VALUES ($1) RETURNING id', [process.pid]);
  appendFileSync(acks, `${rows[0]?.id}\n`);
}
