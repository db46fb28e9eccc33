import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { query } from '../../src/db/transaction.ts';
import type { Run } from '../../src/domain/run.ts';
import { runChangingStep } from '../../src/runs/change-step.ts';
import { readRunCard } from '../../src/runs/run-card.ts';
import { HELD_MS, releaseHeld, targetKeys } from '../../src/runs/target-queue.ts';
import { startVerify } from '../../src/runs/verify.ts';
import { ALICE, BOB, type Desk, GUEST, openDesk } from '../support/desk.ts';
import { advance } from '../support/moved-time.ts';
import { addRunbook50 } from './rb-50.ts';
import { NEVER, runsOf } from './support.ts';

let desk: Desk;
let runs: ReturnType<typeof runsOf>;
beforeAll(async () => {
  desk = await openDesk();
  runs = runsOf(desk);
  await addRunbook50(desk);
});
beforeEach(() => {
  desk.target.hits.length = 0;
  desk.target.answer('/flush', {});
  desk.target.answer('/calm', { body: { calm: false } });
});
afterEach(async () => {
  desk.db.log.expectNoErrors();
  await desk.db.pool.query('delete from target_locks');
});
afterAll(() => desk.close());

const approved = async (step: string): Promise<{ run: Run; stepRun: number }> => {
  const run = await runs.open('RB-50');
  const approval = await runs.request(run, step);
  await runs.approve(approval);
  return { run, stepRun: (await runs.approval(approval)).stepRun };
};
const status = async (run: Run, step: string) => {
  const card = await desk.tx((tx) => readRunCard(desk.context, tx, run.id));
  return card?.steps.find((one) => one.step.id === step);
};
/** A step that was sent and never answered. */
const unknown = async () => {
  const one = await approved('flush');
  await desk.db.pool.query(`update step_runs set state = 'approved' where id = $1`, [one.stepRun]);
  desk.target.answer('/flush', { status: 504 });
  await runChangingStep(desk.context, one.stepRun, NEVER);
  desk.target.answer('/flush', {});
  expect((await runs.end(one.run, 'flush')).state).toBe('unknown');
  return one;
};

describe('steps that want one target', () => {
  test('are served in the order of their approvals; cards say who has it and whose turn is next', async () => {
    const [holder, first, second] = [await approved('sweep'), await approved('sweep'), await approved('sweep')];
    const stop = new AbortController();
    const working = runChangingStep(desk.context, holder.stepRun, stop.signal);
    await expect.poll(async () => (await status(holder.run, 'sweep'))?.stepRun?.state).toBe('running');
    // The later one asks before the earlier one.
    await runChangingStep(desk.with({ owner: 'desk:2' }), second.stepRun, NEVER);
    expect(await status(second.run, 'sweep')).toMatchObject({
      holder: { stepRun: holder.stepRun, title: 'Sweep', by: 'UALICE', heldUntil: null },
      place: 1,
    });
    await runChangingStep(desk.with({ owner: 'desk:3' }), first.stepRun, NEVER);
    expect(await status(first.run, 'sweep')).toMatchObject({ place: 1 });
    expect(await status(second.run, 'sweep')).toMatchObject({ place: 2 });
    expect(await status(holder.run, 'sweep')).toMatchObject({ holder: null, place: null });
    stop.abort();
    await working;
    expect(await query(desk.db.pool, 'select * from target_locks')).toEqual([]);
    // It is free, and still the one that was approved later has to wait.
    await runChangingStep(desk.context, second.stepRun, NEVER);
    expect((await runs.end(second.run, 'sweep')).state).toBe('approved');
    await desk.db.pool.query(`update step_runs set state = 'cancelled' where state = 'approved'`);
  });

  test('show nothing of a private incident outside of its room', async () => {
    const secret = await desk.declare({ private: true });
    const [inside, outside] = [await runs.open('RB-50', secret.number), await runs.open('RB-50')];
    const approval = await runs.request(inside, 'flush');
    await runs.approve(approval);
    desk.target.answer('/flush', { status: 504 });
    await desk.work();
    expect((await runs.end(inside, 'flush')).state).toBe('unknown');
    expect((await status(inside, 'flush'))?.holder).toMatchObject({ title: 'Flush', by: 'UALICE' });
    expect((await status(outside, 'flush'))?.holder).toMatchObject({ title: null, by: null, incident: null });
  });

  test('that has two names wait for each other as well', async () => {
    const keys = (name: string) => targetKeys(desk.context, 'shop', name);
    expect(keys('api').filter((key) => keys('worker').includes(key))).toEqual([]);
    const shop = desk.context.packs().systems.get('shop');
    const api = shop?.targets.find(({ name }) => name === 'api');
    if (!shop || !api) throw new TypeError('the shop has no api');
    const twice = { ...shop, targets: [...shop.targets, { ...api, name: 'api_again' }] };
    const packs = () => ({ ...desk.context.packs(), systems: new Map([['shop', twice]]) });
    const again = targetKeys({ packs }, 'shop', 'api_again');
    expect(again.filter((key) => keys('api').includes(key))).toHaveLength(1);
    expect(targetKeys(desk.context, 'shop', 'gone')).toEqual(['shop/gone']);
  });
});

describe('a target whose last step has an unknown outcome', () => {
  test('stays held until somebody releases it', async () => {
    const { run, stepRun } = await unknown();
    const next = await approved('bypass_off');
    await runChangingStep(desk.context, next.stepRun, NEVER);
    expect(desk.target.count('POST /bypass-off')).toBe(0);
    expect((await status(next.run, 'bypass_off'))?.holder).toMatchObject({ stepRun, heldUntil: expect.any(Date) });
    expect((await status(run, 'flush'))?.holder).toMatchObject({ stepRun });
    await expect(releaseHeld(desk.context, { stepRun, actor: GUEST })).rejects.toThrow('Only members');
    await releaseHeld(desk.context, { stepRun, actor: BOB });
    await desk.work();
    expect((await runs.end(next.run, 'bypass_off')).state).toBe('ok');
  });

  test('is free when its verify step finds what it should, and not when it does not', async () => {
    const { stepRun } = await unknown();
    await startVerify(desk.context, { stepRun, actor: ALICE });
    await desk.work();
    const held = () => query(desk.db.pool, 'select target from target_locks where held_until > now()');
    expect(await held()).toHaveLength(2);
    desk.target.answer('/calm', { body: { calm: true } });
    await startVerify(desk.context, { stepRun, actor: ALICE });
    await desk.work();
    expect(await held()).toEqual([]);
  });

  test('is free after ten minutes in which nobody looked', async () => {
    await unknown();
    await advance(desk.db.pool, `${HELD_MS / 1_000 - 1} seconds`);
    const next = await approved('bypass_off');
    await runChangingStep(desk.context, next.stepRun, NEVER);
    expect((await runs.end(next.run, 'bypass_off')).state).toBe('approved');
    await advance(desk.db.pool, '2 seconds');
    await runChangingStep(desk.context, next.stepRun, NEVER);
    expect((await runs.end(next.run, 'bypass_off')).state).toBe('ok');
  });
});
