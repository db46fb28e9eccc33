import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BotProcess, eventually } from '../../support/bot-process.ts';
import { approve, declare, diagnosed, endOf, openRunbook, quiet, startDiagnostics, upToRequest } from './gestures.ts';
import { type CrashWorld, openCrashWorld } from './world.ts';

const TAKE_OVER_MS = 5_000;

let world: CrashWorld;
let first: BotProcess;
beforeAll(async () => {
  world = await openCrashWorld();
  first = await world.start();
}, 120_000);
afterAll(() => world.close());

describe('two bots on one database', () => {
  it('do each page, message and execution once', async () => {
    const second = await world.start();
    world.target.answer('/stats', { body: { backlog: 200, ticket: 'T-1' } });
    for (const title of ['The queue is stuck twice', 'The queue is stuck thrice']) {
      const asked = await upToRequest(world, title);
      await approve(world, asked.approval);
      expect(await endOf(world, asked.stepRun)).toBe('ok');
    }
    await world.advance('5m');
    await eventually('the repeats', async () => {
      const [row] = await world.query<{ n: number }>('select count(*)::int as n from pages where sends = 2');
      return row?.n === 2;
    });
    await quiet(world);
    expect(world.target.count('POST /reset/T-1')).toBe(2);
    const doubled = [...world.postedBySlot()].filter(([, messages]) => messages.length !== 1);
    expect(doubled.map(([slot]) => slot)).toEqual([]);
    expect([...world.postedBySlot().keys()].filter((slot) => slot.startsWith('page:'))).toHaveLength(4);
    expect(await second.stop()).toEqual({ code: 0, signal: null });
  }, 120_000);

  it('take over from each other within five seconds: steps that were running and messages that were under way', async () => {
    const incident = await declare(world, 'The queue is stuck while one dies');
    const run = await openRunbook(world, incident);
    await quiet(world);
    // The only bot hangs in a diagnostic and in a message.
    world.target.answer('/stats', { delayMs: 60_000 }, { body: { backlog: 1, ticket: 'T-1' } });
    const before = world.target.count('GET /stats');
    await startDiagnostics(world, run);
    await eventually('the step to hang', () => world.target.count('GET /stats') === before + 1);
    await quietMessages();
    world.sandbox.faults.set('chat.postMessage', { kind: 'hang' }, 1);
    const calls = world.sandbox.calls.length;
    await world.advance('5m');
    await eventually('the page to be under way', async () => {
      const [row] = await world.query<{ n: number }>(
        `select count(*)::int as n from outbox where state = 'sending' and lane = 'page'`,
      );
      return (row?.n ?? 0) > 0;
    });
    expect(calls).toBeGreaterThan(0);

    const second = await world.start();
    first.cut();
    const started = performance.now();
    await eventually('the step to run again', () => world.target.count('GET /stats') === before + 2, TAKE_OVER_MS);
    await eventually('the message to be sent', unsent, TAKE_OVER_MS);
    expect(performance.now() - started).toBeLessThan(TAKE_OVER_MS);
    await diagnosed(world, run);
    await quiet(world);
    const doubled = [...world.postedBySlot()].filter(([, messages]) => messages.length !== 1);
    expect(doubled.map(([slot]) => slot)).toEqual([]);
    expect(second.isAlive()).toBe(true);
  }, 120_000);
});

async function quietMessages(): Promise<void> {
  await eventually('no message to be under way', async () => {
    const sql = `select count(*)::int as n from outbox where state in ('pending', 'sending')`;
    return (await world.query<{ n: number }>(sql))[0]?.n === 0;
  });
}

async function unsent(): Promise<boolean> {
  const sql = `select count(*)::int as n from outbox where state in ('pending', 'sending') and lane = 'page'`;
  return (await world.query<{ n: number }>(sql))[0]?.n === 0;
}
