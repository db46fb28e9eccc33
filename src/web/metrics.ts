import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { readStatistics } from '../db/statistics.ts';
import type { Queryable } from '../db/transaction.ts';

/** The metrics page in Prometheus' text format; counts are read from the database at each scrape. */
export function createMetrics(db: Queryable): { contentType: string; render(): Promise<string>; stop(): void } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const incidents = gauge(registry, 'warroom_open_incidents', 'Open incidents, without private ones', [
    'system',
    'severity',
  ]);
  const outbox = gauge(registry, 'warroom_outbox', 'Messages decided but not yet delivered', ['lane', 'state']);
  const oldest = gauge(registry, 'warroom_outbox_oldest_seconds', 'How long the oldest due message has waited', [
    'lane',
    'state',
  ]);
  const pages = gauge(
    registry,
    'warroom_open_pages',
    'Pages that nobody has acknowledged, without those of private incidents',
    [],
  );
  const approvals = gauge(
    registry,
    'warroom_pending_approvals',
    'Approvals that somebody waits for, without those of private incidents',
    [],
  );
  const jobs = gauge(registry, 'warroom_due_jobs', 'Jobs whose time has come and that nobody runs', []);
  return {
    contentType: registry.contentType,
    stop: () => registry.clear(),
    render: async () => {
      const statistics = await readStatistics(db);
      for (const metric of [incidents, outbox, oldest]) metric.reset();
      for (const { system, severity, count } of statistics.openIncidents) incidents.set({ system, severity }, count);
      for (const { lane, state, count, oldestSeconds } of statistics.outbox) {
        outbox.set({ lane, state }, count);
        oldest.set({ lane, state }, Math.max(0, oldestSeconds));
      }
      pages.set(statistics.openPages);
      approvals.set(statistics.pendingApprovals);
      jobs.set(statistics.dueJobs);
      return registry.metrics();
    },
  };
}

function gauge<T extends string>(registry: Registry, name: string, help: string, labelNames: readonly T[]): Gauge<T> {
  return new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] });
}
