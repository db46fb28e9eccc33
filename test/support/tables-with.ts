import type pg from 'pg';

/** Tables of a database with a row that holds a text, whatever column it stands in: those of the job engine as well. */
export async function tablesWith(pool: pg.Pool, text: string): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables order by 1`,
  );
  const found: string[] = [];
  for (const { name } of rows) {
    const hit = await pool.query(`select from ${name} as t where position($1 in to_jsonb(t)::text) > 0 limit 1`, [
      text,
    ]);
    if (hit.rowCount) found.push(name.replace('public.', ''));
  }
  return found;
}
