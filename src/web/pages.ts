import { Hono } from 'hono';
import type { Pool } from 'pg';
import { reading } from '../db/transaction.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { RunsContext } from '../runs/context.ts';
import { createMetrics } from './metrics.ts';
import { oneTimePages, type PageGuards } from './one-time-pages.ts';

export type PagesOptions = PageGuards & {
  readonly pool: Pool;
  readonly log: Log;
  /** Whether the bot has a connection to Slack; shown, but no reason to be taken out of service (design §5, promise 10). */
  readonly slackConnected: () => boolean;
  readonly context: RunsContext;
};

/** Warroom's own HTTP pages: is it alive, is it ready, what has it measured, and what one-time links lead to. */
export function createPages(options: PagesOptions): { app: Hono; stop(): void } {
  const db = reading(options.pool);
  const metrics = createMetrics(db);
  const app = new Hono();
  app.get('/healthz', (context) => context.json({ status: 'ok' }));
  app.get('/readyz', async (context) => {
    try {
      await db.query('select 1');
      return context.json({ status: 'ok', slack: options.slackConnected() ? 'connected' : 'disconnected' });
    } catch (error) {
      options.log.warn({ err: error }, 'The database does not answer.');
      return context.json({ status: 'unavailable', database: messageOf(error) }, 503);
    }
  });
  app.get('/metrics', async (context) =>
    context.body(await metrics.render(), 200, { 'content-type': metrics.contentType }),
  );
  app.route('/', oneTimePages(options.context, options));
  return { app, stop: metrics.stop };
}
