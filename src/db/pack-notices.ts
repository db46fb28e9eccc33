import type { Tx } from './transaction.ts';

/** A broken file that its owners are told of. */
export type PackNotice = {
  readonly id: number;
  readonly file: string;
  readonly fingerprint: string;
  /** One line each, with the place in the file. */
  readonly problems: readonly string[];
  /** The last good version stays in force. */
  readonly held: boolean;
  /** So many more files broke at the same time without a notice of their own. */
  readonly more: number;
  readonly brokenAt: Date;
  readonly settledAt: Date | null;
  readonly outcome: 'mended' | 'removed' | 'replaced' | null;
};

type Row = {
  id: number;
  file: string;
  fingerprint: string;
  problems: string[];
  held: boolean;
  more: number;
  broken_at: Date;
  settled_at: Date | null;
  outcome: PackNotice['outcome'];
};

const COLUMNS = 'id, file, fingerprint, problems, held, more, broken_at, settled_at, outcome';

/** Notices that nothing has settled yet; until the transaction ends no other process reads or writes them. */
export async function lockOpenPackNotices(tx: Tx): Promise<PackNotice[]> {
  await tx.query(`select pg_advisory_xact_lock(1702, hashtext('pack_notices'))`);
  return (await tx.query<Row>(`select ${COLUMNS} from pack_notices where settled_at is null order by id`)).map(read);
}

/** Opens a notice; there must be no open one of the file. */
export async function insertPackNotice(
  tx: Tx,
  notice: Pick<PackNotice, 'file' | 'fingerprint' | 'problems' | 'held' | 'more'>,
): Promise<number> {
  const rows = await tx.query<{ id: number }>(
    `insert into pack_notices (file, fingerprint, problems, held, more) values ($1, $2, $3, $4, $5) returning id`,
    [notice.file, notice.fingerprint, JSON.stringify(notice.problems), notice.held, notice.more],
  );
  return rows[0]?.id ?? 0;
}

/** Ends a notice. */
export async function settlePackNotice(tx: Tx, id: number, outcome: NonNullable<PackNotice['outcome']>): Promise<void> {
  await tx.query('update pack_notices set settled_at = now(), outcome = $2 where id = $1', [id, outcome]);
}

/** The notice, or null. */
export async function findPackNotice(tx: Tx, id: number): Promise<PackNotice | null> {
  const rows = await tx.query<Row>(`select ${COLUMNS} from pack_notices where id = $1`, [id]);
  return rows[0] ? read(rows[0]) : null;
}

function read(row: Row): PackNotice {
  const { broken_at: brokenAt, settled_at: settledAt, ...rest } = row;
  return { ...rest, brokenAt, settledAt };
}
