import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { saveMessage } from '../../src/db/messages.ts';
import {
  claimDue,
  enqueue,
  listSendingOf,
  listSendingOwners,
  lockClaim,
  nextDue,
  putBack,
  settle,
} from '../../src/db/outbox.ts';
import { query, type Tx, withTransaction } from '../../src/db/transaction.ts';
import type { Intent } from '../../src/domain/intents.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { advance } from '../support/moved-time.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase({ max: 20 });
});
beforeEach(() => db.owner.query('truncate outbox, messages'));
afterAll(() => db.drop());

const tx = <T>(work: (tx: Tx) => Promise<T>) => withTransaction(db.pool, work);
const put = (intent: Intent, notBefore: Date | null = null) => tx((t) => enqueue(t, intent, notBefore));
const claim = (owner = 'a', limit = 10) => tx((t) => claimDue(t, 'page', owner, limit));
const page = (number: number, ordinal = 1): Intent => ({ type: 'page.send', page: number, ordinal });
const states = async () =>
  (await query<{ state: string }>(db.pool, 'select state from outbox order by id')).map((row) => row.state);
const first = async (owner?: string) => {
  const [one] = await claim(owner);
  if (!one) throw new TypeError('nothing was due');
  return one;
};

describe('an intent', () => {
  test('does not exist when its transaction rolls back, and wakes nobody', async () => {
    const failing = tx(async (t) => {
      await enqueue(t, page(1));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await states()).toEqual([]);
  });

  test('takes the place of one that waits with its key, also when several come at once', async () => {
    await Promise.all([1, 2, 3, 4, 5].map(() => put(page(1))));
    expect(await states()).toEqual(['pending']);
  });

  test('waits beside one that is under way, and is not under way before that has ended', async () => {
    await put(page(1));
    const under = await first();
    await put(page(1));
    expect(await states()).toEqual(['sending', 'pending']);
    expect(await claim('b')).toEqual([]);
    await tx((t) => settle(t, under.id, 'sent'));
    expect(await claim('b')).toHaveLength(1);
  });

  test('waits for its time, and the sooner time counts', async () => {
    const now = await tx(async (t) => t.now);
    await put(page(1), new Date(now.getTime() + 60_000));
    expect(await claim()).toEqual([]);
    expect((await tx((t) => nextDue(t, 'page')))?.getTime()).toBe(now.getTime() + 60_000);
    await advance(db.pool, '61 seconds');
    expect(await claim()).toHaveLength(1);
    await advance(db.pool, '-61 seconds');
    await put(page(2), new Date(now.getTime() + 3_600_000));
    await put(page(2));
    expect(await claim()).toMatchObject([{ intent: page(2) }]);
  });

  test('belongs to one of several that claim at once', async () => {
    for (let number = 1; number <= 20; number += 1) await put(page(number));
    const taken = (await Promise.all(['a', 'b', 'c', 'd'].map((owner) => claim(owner, 7)))).flat();
    expect(taken.map((one) => one.id).sort((a, b) => a - b)).toEqual(
      [...new Set(taken.map((one) => one.id))].sort((a, b) => a - b),
    );
    expect(taken).toHaveLength(20);
  });

  test('of another lane is left alone', async () => {
    await put({ type: 'run.card', run: 1 });
    expect(await claim()).toEqual([]);
    expect(await tx((t) => nextDue(t, 'page'))).toBeNull();
  });
});

test('a card is not edited again within two seconds of its last edit', async () => {
  await tx((t) => saveMessage(t, 'run:1:card', { channel: 'C1', ts: '1.1', contentHash: 'x' }));
  await put({ type: 'run.card', run: 1 });
  const cards = () => tx((t) => claimDue(t, 'card', 'a', 10));
  expect(await cards()).toEqual([]);
  await advance(db.pool, '2 seconds');
  expect(await cards()).toHaveLength(1);
});

describe('what was not delivered', () => {
  test('comes back with its doubt and its number of attempts', async () => {
    await put(page(1));
    const one = await first();
    expect(one).toMatchObject({ attempts: 1, uncertainSince: null });
    await tx((t) => putBack(t, one.id, { error: 'timeout', afterMs: 0, uncertain: true }));
    const again = await first('b');
    expect(again).toMatchObject({ id: one.id, attempts: 2 });
    expect(again.uncertainSince).toEqual(one.createdAt);
  });

  test('without doubt is not marked, and waits as long as it is told', async () => {
    await put(page(1));
    const one = await first();
    await tx((t) => putBack(t, one.id, { error: 'busy', afterMs: 5_000, uncertain: false }));
    expect(await claim()).toEqual([]);
    await advance(db.pool, '6 seconds');
    expect(await first()).toMatchObject({ uncertainSince: null });
  });

  test('gives way to a newer one, which inherits the doubt', async () => {
    await put(page(1));
    const one = await first();
    await put(page(1));
    await tx((t) => putBack(t, one.id, { error: 'timeout', afterMs: 0, uncertain: true }));
    expect(await states()).toEqual(['obsolete', 'pending']);
    const newer = await first();
    expect(newer).toMatchObject({ attempts: 2 });
    expect(newer.uncertainSince).toEqual(one.createdAt);
  });
});

test('what a process had under way is found by its owner, and a lost claim is noticed', async () => {
  await put(page(1));
  await put(page(2));
  const taken = await claim('dead');
  expect(await tx((t) => listSendingOwners(t))).toEqual(['dead']);
  expect(await tx((t) => listSendingOf(t, ['dead', 'other']))).toEqual(taken.map((one) => one.id));
  const id = taken[0]?.id ?? 0;
  expect(await tx((t) => lockClaim(t, id, 'dead'))).toBe(true);
  await tx((t) => putBack(t, id, { error: 'its process died', afterMs: 0, uncertain: true }));
  expect(await tx((t) => lockClaim(t, id, 'dead'))).toBe(false);
});
