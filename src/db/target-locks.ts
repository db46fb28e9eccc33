import type { Tx } from './transaction.ts';

/** One key that a changing step holds: `<system>/<name>` of its target, or the connection behind that name. */
export type TargetLock = {
  readonly target: string;
  readonly stepRun: number;
  readonly owner: string;
  /** Null while the step runs; afterwards until when nothing else changes the target, because the outcome is not known. */
  readonly heldUntil: Date | null;
};

/** A step that waits for its target, in the order in which they are served. */
export type TargetWait = { readonly stepRun: number; readonly keys: readonly string[] };

/** A step that has not asked again for so long does not stand in the way of others. */
const GONE_AFTER = `interval '30 seconds'`;

/** Takes all keys for one changing step, or none of them when another holds one. What was held only until now is free. */
export async function acquireTarget(
  tx: Tx,
  lock: { readonly keys: readonly string[]; readonly stepRun: number; readonly owner: string },
): Promise<boolean> {
  // In one order, so that two that want the same keys cannot wait for each other.
  const keys = [...new Set(lock.keys)].sort();
  await tx.query('delete from target_locks where target = any($1) and held_until <= now()', [keys]);
  const rows = await tx.query(
    `insert into target_locks (target, step_run, owner) select key, $2, $3 from unnest($1::text[]) key
     on conflict (target) do nothing returning target`,
    [keys, lock.stepRun, lock.owner],
  );
  if (rows.length === keys.length) return true;
  await releaseTarget(tx, lock.stepRun);
  return false;
}

/** Gives back what a step run holds; returns the keys. */
export async function releaseTarget(tx: Tx, stepRun: number): Promise<string[]> {
  const rows = await tx.query<{ target: string }>('delete from target_locks where step_run = $1 returning target', [
    stepRun,
  ]);
  return rows.map(({ target }) => target);
}

/** Keeps what a step run holds for `ms` milliseconds after its end. */
export async function holdTarget(tx: Tx, stepRun: number, ms: number): Promise<void> {
  await tx.query(`update target_locks set held_until = now() + $2 * interval '1 millisecond' where step_run = $1`, [
    stepRun,
    ms,
  ]);
}

/** The locks on any of these keys, by key. */
export async function listTargetLocks(tx: Tx, keys: readonly string[]): Promise<Map<string, TargetLock>> {
  const rows = await tx.query<TargetLock>(
    `select target, step_run as "stepRun", owner, held_until as "heldUntil" from target_locks
     where target = any($1) and (held_until is null or held_until > now())`,
    [keys],
  );
  return new Map(rows.map((row) => [row.target, row]));
}

/** Puts an approved step into the line: those whose approval was given first are served first. */
export async function joinLine(tx: Tx, wait: TargetWait): Promise<void> {
  await tx.query(
    `insert into target_waits (step_run, keys, since) values ($1, $2, coalesce((select settled_at from approvals
       where step_run = $1 or id = (select approval from plan_steps where step_run = $1)), now()))
     on conflict (step_run) do update set keys = excluded.keys, asked_at = now()`,
    [wait.stepRun, wait.keys],
  );
}

export async function leaveLine(tx: Tx, stepRun: number): Promise<void> {
  await tx.query('delete from target_waits where step_run = $1', [stepRun]);
}

/** Steps that wait for any of these keys, the one that is served next first. */
export async function listLine(tx: Tx, keys: readonly string[]): Promise<TargetWait[]> {
  return tx.query<TargetWait>(
    `select w.step_run as "stepRun", w.keys from target_waits w join step_runs s on s.id = w.step_run
     where w.keys && $1 and s.state = 'approved' and w.asked_at > now() - ${GONE_AFTER} order by w.since, w.step_run`,
    [keys],
  );
}
