import type { Tx } from './transaction.ts';

/** Claims a request for this transaction; false when it has taken effect before (double click, repeated delivery). */
export async function claimRequest(tx: Tx, key: string): Promise<boolean> {
  const rows = await tx.query('insert into requests (key) values ($1) on conflict (key) do nothing returning key', [
    key,
  ]);
  return rows.length > 0;
}

const GESTURE = 'gesture:';

/** The key of a press or a command that came in; it is needed for as long as its payload could be sent again. */
export function gestureKey(key: string): string {
  return GESTURE + key;
}

/** Forgets presses and commands of more than a day ago. Other requests are kept for good. */
export async function deleteOldGestures(tx: Tx): Promise<void> {
  await tx.query(`delete from requests where starts_with(key, $1) and at < now() - interval '1 day'`, [GESTURE]);
}
