import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BotProcess, eventually } from '../../support/bot-process.ts';
import type { Hit } from '../../support/shop-target.ts';
import { readableText } from '../../support/transcript.ts';
import {
  approve,
  declare,
  diagnosed,
  endOf,
  openRunbook,
  pressIn,
  quiet,
  release,
  requestStep,
  startDiagnostics,
  upToRequest,
} from './gestures.ts';
import { type CrashWorld, openCrashWorld } from './world.ts';

let world: CrashWorld;
let bot: BotProcess;
let cutAt: (hit: Hit) => boolean = () => false;
beforeAll(async () => {
  world = await openCrashWorld({ reserve: true });
  world.onHit((hit) => {
    if (!cutAt(hit)) return;
    cutAt = () => false;
    bot.cut();
  });
  bot = await world.start();
}, 120_000);
afterEach(() => {
  cutAt = () => false;
});
afterAll(() => world.close());

const stuck = (ticket: string) => world.target.answer('/stats', { body: { backlog: 200, ticket } });
const locks = () => world.query('select target from target_locks');
const restart = async () => {
  await bot.ended;
  bot = await world.start();
};

describe('kill -9 between approval and execution', () => {
  it('executes a step that waits for its target exactly once after the restart', async () => {
    stuck('T-1');
    const asked = await upToRequest(world, 'The queue is stuck and held');
    // Another step holds the target: its own row, so that nobody takes it for a leftover.
    await world.query(`insert into target_locks (target, step_run, owner) values ('shop/api', $1, 'somebody else')`, [
      asked.stepRun,
    ]);
    await approve(world, asked.approval);
    await bot.kill();
    expect(world.target.count('POST /reset/T-1')).toBe(0);
    await world.query('delete from target_locks');
    bot = await world.start();
    expect(await endOf(world, asked.stepRun)).toBe('ok');
    await quiet(world);
    expect(world.target.count('POST /reset/T-1')).toBe(1);
  }, 120_000);

  it('executes once when it is killed at the very approval, and again when people press Approve once more', async () => {
    stuck('T-2');
    const asked = await upToRequest(world, 'The queue is stuck at the click');
    await approve(world, asked.approval);
    bot.cut();
    await restart();
    await pressIn(world, world.tomas, { slot: `approval.card:${asked.approval}`, action: 'approval.approve' }).catch(
      // The card may have lost its buttons already.
      () => undefined,
    );
    const end = await endOf(world, asked.stepRun);
    if (end === 'unknown') await release(world, asked.run, asked.stepRun);
    await quiet(world);
    // The kill may have hit the execution itself; then it is said so.
    expect(['ok', 'unknown']).toContain(end);
    const count = world.target.count('POST /reset/T-2');
    expect(count).toBeLessThanOrEqual(1);
    if (end === 'ok') expect(count).toBe(1);
  }, 120_000);
});

describe('kill -9 during an execution', () => {
  it('calls the outcome of a changing step unknown, offers to verify, keeps the target until then and never executes again', async () => {
    stuck('T-3');
    const asked = await upToRequest(world, 'The queue is stuck in the middle');
    cutAt = (hit) => hit.method === 'POST';
    await approve(world, asked.approval);
    await restart();
    expect(await endOf(world, asked.stepRun)).toBe('unknown');
    expect(await locks()).toContainEqual({ target: 'shop/api' });
    await quiet(world);
    const card = world.posted(`run:${asked.run}:card`)[0];
    expect(readableText(card as never)).toContain('it may or may not have happened');
    expect(world.target.count('POST /reset/T-3')).toBe(1);

    world.target.answer('/stats', { body: { backlog: 0, ticket: 'T-3' } });
    await pressIn(world, world.nadia, {
      slot: `run:${asked.run}:card`,
      action: 'run.verify',
      value: String(asked.stepRun),
    });
    const [verified] = await eventually('the verify step', async () => {
      const sql = 'select passed from step_runs where verifies = $1 and finished_at is not null';
      const rows = await world.query<{ passed: boolean }>(sql, [asked.stepRun]);
      return rows.length > 0 ? rows : null;
    });
    expect(verified?.passed).toBe(true);

    // A new request is a new approval: the target is free for it.
    stuck('T-3');
    const again = await requestStep(world, asked.run, 'reset');
    await approve(world, again.approval);
    expect(await endOf(world, again.stepRun)).toBe('ok');
    expect(world.target.count('POST /reset/T-3')).toBe(2);
    await quiet(world);
  }, 120_000);

  it('runs an interrupted read step again and completes it', async () => {
    world.target.answer('/stats', { body: { backlog: 1, ticket: 'T-4' } });
    const incident = await declare(world, 'The queue is stuck while looking');
    const run = await openRunbook(world, incident);
    const before = world.target.count('GET /stats');
    cutAt = (hit) => hit.path === '/stats';
    await startDiagnostics(world, run);
    await restart();
    await diagnosed(world, run);
    await quiet(world);
    const states = await world.query('select step, state from step_runs where run = $1 order by id', [run]);
    expect(states).toEqual([
      { step: 'stats', state: 'ok' },
      { step: 'health', state: 'ok' },
    ]);
    expect(world.target.count('GET /stats') - before).toBe(2);
  }, 120_000);
});
