import type { Tx } from './transaction.ts';

/** A job to leave behind. Jobs are run at least once: their task must look at the state before it acts. */
export type NewJob = {
  readonly task: string;
  readonly payload: unknown;
  /** A waiting job with this key is replaced; one that runs already goes on, and this one runs after it. */
  readonly key?: string;
  /** Not before this instant; null or missing: at once. */
  readonly runAt?: Date | null;
  /** Default 25, which is about three days of retries. A crash of the process counts as an attempt. */
  readonly maxAttempts?: number;
  /** Jobs of one queue run one after another. */
  readonly queue?: string;
};

/** Leaves a job in the caller's transaction: it exists when that commits. Returns its id. */
export async function addJob(tx: Tx, job: NewJob): Promise<string> {
  const rows = await tx.query<{ id: number }>(
    `select id from graphile_worker.add_job($1, payload => $2::json, queue_name => $3, run_at => $4::timestamptz,
       max_attempts => $5::int, job_key => $6)`,
    [
      job.task,
      JSON.stringify(job.payload ?? {}),
      job.queue ?? null,
      job.runAt ?? null,
      job.maxAttempts ?? null,
      job.key ?? null,
    ],
  );
  return String(rows[0]?.id);
}

/** Takes the job with this key back, in the caller's transaction; one that runs already is not stopped, but not repeated. */
export async function removeJob(tx: Tx, key: string): Promise<void> {
  await tx.query('select graphile_worker.remove_job($1)', [key]);
}

/** The job engines that hold a job or a queue at this moment. */
export async function listJobHolders(tx: Tx): Promise<string[]> {
  const rows = await tx.query<{ locked_by: string }>(
    `select locked_by from graphile_worker._private_jobs where locked_by is not null
     union select locked_by from graphile_worker._private_job_queues where locked_by is not null`,
  );
  return rows.map((row) => row.locked_by);
}

/** Gives the jobs of engines that are gone back to the others, and wakes them. */
export async function unlockJobsOf(tx: Tx, engines: readonly string[]): Promise<void> {
  await tx.query('select graphile_worker.force_unlock_workers($1)', [engines]);
  await tx.notify('jobs:insert', JSON.stringify({ count: 10 }));
}

/** Ids of the jobs that an engine holds. */
export async function listJobsHeldBy(tx: Tx, engine: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    'select id::text from graphile_worker._private_jobs where locked_by = $1',
    [engine],
  );
  return rows.map((row) => row.id);
}

/** Lets go of single jobs that an engine holds without knowing it. */
export async function unlockJobs(tx: Tx, engine: string, ids: readonly string[]): Promise<void> {
  await tx.query(
    `with freed as (
       update graphile_worker._private_jobs set locked_by = null, locked_at = null
       where locked_by = $1 and id = any($2::bigint[]) returning job_queue_id)
     update graphile_worker._private_job_queues q set locked_by = null, locked_at = null
     from freed where q.id = freed.job_queue_id and q.locked_by = $1`,
    [engine, ids],
  );
  await tx.notify('jobs:insert', JSON.stringify({ count: ids.length }));
}
