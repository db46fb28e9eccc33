import type { Tx } from './transaction.ts';

/** Somebody has given the secrets of a step; `owner` is the process whose memory holds them, `pageUrl` where its pages are. */
export type SecretGift = {
  readonly id: string;
  readonly stepRun: number;
  readonly person: string;
  readonly owner: string;
  readonly pageUrl: string;
};

export async function insertGift(tx: Tx, gift: SecretGift): Promise<void> {
  await tx.query('insert into secret_gifts (id, step_run, person, owner, page_url) values ($1, $2, $3, $4, $5)', [
    gift.id,
    gift.stepRun,
    gift.person,
    gift.owner,
    gift.pageUrl,
  ]);
}

/** What was given for a step, first one first. */
export async function listGifts(tx: Tx, stepRun: number): Promise<SecretGift[]> {
  return tx.query<SecretGift>(
    `select id, step_run as "stepRun", person, owner, page_url as "pageUrl" from secret_gifts
     where step_run = $1 order by given_at, id`,
    [stepRun],
  );
}

/** Forgets that something was given, because the memory that held it is gone. */
export async function deleteGifts(tx: Tx, stepRun: number): Promise<void> {
  await tx.query('delete from secret_gifts where step_run = $1', [stepRun]);
}

/** Processes that hold secrets for steps that have not started. */
export async function listGiftOwners(tx: Tx): Promise<string[]> {
  const rows = await tx.query<{ owner: string }>(
    `select distinct secret_gifts.owner from secret_gifts join step_runs on step_runs.id = step_run where state = 'approved'`,
  );
  return rows.map((row) => row.owner);
}

/** Steps that have not started and whose secrets these processes hold. */
export async function listStepsHeldBy(tx: Tx, owners: readonly string[]): Promise<number[]> {
  const rows = await tx.query<{ id: number }>(
    `select distinct step_run as id from secret_gifts join step_runs on step_runs.id = step_run
     where state = 'approved' and secret_gifts.owner = any($1) order by id`,
    [owners],
  );
  return rows.map((row) => row.id);
}

/** Of these step runs, those that still wait or run: the others need no secret any more. */
export async function listUnfinishedOf(tx: Tx, stepRuns: readonly number[]): Promise<number[]> {
  const rows = await tx.query<{ id: number }>(
    `select id from step_runs where id = any($1::bigint[]) and state in ('approved', 'running')`,
    [stepRuns],
  );
  return rows.map((row) => row.id);
}
