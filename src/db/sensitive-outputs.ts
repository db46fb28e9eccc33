import type { Json } from '../lib/canonical-json.ts';
import { storable } from './storable.ts';
import type { Tx } from './transaction.ts';

/** Output that is kept off Slack, already masked like all output. */
export type SensitiveOutput = {
  readonly output: string;
  readonly omittedBytes: number;
  readonly expiresAt: Date;
};

type Kept = {
  readonly output: string;
  readonly omittedBytes: number;
  readonly hours: number;
  /** What later steps look at, until `valueUntil`. */
  readonly value: Readonly<Record<string, Json>> | null;
  readonly valueUntil: Date;
  /** Names that the step left for later ones in the values of its run. */
  readonly captured: readonly string[];
};

/** Keeps the output of a step for `hours`. */
export async function saveSensitiveOutput(tx: Tx, stepRun: number, kept: Kept): Promise<void> {
  await tx.query(
    `insert into sensitive_outputs (step_run, output, omitted_bytes, expires_at, value, value_until, captured)
     values ($1, $2, $3, now() + make_interval(hours => $4), $5, $6, $7)
     on conflict (step_run) do update set output = excluded.output, omitted_bytes = excluded.omitted_bytes,
       created_at = now(), expires_at = excluded.expires_at, value = excluded.value, value_until = excluded.value_until,
       captured = excluded.captured`,
    [
      stepRun,
      storable(kept.output),
      kept.omittedBytes,
      kept.hours,
      kept.value === null ? null : JSON.stringify(storable(kept.value)),
      kept.valueUntil,
      kept.captured,
    ],
  );
}

/** The output of a step; null when it had none, or when its day is over. */
export async function findSensitiveOutput(tx: Tx, stepRun: number): Promise<SensitiveOutput | null> {
  const rows = await tx.query<SensitiveOutput>(
    `select output, omitted_bytes as "omittedBytes", expires_at as "expiresAt" from sensitive_outputs
     where step_run = $1 and expires_at > now() and output <> ''`,
    [stepRun],
  );
  return rows[0] ?? null;
}

/** Forgets what later steps look at, of every run of an incident. */
export async function forgetValuesOf(tx: Tx, incident: number): Promise<void> {
  await tx.query(
    `update sensitive_outputs set value = null
     where value is not null and step_run in
       (select step_runs.id from step_runs join runs on runs.id = step_runs.run where runs.incident = $1)`,
    [incident],
  );
}

/** Deletes what its time is over for, with what it left in the values of its run; says how many. */
export async function deleteOldOutputs(tx: Tx): Promise<number> {
  await tx.query('update sensitive_outputs set value = null where value is not null and value_until <= now()');
  await tx.query(
    `update runs set params = params - names.captured
     from (select step_runs.run, array_agg(name) as captured
           from sensitive_outputs join step_runs on step_runs.id = step_run, unnest(captured) as name
           where expires_at <= now() group by step_runs.run) as names
     where runs.id = names.run`,
  );
  return (await tx.query('delete from sensitive_outputs where expires_at <= now() returning step_run')).length;
}
