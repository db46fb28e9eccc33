import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { query } from '../../src/db/transaction.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { startDiagnostics } from '../../src/runs/diagnose.ts';
import { openRun } from '../../src/runs/open.ts';
import { runReadSteps } from '../../src/runs/read-steps.ts';
import { readRunCard } from '../../src/runs/run-card.ts';
import { ALICE, type Desk, freshKey, GUEST, openDesk } from '../support/desk.ts';
import { advance } from '../support/moved-time.ts';
import { NEVER, runsOf } from './support.ts';

let desk: Desk;
let runs: ReturnType<typeof runsOf>;
beforeAll(async () => {
  desk = await openDesk();
  runs = runsOf(desk);
});
afterEach(() => desk.db.log.expectNoErrors());
afterAll(() => desk.close());

const stuck = () => {
  desk.target.answer('/stats', { body: { backlog: 500, ticket: 'T-77' } });
  desk.target.answer('/health', { body: {} });
};

describe('opening a run', () => {
  test('pins the text of the runbook, and opens once for one key', async () => {
    const found = desk.context.packs().findRunbook('RB-1');
    if (found.status !== 'found') throw new TypeError('RB-1 is missing');
    const opening = { requestKey: freshKey(), actor: ALICE, runbook: found.runbook, channel: 'C1', thread: null };
    const all = await Promise.all([1, 2, 3].map(() => openRun(desk.context, { ...opening, incident: null })));
    expect(new Set(all.map((run) => run.id)).size).toBe(1);
    expect(all[0]).toMatchObject({ runbook: 'shop/RB-1', contentHash: found.runbook.source.contentHash });
    expect((await desk.audit()).filter((entry) => entry.action === 'run.run_started')).toHaveLength(1);
    await expect(
      openRun(desk.context, { ...opening, actor: GUEST, requestKey: freshKey(), incident: null }),
    ).rejects.toThrow('Only members of this workspace');
  });

  test('stays as it was opened when the file changes on disk', async () => {
    stuck();
    const run = await runs.open();
    const file = join(desk.packsDir, 'shop', 'rb-1.md');
    await appendFile(file, '\n## Recover\n\n### New\n\n```http {#brand_new target=api}\nPOST /new\n```\n');
    await desk.reload();
    const card = await desk.tx((tx) => readRunCard(desk.context, tx, run.id));
    expect(card?.steps.map((status) => status.step.id)).not.toContain('brand_new');
    const fresh = await runs.open();
    const other = await desk.tx((tx) => readRunCard(desk.context, tx, fresh.id));
    expect(other?.steps.map((status) => status.step.id)).toContain('brand_new');
    await expect(runs.request(run, 'brand_new')).rejects.toThrow('Runbook RB-1 has no step “brand_new” any more');
  });
});

