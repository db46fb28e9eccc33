import type { Tx } from './transaction.ts';

/** Output that is kept off Slack, already masked like all output. */
export type SensitiveOutput = {
  readonly output: string;
  readonly omittedBytes: number;
  readonly expiresAt: Date;
};

/** Keeps the output of a step for `hours`. */
export async function saveSensitiveOutput(
  tx: Tx,
  stepRun: number,
  kept: { readonly output: string; readonly omittedBytes: number; readonly hours: number },
): Promise<void> {
  await tx.query(
    `insert into sensitive_outputs (step_run, output, omitted_bytes, expires_at)
     values ($1, $2, $3, now() + make_interval(hours => $4))
     on conflict (step_run) do update set output = excluded.output, omitted_bytes = excluded.omitted_bytes,
       created_at = now(), expires_at = excluded.expires_at`,
    [stepRun, kept.output.replace(/\u0000|\p{Surrogate}/gu, '\ufffd'), kept.omittedBytes, kept.hours],
  );
}

/** The output of a step; null when it had none, or when its day is over. */
export async function findSensitiveOutput(tx: Tx, stepRun: number): Promise<SensitiveOutput | null> {
  const rows = await tx.query<SensitiveOutput>(
    `select output, omitted_bytes as "omittedBytes", expires_at as "expiresAt" from sensitive_outputs
     where step_run = $1 and expires_at > now()`,
    [stepRun],
  );
  return rows[0] ?? null;
}

/** Deletes what its time is over for; says how many. */
export async function deleteOldOutputs(tx: Tx): Promise<number> {
  return (await tx.query('delete from sensitive_outputs where expires_at <= now() returning step_run')).length;
}
