import type { Queryable } from './transaction.ts';

/** What the metrics page shows of the state of things. */
export type Statistics = {
  readonly openIncidents: readonly { readonly system: string; readonly severity: string; readonly count: number }[];
  readonly outbox: readonly {
    readonly lane: string;
    readonly state: string;
    readonly count: number;
    readonly oldestSeconds: number;
  }[];
  readonly openPages: number;
  readonly pendingApprovals: number;
  readonly dueJobs: number;
};

/** Counts what is open, waiting and due, in five short statements. */
export async function readStatistics(db: Queryable): Promise<Statistics> {
  const count = async (sql: string): Promise<number> => (await db.query<{ count: number }>(sql))[0]?.count ?? 0;
  return {
    openIncidents: await db.query(
      `select system, severity, count(*)::int as count from incidents where status = 'open' group by system, severity`,
    ),
    outbox: await db.query(
      `select lane, state, count(*)::int as count,
         coalesce(extract(epoch from now() - min(not_before)), 0)::float8 as "oldestSeconds"
       from outbox where state in ('pending', 'sending') group by lane, state`,
    ),
    openPages: await count(`select count(*)::int as count from pages where state = 'open'`),
    pendingApprovals: await count(`select count(*)::int as count from approvals where state = 'pending'`),
    dueJobs: await count(
      `select count(*)::int as count from graphile_worker.jobs where run_at <= now() and locked_at is null and attempts < max_attempts`,
    ),
  };
}
