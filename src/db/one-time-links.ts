import type { Tx } from './transaction.ts';

export type LinkPurpose = 'secret' | 'output';

/** A link for one person to one page, usable once. */
export type OneTimeLink = {
  readonly purpose: LinkPurpose;
  readonly stepRun: number;
  readonly person: string;
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
};

const COLUMNS = `purpose, step_run as "stepRun", person, expires_at as "expiresAt", used_at as "usedAt"`;

export async function insertLink(tx: Tx, tokenHash: string, link: Omit<OneTimeLink, 'usedAt'>): Promise<void> {
  await tx.query(
    'insert into one_time_links (token_hash, purpose, step_run, person, expires_at) values ($1, $2, $3, $4, $5)',
    [tokenHash, link.purpose, link.stepRun, link.person, link.expiresAt],
  );
}

export async function findLink(tx: Tx, tokenHash: string): Promise<OneTimeLink | null> {
  const rows = await tx.query<OneTimeLink>(`select ${COLUMNS} from one_time_links where token_hash = $1`, [tokenHash]);
  return rows[0] ?? null;
}

/** Uses a link up; false when somebody was faster. */
export async function spendLink(tx: Tx, tokenHash: string): Promise<boolean> {
  const rows = await tx.query(
    'update one_time_links set used_at = now() where token_hash = $1 and used_at is null and expires_at > now() returning 1',
    [tokenHash],
  );
  return rows.length > 0;
}

/** Links that have been over for a day. */
export async function deleteOldLinks(tx: Tx): Promise<void> {
  await tx.query(`delete from one_time_links where expires_at < now() - interval '1 day'`);
}
