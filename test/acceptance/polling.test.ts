import { Redis } from 'ioredis';
import { expect, it, vi } from 'vitest';
import { query } from '../../src/db/transaction.ts';
import { HUB, type Story, startStory } from '../support/story.ts';

vi.setConfig({ testTimeout: 120_000 });

/** RB-005 looks every 30 s whether the breaker of the rates has closed, for 15 min at most. */
const EVERY_MS = 30_000;
const LOOKS = 31;

/** Somebody has pressed Run, and the breaker is open. `look` lets half a minute pass until the twin was asked again. */
async function watching() {
  const story = await startStory({ autoBroker: true });
  await story.twin.setState('dat-down');
  const redis = new Redis(story.redisUrl);
  // The API reads its breakers from Redis whenever it is asked for them.
  const reads = async () => Number(/cmdstat_get:calls=(\d+)/u.exec(await redis.info('commandstats'))?.[1] ?? 0);
  const asked = async (before: number) => {
    await vi.waitFor(async () => expect(await reads()).toBeGreaterThan(before), { timeout: 30_000, interval: 10 });
    await vi.waitFor(async () => expect((await reads()) % perLook).toBe(0), { timeout: 30_000, interval: 10 });
  };
  const perLook = Object.keys(story.twin.state.breakers).length;
  await redis.config('RESETSTAT');
  await story.nadia.types(HUB, '/runbook RB-005');
  const run = await story.nadia.seesMessage(HUB, 'Runbook RB-005');
  await run.click('1/closed');
  await asked(0);
  const look = async () => {
    const before = await reads();
    story.botClock.pass(EVERY_MS);
    await asked(before);
  };
  return { story, run, redis, look, looks: async () => (await reads()) / perLook };
}

async function stepOf(story: Story): Promise<{ state: string; passed: boolean | null } | undefined> {
  const sql = `select state, passed from step_runs where step = 'closed' order by id desc limit 1`;
  return (await query<{ state: string; passed: boolean | null }>(story.db.pool, sql))[0];
}

it('looks every half minute until the breaker is closed, and says so then', async () => {
  const { story, run, redis, look, looks } = await watching();
  for (let minute = 0; minute < 14; minute += 1) {
    await look();
    await look();
  }
  expect(await stepOf(story)).toMatchObject({ state: 'running' });
  expect(await looks()).toBe(29);
  await redis.set('circuit_breaker:dat_iq', 'closed');
  await look();
  await story.nadia.seesChange(run, '✅');
  await story.settle();
  expect(await stepOf(story)).toEqual({ state: 'ok', passed: true });
  expect(await looks()).toBe(30);
  redis.disconnect();
});

it('looks for a quarter of an hour and no longer: then it says that the breaker is still open', async () => {
  const { story, redis, look, looks } = await watching();
  for (let at = 1; at < LOOKS - 1; at += 1) await look();
  story.botClock.pass(EVERY_MS);
  await vi.waitFor(async () => expect(await stepOf(story)).toEqual({ state: 'ok', passed: false }), {
    timeout: 30_000,
  });
  expect(await looks()).toBeGreaterThanOrEqual(LOOKS - 1);
  expect(await looks()).toBeLessThanOrEqual(LOOKS);
  story.botClock.pass(30 * 60_000);
  await story.settle();
  expect(await looks()).toBeLessThanOrEqual(LOOKS);
  redis.disconnect();
});