describe('diagnostics', () => {
  test('run every step under Diagnose with the read credential, say pass or fail, and offer the mitigation', async () => {
    stuck();
    const incident = await desk.declare();
    const run = await runs.open('RB-1', incident.number);
    desk.target.hits.length = 0;
    await runs.diagnose(run);
    expect((await runs.steps(run)).map(({ step, state, passed, display }) => [step, state, passed, display])).toEqual([
      ['stats', 'ok', false, 'GET /stats'],
      ['health', 'ok', true, 'GET /health'],
    ]);
    expect(desk.target.hits.map((hit) => [hit.method, hit.path, hit.credential])).toEqual([
      ['GET', '/stats', undefined],
      ['GET', '/health', undefined],
    ]);
    expect((await desk.facts(incident.number)).at(-1)).toEqual({
      kind: 'diagnosed',
      runbook: 'RB-1',
      passed: 1,
      failed: 1,
    });
    const card = await desk.tx((tx) => readRunCard(desk.context, tx, run.id));
    expect(card?.busy).toBe(0);
    expect(card?.steps.find((status) => status.step.id === 'reset')?.offered).toBe(true);
  });

  test('compare with the default of a parameter that nobody has given', async () => {
    desk.target.answer('/stats', { body: { backlog: 99, ticket: 'T-1' } });
    const run = await runs.open();
    await runs.diagnose(run);
    expect((await runs.steps(run))[0]).toMatchObject({ step: 'stats', passed: true, error: null });
  });

  test('leave what they capture for later steps, as the type that it must have', async () => {
    stuck();
    const run = await runs.open();
    await runs.diagnose(run);
    expect((await runs.reread(run)).params).toEqual({ ticket: 'T-77' });
  });

  test('take no value that a person could not type', async () => {
    desk.target.answer('/stats', { body: { backlog: 5, ticket: "T-1'; DROP TABLE" } });
    const run = await runs.open();
    await runs.diagnose(run);
    expect((await runs.reread(run)).params).toEqual({});
    expect(await runs.end(run, 'stats')).toEqual({
      state: 'ok',
      error: 'What this step found cannot be used: “ticket” must be of the form T-[0-9]+.',
    });
  });

  test('forget what an earlier look found and this one does not', async () => {
    stuck();
    const run = await runs.open();
    await runs.diagnose(run);
    desk.target.answer('/stats', { body: { backlog: 5 } });
    await runs.diagnose(run);
    expect((await runs.reread(run)).params).toEqual({});
  });

  test('are not started twice, not by a guest, not for a draft', async () => {
    const run = await runs.open();
    const start = (actor = ALICE) => startDiagnostics(desk.context, { run: run.id, actor });
    const clicks = await Promise.allSettled([start(), start(), start()]);
    expect(clicks.filter((click) => click.status === 'fulfilled')).toHaveLength(1);
    await expect(start()).rejects.toThrow('The diagnostics of RB-1 are running already');
    await expect(start(GUEST)).rejects.toThrow('Only members');
    await desk.work();
    const draft = await runs.open('RB-2');
    await expect(startDiagnostics(desk.context, { run: draft.id, actor: ALICE })).rejects.toThrow('RB-2 is a draft');
    await expect(runs.request(draft, 'act')).rejects.toThrow('This runbook is a draft');
  });

  test('of two processes at once are carried out once each', async () => {
    stuck();
    const run = await runs.open();
    await startDiagnostics(desk.context, { run: run.id, actor: ALICE });
    desk.target.hits.length = 0;
    await Promise.all(['desk:1', 'desk:2', 'desk:3'].map((owner) => runReadSteps(desk.with({ owner }), run.id, NEVER)));
    expect(desk.target.hits.map((hit) => hit.path).sort()).toEqual(['/health', '/stats']);
    const diagnosed = (await desk.audit()).filter((entry) => entry.action === 'run.diagnosed');
    expect(diagnosed.at(-1)?.data).toMatchObject({ passed: 1, failed: 1 });
    await desk.work();
  });

  test('store an answer with what PostgreSQL does not take', async () => {
    desk.target.answer('/stats', { body: { backlog: 1, odd: 'a\u0000b\ud800c' } });
    const run = await runs.open();
    await runs.diagnose(run);
    expect((await runs.steps(run))[0]).toMatchObject({ state: 'ok', passed: true });
  });
});

