import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { saveMessage } from '../../src/db/messages.ts';
import { laneOf } from '../../src/domain/intents.ts';
import type { Delivery, Outcome } from '../../src/notify/delivery.ts';
import type { Dispatcher } from '../../src/notify/dispatcher.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type TestLog, testLog } from '../support/log.ts';
import { advance } from '../support/moved-time.ts';
import { dispatch, put, rows, until } from './outbox-world.ts';

let database: TestDatabase;
let log: TestLog;
let running: Dispatcher[];

beforeAll(async () => {
  database = await testDatabase({ max: 30 });
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.owner.query('truncate outbox, messages');
  log = testLog();
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((dispatcher) => dispatcher.stop()));
});

async function start(
  deliver: (delivery: Delivery) => Promise<Outcome>,
  options: Partial<Parameters<typeof dispatch>[2]> = {},
): Promise<Dispatcher> {
  const dispatcher = await dispatch(database.pool, deliver, { log, ...options });
  running.push(dispatcher);
  return dispatcher;
}

const sent: Outcome = { status: 'sent' };
const page = (n: number) => ({ type: 'page.send', page: n, ordinal: 1 }) as const;
const states = async () => (await rows(database.pool)).map((row) => row.state);

describe('the dispatcher', () => {
  test('delivers each intent once and records in the settling transaction', async () => {
    const seen: string[] = [];
    const dispatcher = await start(async ({ key }) => {
      seen.push(key);
      return {
        status: 'sent',
        record: (tx) => saveMessage(tx, key, { channel: 'C1', ts: '1.1', contentHash: 'h' }),
      };
    });
    await put(database.pool, page(1), page(2), { type: 'incident.card', incident: 7 });
    await dispatcher.idle();
    expect(seen.sort()).toEqual(['incident.card:7', 'page.send:1:1', 'page.send:2:1']);
    expect(await states()).toEqual(['sent', 'sent', 'sent']);
    const messages = await database.pool.query('select slot from messages order by slot');
    expect(messages.rows).toHaveLength(3);
  });

  test('wakes up by a notification, long before it would poll', async () => {
    const times: number[] = [];
    await start(async () => {
      times.push(performance.now());
      return sent;
    });
    for (let n = 1; n <= 10; n += 1) {
      const before = performance.now();
      await put(database.pool, page(n));
      await until(() => times.length === n);
      times[n - 1] = (times[n - 1] ?? 0) - before;
    }
    expect(times.sort((a, b) => a - b)[5]).toBeLessThan(250);
  });

  test('lets two replicas share the work: each intent is delivered by one of them', async () => {
    const seen: string[] = [];
    const deliver = async ({ key }: Delivery): Promise<Outcome> => {
      seen.push(key);
      return sent;
    };
    const pair = [await start(deliver), await start(deliver)];
    const intents = Array.from({ length: 200 }, (_, n) => page(n));
    await Promise.all([put(database.pool, ...intents.slice(0, 100)), put(database.pool, ...intents.slice(100))]);
    await Promise.all(pair.map((dispatcher) => dispatcher.idle()));
    await until(async () => (await states()).every((state) => state === 'sent'));
    expect(seen).toHaveLength(200);
    expect(new Set(seen).size).toBe(200);
  });

  test('coalesces what waits, and never has two deliveries of one message under way', async () => {
    const under = new Map<string, number>();
    let calls = 0;
    let most = 0;
    const dispatcher = await start(async ({ key }) => {
      calls += 1;
      under.set(key, (under.get(key) ?? 0) + 1);
      most = Math.max(most, under.get(key) ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 20));
      under.set(key, (under.get(key) ?? 0) - 1);
      return sent;
    });
    await Promise.all(Array.from({ length: 50 }, () => put(database.pool, { type: 'incident.card', incident: 1 })));
    await dispatcher.idle();
    expect(most).toBe(1);
    expect(calls).toBeLessThan(25);
    expect((await rows(database.pool)).at(-1)?.state).toBe('sent');
  });

  test('does not let a slow lane delay a page', async () => {
    let free: () => void = () => undefined;
    const hold = new Promise<void>((resolve) => {
      free = resolve;
    });
    const seen: string[] = [];
    await start(async ({ intent, key }) => {
      if (laneOf(intent) === 'cosmetic') await hold;
      seen.push(key);
      return sent;
    });
    await put(database.pool, { type: 'incident.topic', incident: 1 }, { type: 'incident.topic', incident: 2 });
    await put(database.pool, page(1));
    await until(() => seen.length === 1);
    expect(seen).toEqual(['page.send:1:1']);
    free();
    await until(() => seen.length === 3);
  });

  test('tries again later, as late as was asked, and keeps the doubt', async () => {
    let outcome: Outcome = { status: 'retry', reason: 'Slack is away', afterMs: 40_000, uncertain: true };
    const seen: Delivery[] = [];
    const dispatcher = await start(async (delivery) => {
      seen.push(delivery);
      return outcome;
    });
    await put(database.pool, page(1));
    await dispatcher.idle();
    const [row] = await rows(database.pool);
    expect(row).toMatchObject({ state: 'pending', attempts: 1, uncertain: true, last_error: 'Slack is away' });
    expect(row?.wait_s).toBeGreaterThan(35);
    outcome = sent;
    await advance(database.pool, '1 minute');
    dispatcher.wake();
    await dispatcher.idle();
    expect(await states()).toEqual(['sent']);
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(seen[0]?.uncertainSince).toBeNull();
    expect(seen[1]?.uncertainSince).toBeInstanceOf(Date);
  });

  test('gives up a deliverer that is broken, and says so in the transaction that settles a page', async () => {
    const given: string[] = [];
    const dispatcher = await start(
      async () => {
        throw new Error('a bug');
      },
      {
        onGivenUp: async (tx, intent, reason) => {
          await saveMessage(tx, `given-up:${intent.type}`, { channel: 'C', ts: '1', contentHash: reason });
          given.push(reason);
        },
      },
    );
    await put(database.pool, page(1));
    for (let n = 0; n < 8; n += 1) {
      await dispatcher.idle();
      await advance(database.pool, '1 minute');
      dispatcher.wake();
    }
    await dispatcher.idle();
    expect(await rows(database.pool)).toMatchObject([{ state: 'failed', attempts: 6, last_error: 'a bug' }]);
    expect(given).toEqual(['a bug']);
    expect(log.messages('error')).toEqual(['A delivery failed for good.']);
  });

  test('goes on with a page through an outage of hours', async () => {
    let up = false;
    const dispatcher = await start(async () =>
      up ? sent : { status: 'retry', reason: 'away', afterMs: 0, uncertain: false },
    );
    await put(database.pool, page(1));
    for (let hour = 0; hour < 6; hour += 1) {
      await dispatcher.idle();
      await advance(database.pool, '1 hour');
      dispatcher.wake();
    }
    up = true;
    await advance(database.pool, '1 minute');
    dispatcher.wake();
    await dispatcher.idle();
    expect(await states()).toEqual(['sent']);
  });

  test('takes back what a dead process had under way, with doubt', async () => {
    await put(database.pool, page(1));
    await database.pool.query(`update outbox set state = 'sending', owner = 'outbox:dead', attempts = 1`);
    const seen: Delivery[] = [];
    await start(async (delivery) => {
      seen.push(delivery);
      return sent;
    });
    await until(() => seen.length === 1, 'the orphan is delivered');
    expect(seen[0]).toMatchObject({ attempt: 2, key: 'page.send:1:1' });
    expect(seen[0]?.uncertainSince).toBeInstanceOf(Date);
  });

  test('leaves alone what a living process has under way', async () => {
    let free: () => void = () => undefined;
    const hold = new Promise<void>((resolve) => {
      free = resolve;
    });
    const seen: string[] = [];
    const deliver = (name: string) => async (): Promise<Outcome> => {
      seen.push(name);
      await hold;
      return sent;
    };
    await start(deliver('first'));
    await put(database.pool, page(1));
    await until(() => seen.length === 1);
    await start(deliver('second'));
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(seen).toEqual(['first']);
    free();
  });

  test('stops after what is under way has ended', async () => {
    let done = false;
    const dispatcher = await start(async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      done = true;
      return sent;
    });
    await put(database.pool, page(1));
    await until(async () => (await states())[0] === 'sending');
    await dispatcher.stop();
    expect(done).toBe(true);
    expect(await states()).toEqual(['sent']);
  });

  test('puts back with doubt what does not end in time when it stops', async () => {
    const dispatcher = await start(() => new Promise(() => undefined), { drainMs: 50 });
    await put(database.pool, page(1));
    await until(async () => (await states())[0] === 'sending');
    await dispatcher.stop();
    expect(await rows(database.pool)).toMatchObject([{ state: 'pending', uncertain: true }]);
  });

  test('survives the loss of all its connections, and hears notifications again', async () => {
    const seen: string[] = [];
    const dispatcher = await start(async ({ key }) => {
      seen.push(key);
      return sent;
    });
    await database.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and usename = current_user and pid <> pg_backend_pid()`,
    );
    await put(database.pool, page(1));
    await until(() => seen.length === 1);
    await dispatcher.idle();
    expect(await states()).toEqual(['sent']);
  });

  test('does not lose a message whose record fails: it comes back with doubt', async () => {
    let attempts = 0;
    const dispatcher = await start(async ({ uncertainSince }) => {
      attempts += 1;
      if (uncertainSince !== null) return sent;
      return { status: 'sent', record: (tx) => tx.query('select * from no_such_table').then(() => undefined) };
    });
    await put(database.pool, page(1));
    await until(async () => (await states())[0] === 'sent', 'it is settled in the end');
    await dispatcher.idle();
    expect(attempts).toBe(2);
  }, 30_000);
});
