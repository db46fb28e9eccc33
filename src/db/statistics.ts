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

/**
 * Counts what is open, waiting and due, in five short statements. Private incidents, and what belongs to them, are not counted:
 * whoever reads the metrics is not in their rooms. Messages and jobs of all kinds are, because none of them can be told apart.
 */
export async function readStatistics(db: Queryable): Promise<Statistics> {
  const count = async (sql: string): Promise<number> => (await db.query<{ count: number }>(sql))[0]?.count ?? 0;
  return {
    openIncidents: await db.query(
      `select system, severity, count(*)::int as count from incidents
       where status = 'open' and not private group by system, severity`,
    ),
    outbox: await db.query(
      `select lane, state, count(*)::int as count,
         coalesce(extract(epoch from now() - min(not_before)), 0)::float8 as "oldestSeconds"
       from outbox where state in ('pending', 'sending') group by lane, state`,
    ),
    openPages: await count(
      `select count(*)::int as count from pages join incidents on number = incident
       where pages.state = 'open' and not private`,
    ),
    pendingApprovals: await count(
      `select count(*)::int as count from approvals
         join step_runs on step_runs.id = step_run join runs on runs.id = run left join incidents on number = incident
       where approvals.state = 'pending' and private is not true`,
    ),
    dueJobs: await count(
      `select count(*)::int as count from graphile_worker.jobs where run_at <= now() and locked_at is null and attempts < max_attempts`,
    ),
  };
}
