import type { Pool } from 'pg';
import { query, type Tx } from './transaction.ts';

/** Asks whichever process carries out a running step to stop it; false when it does not run, or was asked before. */
export async function requestCancel(tx: Tx, stepRun: number, person: string): Promise<boolean> {
  const rows = await tx.query(
    `update step_runs set cancel_requested_at = now(), cancel_requested_by = $2
     where id = $1 and state = 'running' and cancel_requested_at is null returning id`,
    [stepRun, person],
  );
  return rows.length > 0;
}

/** Whether somebody wants a running step to stop. Reads outside of a transaction. */
export async function isCancelRequested(pool: Pool, stepRun: number): Promise<boolean> {
  const rows = await query(pool, 'select 1 from step_runs where id = $1 and cancel_requested_at is not null', [
    stepRun,
  ]);
  return rows.length > 0;
}
