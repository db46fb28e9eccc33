import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findApprovalOf } from '../../src/db/approvals.ts';
import { query } from '../../src/db/transaction.ts';
import type { Person } from '../../src/domain/person.ts';
import type { Run } from '../../src/domain/run.ts';
import { takeCommand } from '../../src/incidents/change.ts';
import { readApprovalCard } from '../../src/runs/approval-card.ts';
import { cancelReads, cancelStep } from '../../src/runs/cancel.ts';
import { runChangingStep } from '../../src/runs/change-step.ts';
import { startDiagnostics } from '../../src/runs/diagnose.ts';
import { runReadSteps } from '../../src/runs/read-steps.ts';
import { requestPlan } from '../../src/runs/request.ts';
import { approvalMessage } from '../../src/slack/views/approval-card.ts';
import { ALICE, BOB, CAROL, type Desk, freshKey, GUEST, openDesk, person } from '../support/desk.ts';
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
  for (const path of ['/flush', '/backlog', '/health']) desk.target.answer(path, {});
  desk.target.answer('/calm', { body: { calm: true } });
});
afterEach(async () => {
  desk.db.log.expectNoErrors();
  await desk.db.pool.query('delete from target_locks');
});
afterAll(() => desk.close());

const BEFORE = 'Cancelled before it began; nothing was sent.';
const newest = async (run: Run, step: string) => (await runs.steps(run)).findLast((one) => one.step === step)?.id ?? 0;
const cancel = async (run: Run, step: string, actor: Person = ALICE) =>
  cancelStep(desk.context, { stepRun: await newest(run, step), actor });
const locks = () => query(desk.db.pool, 'select target from target_locks');
const plan = async (run: Run, steps: string[]) => {
  const asked = { run: run.id, steps, actor: ALICE, reason: 'It is stuck.', params: {}, requestKey: freshKey() };
  return (await requestPlan(desk.context, asked))?.approval ?? 0;
};

async function approvalCard(run: Run, step: string): Promise<string> {
  const stepRun = (await runs.steps(run)).findLast((one) => one.step === step);
  return desk.tx(async (tx) => {
    const approval = await findApprovalOf(tx, stepRun?.id ?? 0);
    const card = await readApprovalCard(desk.context, tx, approval?.id ?? 0);
    return card ? JSON.stringify(approvalMessage(card).blocks) : '';
  });
}

describe('a read step', () => {
  test('that waits is dropped, and the diagnostics end without it', async () => {
    const incident = await desk.declare();
    const run = await runs.open('RB-50', incident.number);
    await startDiagnostics(desk.context, { run: run.id, actor: ALICE });
    expect(await cancel(run, 'health')).toBe('dropped');
    await desk.work();
    expect(await runs.end(run, 'health')).toEqual({ state: 'cancelled', error: BEFORE });
    expect(desk.target.hits.map((hit) => hit.path)).toEqual(['/backlog']);
    expect((await desk.facts(incident.number)).filter(({ kind }) => kind !== 'paged').slice(-2)).toEqual([
      { kind: 'step_cancelled', step: 'Health', state: 'queued' },
      { kind: 'diagnosed', runbook: 'RB-50', passed: 1, failed: 1 },
    ]);
  });

  test('that runs is stopped, also by a click in another process, and the ones behind it are dropped', async () => {
    desk.target.answer('/backlog', { delayMs: 15_000 });
    const run = await runs.open('RB-50');
    await startDiagnostics(desk.context, { run: run.id, actor: ALICE });
    const working = runReadSteps(desk.context, run.id, NEVER);
    await expect.poll(() => desk.target.count('GET /backlog')).toBe(1);
    expect(await cancelReads(desk.with({ owner: 'desk:2' }), { run: run.id, actor: ALICE })).toBe(2);
    await working;
    expect(await runs.end(run, 'backlog')).toEqual({
      state: 'cancelled',
      error: 'Cancelled while it ran; it only read, so nothing was changed.',
    });
    expect((await runs.end(run, 'health')).state).toBe('cancelled');
    expect(desk.target.count('GET /health')).toBe(0);
    expect(await cancelReads(desk.context, { run: run.id, actor: ALICE })).toBe(0);
  });
});

