import { type Job, jobKey } from '../domain/jobs.ts';
import { addJob, removeJob } from './jobs.ts';
import type { Tx } from './transaction.ts';

/** Leaves a job in the caller's transaction; one that waits under the same key is replaced. `runAt` null is at once. */
export async function addTypedJob(tx: Tx, job: Job, runAt: Date | null = null): Promise<void> {
  const { task, ...payload } = job;
  await addJob(tx, { task, payload, key: jobKey(job), runAt });
}

/** Takes a waiting job back. */
export async function removeTypedJob(tx: Tx, job: Job): Promise<void> {
  await removeJob(tx, jobKey(job));
}
