import type { Tx } from './transaction.ts';

export type TargetLock = { readonly target: string; readonly stepRun: number; readonly owner: string };

/** Takes the target for one changing step; false when another holds it. `target` is `<system>/<name>`. */
export async function acquireTarget(tx: Tx, lock: TargetLock): Promise<boolean> {
  const rows = await tx.query(
    'insert into target_locks (target, step_run, owner) values ($1, $2, $3) on conflict (target) do nothing returning target',
    [lock.target, lock.stepRun, lock.owner],
  );
  return rows.length > 0;
}

/** Gives back the target that a step run holds. */
export async function releaseTarget(tx: Tx, stepRun: number): Promise<void> {
  await tx.query('delete from target_locks where step_run = $1', [stepRun]);
}

/** The locks on a system's targets, by `<system>/<name>`. */
export async function listTargetLocks(tx: Tx, system: string): Promise<Map<string, TargetLock>> {
  const rows = await tx.query<TargetLock>(
    `select target, step_run as "stepRun", owner from target_locks where starts_with(target, $1)`,
    [`${system}/`],
  );
  return new Map(rows.map((row) => [row.target, row]));
}
