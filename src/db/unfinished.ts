import type { Tx } from './transaction.ts';

/** Everything that is under way and needs a job to go on. */
export type Unfinished = {
  readonly incidents: readonly { readonly number: number; readonly system: string }[];
  /** Requests that wait for a decision. */
  readonly approvals: readonly number[];
  /** Changing step runs that were approved and have not started. */
  readonly approvedSteps: readonly number[];
  /** Runs with read steps that wait. */
  readonly readingRuns: readonly number[];
};

/** Reads what has not come to its end, from the rows themselves and not from the jobs. */
export async function readUnfinished(tx: Tx): Promise<Unfinished> {
  const approved = await tx.query<{ id: number }>(`select id from step_runs where state = 'approved' order by id`);
  const reading = await tx.query<{ run: number }>(
    `select distinct run from step_runs where state = 'queued' order by run`,
  );
  const pending = await tx.query<{ id: number }>(`select id from approvals where state = 'pending' order by id`);
  return {
    incidents: await tx.query(`select number, system from incidents where status = 'open' order by number`),
    approvals: pending.map((row) => row.id),
    approvedSteps: approved.map((row) => row.id),
    readingRuns: reading.map((row) => row.run),
  };
}