describe('trying again', () => {
  const paused: number[] = [];
  /** Time that passes at once: the rule under test is how often and how long, not the waiting itself. */
  const quick = () => {
    let ms = 0;
    paused.length = 0;
    return desk.with({
      clock: {
        ...systemClock,
        monotonicMs: () => ms,
        sleep: async (pause) => {
          paused.push(pause);
          ms += pause;
        },
      },
    });
  };
  const diagnose = async (context = quick()) => {
    const run = await runs.open('RB-3');
    await startDiagnostics(context, { run: run.id, actor: ALICE });
    await desk.work(context);
    return run;
  };

  test('repeats a step as often as it says, until it is as expected', async () => {
    desk.target.answer('/flaky', { status: 503 }, { status: 503 }, { status: 200 });
    desk.target.answer('/rising', { body: { ready: true } });
    desk.target.answer('/gone', { status: 404 });
    desk.target.hits.length = 0;
    const run = await diagnose();
    expect(desk.target.count('GET /flaky')).toBe(3);
    expect(await runs.end(run, 'flaky')).toEqual({ state: 'ok', error: null });
    expect(paused).toEqual([1_000, 1_000]);
  });

  test('gives up after that and says what came last', async () => {
    desk.target.answer('/flaky', { status: 503 });
    desk.target.hits.length = 0;
    const run = await diagnose();
    expect(desk.target.count('GET /flaky')).toBe(3);
    expect((await runs.steps(run))[0]).toMatchObject({ state: 'failed', passed: false });
  });

  test('polls until it is as expected, or until its time is over', async () => {
    desk.target.answer('/rising', { body: { ready: false } }, { body: { ready: false } }, { body: { ready: true } });
    desk.target.hits.length = 0;
    const run = await diagnose();
    expect(desk.target.count('GET /rising')).toBe(3);
    expect((await runs.steps(run))[1]).toMatchObject({ state: 'ok', passed: true });
    desk.target.answer('/rising', { body: { ready: false } });
    desk.target.hits.length = 0;
    const late = await diagnose();
    expect(desk.target.count('GET /rising')).toBe(5);
    expect((await runs.steps(late))[1]).toMatchObject({ state: 'ok', passed: false });
  });

  test('takes an answer of 404 for what it is when that is expected', async () => {
    desk.target.answer('/gone', { status: 404 });
    const run = await diagnose();
    expect((await runs.steps(run))[2]).toMatchObject({ state: 'ok', passed: true, error: null });
    desk.target.answer('/gone', { status: 200 });
    expect((await runs.steps(await diagnose()))[2]).toMatchObject({ state: 'ok', passed: false });
  });
});

describe('a process that stops', () => {
  test('puts the step under way and those behind it back, and they run in the next process', async () => {
    desk.target.answer('/stats', { delayMs: 5_000 });
    const run = await runs.open();
    await startDiagnostics(desk.context, { run: run.id, actor: ALICE });
    const stop = new AbortController();
    const working = desk.work(desk.context, stop.signal);
    await expect.poll(async () => (await runs.end(run, 'stats')).state).toBe('running');
    stop.abort();
    await working;
    expect((await runs.steps(run)).map((stepRun) => stepRun.state)).toEqual(['queued', 'queued']);
    expect(await desk.jobs()).toContain(`run.read:${run.id}`);
    stuck();
    await advance(desk.db.pool, '2 seconds');
    await desk.work(desk.with({ owner: 'desk:2' }));
    expect((await runs.steps(run)).map((stepRun) => stepRun.state)).toEqual(['ok', 'ok']);
    expect(await desk.jobs()).not.toContain(`run.read:${run.id}`);
  });

  test('puts a step back that waits between two looks', async () => {
    desk.target.answer('/flaky', { status: 200 });
    desk.target.answer('/rising', { body: { ready: false } });
    const run = await runs.open('RB-3');
    await startDiagnostics(desk.context, { run: run.id, actor: ALICE });
    const stop = new AbortController();
    const working = desk.work(desk.context, stop.signal);
    const before = desk.target.count('GET /rising');
    await expect.poll(() => desk.target.count('GET /rising')).toBeGreaterThan(before);
    stop.abort();
    await working;
    expect((await runs.steps(run)).map((stepRun) => stepRun.state)).toEqual(['ok', 'queued', 'queued']);
    desk.target.answer('/rising', { body: { ready: true } });
    await advance(desk.db.pool, '2 seconds');
    await desk.work();
    expect((await runs.steps(run)).map((stepRun) => stepRun.state)).toEqual(['ok', 'ok', 'ok']);
  });

  test('takes no step when it was told before', async () => {
    const run = await runs.open();
    await startDiagnostics(desk.context, { run: run.id, actor: ALICE });
    await runReadSteps(desk.context, run.id, AbortSignal.abort());
    expect((await runs.steps(run)).map((stepRun) => stepRun.state)).toEqual(['queued', 'queued']);
    expect(await query(desk.db.pool, 'select key from graphile_worker.jobs where run_at > now()')).toContainEqual({
      key: `run.read:${run.id}`,
    });
    await advance(desk.db.pool, '2 seconds');
    await desk.work();
  });
});
