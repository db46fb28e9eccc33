import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { enqueue } from '../../src/db/outbox.ts';
import { withTransaction } from '../../src/db/transaction.ts';
import type { Intent, Lane } from '../../src/domain/intents.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Deliverers, Delivery, OnGivenUp, Outcome } from '../../src/notify/delivery.ts';
import { type Dispatcher, startDispatcher } from '../../src/notify/dispatcher.ts';
import type { TestLog } from '../support/log.ts';

/** Deliverers that send everything through one function. */
export function deliverBy(deliver: (delivery: Delivery) => Promise<Outcome>): Deliverers {
  // Every type of intent has the same deliverer, which a table cannot say more precisely.
  return new Proxy({}, { get: () => deliver }) as Deliverers;
}

/** Leaves intents in the outbox, each in a transaction of its own. */
export async function put(pool: pg.Pool, ...intents: Intent[]): Promise<void> {
  for (const intent of intents) await withTransaction(pool, (tx) => enqueue(tx, intent));
}

export type OutboxRow = {
  key: string;
  state: string;
  attempts: number;
  uncertain: boolean;
  last_error: string | null;
  wait_s: number;
};

/** The outbox, oldest first. */
export async function rows(pool: pg.Pool): Promise<OutboxRow[]> {
  const result = await pool.query<OutboxRow>(
    `select coalesce_key as key, state, attempts, uncertain_since is not null as uncertain, last_error,
       extract(epoch from not_before - now())::float8 as wait_s from outbox order by id`,
  );
  return result.rows;
}

/** Starts a dispatcher with a name of its own. */
export function dispatch(
  pool: pg.Pool,
  deliver: (delivery: Delivery) => Promise<Outcome>,
  options: {
    log: TestLog;
    owner?: string;
    onGivenUp?: OnGivenUp;
    drainMs?: number;
    lanes?: Readonly<Record<Lane, number>>;
  },
): Promise<Dispatcher> {
  const { owner = `outbox:${crypto.randomUUID()}`, ...rest } = options;
  return startDispatcher({ pool, deliverers: deliverBy(deliver), owner, clock: systemClock, ...rest });
}

/** Waits until something holds; fails after ten seconds. */
export async function until(holds: () => boolean | Promise<boolean>, what = 'it'): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`It did not come to pass: ${what}`);
    await delay(10);
  }
}
