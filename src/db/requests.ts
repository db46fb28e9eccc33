import type { Tx } from './transaction.ts';

/** Claims a request for this transaction; false when it has taken effect before (double click, repeated delivery). */
export async function claimRequest(tx: Tx, key: string): Promise<boolean> {
  const rows = await tx.query('insert into requests (key) values ($1) on conflict (key) do nothing returning key', [
    key,
  ]);
  return rows.length > 0;
}
