import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { query, withTransaction } from '../../src/db/transaction.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { advance, freeze, unfreeze } from '../support/moved-time.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
  await db.owner.query('CREATE TABLE thing (id int PRIMARY KEY, made_at timestamptz NOT NULL DEFAULT now())');
});
afterAll(() => db.drop());
afterEach(async () => {
  db.log.expectNoErrors();
  await db.pool.query('TRUNCATE thing');
});

const ids = async () => (await query<{ id: number }>(db.pool, 'SELECT id FROM thing ORDER BY id')).map(({ id }) => id);

describe('a transaction', () => {
  test('keeps everything when its work ends', async () => {
    const result = await withTransaction(db.pool, async (tx) => {
      await tx.query('INSERT INTO thing VALUES ($1)', [1]);
      return tx.query<{ n: number }>('SELECT count(*) AS n FROM thing');
    });
    expect(result).toEqual([{ n: 1 }]);
    expect(await ids()).toEqual([1]);
  });

  test('keeps nothing when its work throws, and passes the error on', async () => {
    const work = withTransaction(db.pool, async (tx) => {
      await tx.query('INSERT INTO thing VALUES (1)');
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await ids()).toEqual([]);
  });

  test('refuses to commit when the error of a statement was swallowed', async () => {
    const work = withTransaction(db.pool, async (tx) => {
      await tx.query('INSERT INTO thing VALUES (1)');
      await tx.query('SELECT 1 / 0').catch(() => undefined);
    });
    await expect(work).rejects.toMatchObject({ code: 'transaction.aborted' });
    expect(await ids()).toEqual([]);
  });

  test('knows one instant: its own now, the SQL now() and column defaults', async () => {
    const [row, now] = await withTransaction(db.pool, async (tx) => {
      await tx.query('SELECT pg_sleep(0.02)');
      const rows = await tx.query<{ made_at: Date; now: Date }>(
        'INSERT INTO thing VALUES (1) RETURNING made_at, now()',
      );
      return [rows[0], tx.now] as const;
    });
    expect(row).toEqual({ made_at: now, now });
  });

  test('runs its whole work again after a deadlock', async () => {
    await db.pool.query('INSERT INTO thing VALUES (1), (2)');
    let runs = 0;
    let arrived = 0;
    let open = (): void => undefined;
    const both = new Promise<void>((resolve) => {
      open = resolve;
    });
    const lock = (first: number, second: number) =>
      withTransaction(db.pool, async (tx) => {
        runs += 1;
        await tx.query('SELECT FROM thing WHERE id = $1 FOR UPDATE', [first]);
        arrived += 1;
        if (arrived >= 2) open();
        await both;
        await tx.query('SELECT FROM thing WHERE id = $1 FOR UPDATE', [second]);
      });
    await Promise.all([lock(1, 2), lock(2, 1)]);
    expect(runs).toBe(3);
  });

  test('gives up after four attempts when the server keeps asking to try again', async () => {
    let runs = 0;
    const work = withTransaction(db.pool, async (tx) => {
      runs += 1;
      await tx.query(`DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$`);
    });
    await expect(work).rejects.toMatchObject({ code: '40001' });
    expect(runs).toBe(4);
  });

  test('does not try again after an error that would come again', async () => {
    let runs = 0;
    const work = withTransaction(db.pool, async (tx) => {
      runs += 1;
      await tx.query('SELECT nonsense');
    });
    await expect(work).rejects.toMatchObject({ code: '42703' });
    expect(runs).toBe(1);
  });

  test('cannot be opened inside another one', async () => {
    const work = withTransaction(db.pool, () => withTransaction(db.pool, async () => undefined));
    await expect(work).rejects.toMatchObject({ code: 'transaction.nested' });
  });

  test('may be opened by what an earlier one has started', async () => {
    const later = await withTransaction(db.pool, async () => ({
      run: new Promise((resolve) => setTimeout(() => resolve(withTransaction(db.pool, async (tx) => tx.now)), 20)),
    }));
    await expect(later.run).resolves.toBeInstanceOf(Date);
  });

  test('takes no statement after its end', async () => {
    const tx = await withTransaction(db.pool, async (open) => open);
    await expect(tx.query('SELECT 1')).rejects.toMatchObject({ code: 'transaction.over' });
  });

  test('delivers a notification when it commits and none when it rolls back', async () => {
    const client = await db.pool.connect();
    const heard: (string | undefined)[] = [];
    client.on('notification', ({ payload }) => heard.push(payload));
    await client.query('LISTEN news');
    await withTransaction(db.pool, async (tx) => {
      await tx.notify('news', 'lost');
      throw new Error('no');
    }).catch(() => undefined);
    await withTransaction(db.pool, (tx) => tx.notify('news', "it's here"));
    await expect.poll(() => heard).toEqual(["it's here"]);
    client.release(true);
  });
});

describe('moved time', () => {
  const hours = async (from: Date) => {
    const [row] = await query<{ now: Date }>(db.pool, 'SELECT now()');
    return Math.round(((row?.now.getTime() ?? 0) - from.getTime()) / 3_600_000);
  };

  test('goes forward and back for every connection, in SQL and in the transaction', async () => {
    await advance(db.pool, '10 hours');
    expect(await hours(new Date())).toBe(10);
    expect(await withTransaction(db.pool, async (tx) => Math.round((+tx.now - Date.now()) / 3_600_000))).toBe(10);
    await advance(db.pool, '-10 hours');
    expect(await hours(new Date())).toBe(0);
  });

  test('reaches the defaults of columns', async () => {
    await advance(db.pool, '2 days');
    await db.pool.query('INSERT INTO thing VALUES (1)');
    const [row] = await query<{ made_at: Date }>(db.pool, 'SELECT made_at FROM thing');
    expect(Math.round((+(row?.made_at ?? 0) - Date.now()) / 86_400_000)).toBe(2);
    await advance(db.pool, '-2 days');
  });

  test('stands still at an instant until it is moved or runs again', async () => {
    const instant = new Date('2026-03-29T00:59:59Z');
    await freeze(db.pool, instant);
    expect(await withTransaction(db.pool, async (tx) => tx.now)).toEqual(instant);
    await advance(db.pool, '1 second');
    expect(await withTransaction(db.pool, async (tx) => tx.now)).toEqual(new Date('2026-03-29T01:00:00Z'));
    await unfreeze(db.pool);
    await advance(db.pool, '-1 second');
    expect(await hours(new Date())).toBe(0);
  });
});