describe('a changing step', () => {
  test('that waits for approval is withdrawn: nobody can approve it any more', async () => {
    const run = await runs.open('RB-50');
    const approval = await runs.request(run, 'flush');
    expect(await cancel(run, 'flush')).toBe('withdrawn');
    expect(await runs.approval(approval)).toMatchObject({
      state: 'denied',
      decisions: [{ person: 'UALICE', decision: 'deny', reason: 'withdrawn' }],
    });
    expect(await runs.approve(approval)).toMatchObject({ status: 'refused', settledAs: 'denied' });
    expect(await desk.jobs()).not.toContain(`approval.expire:${approval}`);
    await desk.work();
    expect(desk.target.count('POST /flush')).toBe(0);
  });

  test('that was approved and has not begun is called off with what is left of its plan', async () => {
    const run = await runs.open('RB-50');
    const approval = await plan(run, ['flush', 'bypass_off']);
    await runs.approve(approval);
    expect(await cancel(run, 'flush')).toBe('called_off');
    expect((await runs.approval(approval)).state).toBe('void');
    await desk.work();
    expect((await runs.steps(run)).map(({ step, state }) => [step, state])).toEqual([
      ['flush', 'cancelled'],
      ['bypass_off', 'cancelled'],
    ]);
    expect(desk.target.hits).toEqual([]);
    expect(await locks()).toEqual([]);
  });

  test('of a plan that has not begun is called off with what comes after it, and the steps before it run', async () => {
    const run = await runs.open('RB-50');
    const approval = await plan(run, ['flush', 'bypass_off']);
    await runs.approve(approval);
    expect(await cancel(run, 'bypass_off')).toBe('called_off');
    await desk.work();
    expect((await runs.approval(approval)).state).toBe('used');
    expect(
      (await runs.steps(run)).filter(({ purpose }) => purpose === 'change').map(({ step, state }) => [step, state]),
    ).toEqual([
      ['flush', 'ok'],
      ['bypass_off', 'cancelled'],
    ]);
    expect(desk.target.count('POST /bypass-off')).toBe(0);
  });

  test('that runs and can be stopped ends as cancelled, frees its target, and says what it left', async () => {
    const incident = await desk.declare();
    const run = await runs.open('RB-50', incident.number);
    const approval = await runs.request(run, 'sweep');
    await runs.approve(approval);
    const before = (await desk.effects()).length;
    const working = runChangingStep(desk.context, (await runs.approval(approval)).stepRun, NEVER);
    await expect.poll(async () => (await desk.effects()).length).toBe(before + 1);
    const clicks = await Promise.all([1, 2].map(() => cancel(run, 'sweep')));
    expect(clicks).toEqual(['stopping', 'stopping']);
    await working;
    const { state, error } = await runs.end(run, 'sweep');
    expect(state).toBe('cancelled');
    expect(error).toMatch(/^Cancelled after [\d.]+ s: .*what it had done by then stays done\.$/u);
    expect((await desk.effects()).slice(before)).toEqual(['begun']);
    expect(await locks()).toEqual([]);
    // On the card where people watch it, too.
    expect(await approvalCard(run, 'sweep')).toContain('what it had done by then stays done');
    const facts = (await desk.facts(incident.number)).filter((fact) => fact.kind === 'step_cancelled');
    expect(facts).toEqual([{ kind: 'step_cancelled', step: 'Sweep', state: 'running' }]);
  });

  test('that runs and cannot say whether it was stopped ends as unknown, and its verify step looks', async () => {
    desk.target.answer('/flush', { delayMs: 15_000 });
    const run = await runs.open('RB-50');
    const approval = await runs.request(run, 'flush');
    await runs.approve(approval);
    const working = runChangingStep(desk.context, (await runs.approval(approval)).stepRun, NEVER);
    await expect.poll(() => desk.target.count('POST /flush')).toBe(1);
    // Nobody but whoever asked, its commander and approvers.
    expect(await cancel(run, 'flush')).toBe('stopping');
    await working;
    expect(await runs.end(run, 'flush')).toMatchObject({ state: 'unknown', error: expect.stringContaining('may or') });
    expect(await locks()).toContainEqual({ target: 'shop/api' });
    await desk.work();
    expect(await runs.end(run, 'calm')).toMatchObject({ state: 'ok' });
    expect(await locks()).toEqual([]);
  });

  test('that is over is not cancelled', async () => {
    const run = await runs.open('RB-50');
    await runs.approve(await runs.request(run, 'bypass_off'));
    await desk.work();
    await expect(cancel(run, 'bypass_off')).rejects.toThrow('“Bypass off” is over already; see its card.');
    await expect(cancelStep(desk.context, { stepRun: 4711, actor: ALICE })).rejects.toThrow('does not exist any more');
  });
});

describe('who may cancel', () => {
  const named = () => {
    const roles = { shop: { approver: ['UBOB'], responder: ['UALICE', 'UBOB', 'UCAROL'], commander: ['UCAROL'] } };
    return desk.with({ settings: { ...desk.context.settings, roles } });
  };

  test('is whoever asked, an approver, and the commander of the incident; nobody else', async () => {
    const incident = await desk.declare();
    const run = await runs.open('RB-50', incident.number);
    const context = named();
    const asked = async (actor: Person) => {
      await runs.request(run, 'flush');
      return cancelStep(context, { stepRun: await newest(run, 'flush'), actor });
    };
    await expect(asked(person('UDAVE'))).rejects.toThrow(
      'Whoever asked for it, the commander of the incident and approvers can cancel it; ask one of them.',
    );
    const stepRun = await newest(run, 'flush');
    await expect(cancelStep(context, { stepRun, actor: GUEST })).rejects.toThrow('Only members of this workspace');
    expect(await cancelStep(context, { stepRun, actor: BOB })).toBe('withdrawn');
    expect(await asked(ALICE)).toBe('withdrawn');
    await takeCommand(context, { incident: incident.number, actor: CAROL });
    expect(await asked(CAROL)).toBe('withdrawn');
  });
});
