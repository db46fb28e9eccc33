import type pg from 'pg';
import { isConnectionLost } from '../db/connection-errors.ts';
import { listJobHolders, listJobsHeldBy, unlockJobs, unlockJobsOf } from '../db/jobs.ts';
import { deadOwners } from '../db/liveness.ts';
import { withTransaction } from '../db/transaction.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';

const SWEEP_MS = 500;
/** Every so many sweeps an engine compares the jobs that it holds with those that it runs. */
const SELF_CHECK_EVERY = 10;

export type SweepOptions = {
  readonly pool: pg.Pool;
  readonly log: Log;
  readonly clock: Clock;
  /** Id of this engine. */
  readonly engine: string;
  /** Ids of the jobs that this engine runs, and null while it cannot say. */
  readonly running: () => ReadonlySet<string> | null;
};

/**
 * Brings the jobs of engines that died back into circulation, about a second after their death; without it graphile-worker
 * would wait four hours. It also frees jobs that the server gave to this engine in an answer that was lost with its
 * connection. Ends when `signal` is aborted.
 */
export async function sweepDeadEngines(options: SweepOptions, signal: AbortSignal): Promise<void> {
  let suspects: readonly string[] = [];
  for (let round = 1; !signal.aborted; round += 1) {
    try {
      await freeDead(options);
      if (round % SELF_CHECK_EVERY === 0) suspects = await freeForgotten(options, suspects);
    } catch (error) {
      if (isConnectionLost(error)) options.log.debug({ error }, 'The sweep for dead engines could not look.');
      else options.log.error({ error, code: 'jobs.sweep' }, 'The sweep for dead engines failed; it goes on.');
    }
    await options.clock.sleep(SWEEP_MS, signal).catch(() => undefined);
  }
}

async function freeDead({ pool, log, engine, clock }: SweepOptions): Promise<void> {
  await withTransaction(pool, async (tx) => {
    const others = (await listJobHolders(tx)).filter((holder) => holder !== engine);
    const dead = await deadOwners(tx, others, clock);
    if (dead.length === 0) return;
    await unlockJobsOf(tx, dead);
    log.warn({ engines: dead, code: 'jobs.engine_died' }, 'A job engine died; its jobs run again.');
  });
}

/** Frees what was seen held but not running twice in a row; returns what is seen so for the first time. */
async function freeForgotten(options: SweepOptions, suspects: readonly string[]): Promise<readonly string[]> {
  const { pool, log, engine } = options;
  return withTransaction(pool, async (tx) => {
    const held = await listJobsHeldBy(tx, engine);
    const running = options.running();
    if (running === null) return [];
    const forgotten = held.filter((id) => !running.has(id));
    const sure = forgotten.filter((id) => suspects.includes(id));
    if (sure.length > 0) {
      await unlockJobs(tx, engine, sure);
      log.warn({ jobs: sure, code: 'jobs.forgotten' }, 'Jobs were held but not running; they run again.');
    }
    return forgotten.filter((id) => !sure.includes(id));
  });
}
