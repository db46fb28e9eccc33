import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { holdLiveness, type Liveness } from '../../src/db/liveness.ts';
import { query } from '../../src/db/transaction.ts';
import { sweepRuns } from '../../src/jobs/recovery.ts';
import { runChangingStep } from '../../src/runs/change-step.ts';
import { startDiagnostics } from '../../src/runs/diagnose.ts';
import { runReadSteps } from '../../src/runs/read-steps.ts';
import { recoverRuns, UNKNOWN_AFTER_CRASH } from '../../src/runs/recover.ts';
import { ALICE, type Desk, openDesk } from '../support/desk.ts';
import { advance } from '../support/moved-time.ts';
import { NEVER, runsOf } from './support.ts';

let desk: Desk;
let runs: ReturnType<typeof runsOf>;
let liveness: Liveness;
beforeAll(async () => {
  desk = await openDesk();
  runs = runsOf(desk);
});
beforeEach(async () => {
  liveness = await holdLiveness({ pool: desk.db.pool, ownerId: 'doomed', log: desk.db.log });
});
afterEach(async () => {
  await liveness.release();
  desk.db.log.expectNoErrors();
});
afterAll(() => desk.close());

/** As a process that is killed: its lock goes, and what it writes afterwards comes from somebody declared dead. */
const kill = async () => {
  await liveness.release();
  // Nobody is accused in the first seconds after a start of the server; the tests' server may be as young as that.
  await expect.poll(() => recoverRuns(desk.context), { timeout: 10_000, interval: 200 }).toBeGreaterThan(0);
};

describe('a changing step whose process died in the middle', () => {
  test('becomes unknown, is never carried out again, and keeps its target until somebody has looked', async () => {
    desk.target.answer('/reset/T-1', { delayMs: 5_000 });
    const incident = await desk.declare();
    const run = await runs.open('RB-1', incident.number);
    const approval = await runs.request(run, 'reset', { params: { ticket: 'T-1' } });
    await runs.approve(approval);
    const { stepRun } = await runs.approval(approval);
    const dying = runChangingStep(desk.with({ owner: 'doomed' }), stepRun, NEVER);
    await expect.poll(() => desk.target.count('POST /reset/T-1')).toBe(1);
    expect(await recoverRuns(desk.context)).toBe(0); // it lives
    await kill();
    const unknown = { state: 'unknown', error: UNKNOWN_AFTER_CRASH };
    expect(await runs.end(run, 'reset')).toEqual(unknown);
    const told = await desk.db.pool.query(`select 1 from outbox where coalesce_key = 'approval.outcome:' || $1`, [
      approval,
    ]);
    expect(told.rowCount).toBe(1);
    const held = () => query(desk.db.pool, 'select target from target_locks where held_until > now()');
    expect(await held()).toContainEqual({ target: 'shop/api' });
    const finished = { kind: 'step_finished', step: 'Reset the queue', ...unknown };
    expect((await desk.facts(incident.number)).at(-1)).toEqual(finished);
    await dying; // the ghost ends its work, and its word does not count any more
    expect(await runs.end(run, 'reset')).toEqual(unknown);
    await advance(desk.db.pool, '10 minutes');
    await desk.work();
    await runChangingStep(desk.context, stepRun, NEVER);
    expect(desk.target.count('POST /reset/T-1')).toBe(1);
    expect((await runs.steps(run)).filter((one) => one.purpose === 'change')).toHaveLength(1);
    expect(await held()).toEqual([]);
    await desk.db.pool.query('delete from target_locks');
  });

  test('can be asked for anew by a person, with a new approval', async () => {
    const run = await runs.open();
    await runs.approve(await runs.request(run, 'drain'));
    await desk.work();
    await desk.db.pool.query(`update step_runs set state = 'unknown' where run = $1`, [run.id]);
    expect(await runs.request(run, 'drain')).toBeGreaterThan(0);
  });
});

test('a process that dies between approval and execution loses nothing: another one carries it out, once', async () => {
  const run = await runs.open();
  await runs.approve(await runs.request(run, 'drain'));
  await liveness.release();
  const before = (await desk.effects()).length;
  await desk.work(desk.with({ owner: 'successor' }));
  expect((await desk.effects()).slice(before)).toEqual(['drained 10']);
});

test('a read step whose process died runs again', async () => {
  desk.target.answer('/stats', { delayMs: 1_500, body: { backlog: 1 } }, { body: { backlog: 1 } });
  const run = await runs.open();
  await startDiagnostics(desk.context, { run: run.id, actor: ALICE });
  const dying = runReadSteps(desk.with({ owner: 'doomed' }), run.id, NEVER);
  await expect.poll(async () => (await runs.end(run, 'stats')).state).toBe('running');
  await kill();
  expect((await runs.end(run, 'stats')).state).toBe('queued');
  await desk.work();
  await dying;
  expect((await runs.steps(run)).map((stepRun) => stepRun.state)).toEqual(['ok', 'ok']);
});

test('the sweep finds orphans by itself and ends with its signal', async () => {
  const run = await runs.open();
  const approval = await runs.request(run, 'drain_slowly');
  await runs.approve(approval);
  const dying = runChangingStep(desk.with({ owner: 'doomed' }), (await runs.approval(approval)).stepRun, NEVER);
  await expect.poll(async () => (await runs.end(run, 'drain_slowly')).state).toBe('running');
  await liveness.release();
  const stop = new AbortController();
  const sweeping = sweepRuns(desk.context, stop.signal);
  await expect
    .poll(async () => (await runs.end(run, 'drain_slowly')).state, { timeout: 10_000 })
    .toMatch(/unknown|ok/u);
  stop.abort();
  await Promise.all([sweeping, dying]);
});
