import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readProgress } from '../../src/db/incidents.ts';
import { query } from '../../src/db/transaction.ts';
import { DEFAULT_POLICIES } from '../../src/domain/approval-policy.ts';
import { readApprovalCard } from '../../src/runs/approval-card.ts';
import { expireApproval } from '../../src/runs/approval-timers.ts';
import { decide } from '../../src/runs/approve.ts';
import { runChangingStep } from '../../src/runs/change-step.ts';
import { missingParams, previewStep } from '../../src/runs/request.ts';
import { readRunCard } from '../../src/runs/run-card.ts';
import { tickStep } from '../../src/runs/tick-step.ts';
import { startVerify } from '../../src/runs/verify.ts';
import { ALICE, BOB, CAROL, type Desk, freshKey, GUEST, openDesk } from '../support/desk.ts';
import { advance } from '../support/moved-time.ts';
import { NEVER, runsOf } from './support.ts';

let desk: Desk;
let runs: ReturnType<typeof runsOf>;
beforeAll(async () => {
  desk = await openDesk();
  runs = runsOf(desk);
});
beforeEach(() => {
  desk.target.hits.length = 0;
  desk.target.answer('/stats', { body: { backlog: 500, ticket: 'T-77' } });
});
afterEach(() => desk.db.log.expectNoErrors());
afterAll(() => desk.close());

const stepRunOf = async (approval: number) => (await runs.approval(approval)).stepRun;
const pendingIntents = async () =>
  (await desk.outbox()).filter((row) => row.state === 'pending').map((row) => row.intent);

describe('asking for a changing step', () => {
  test('renders the exact command with its values, sets the expiry and tells it', async () => {
    const incident = await desk.declare();
    const run = await runs.open('RB-1', incident.number);
    await runs.diagnose(run);
    expect(await previewStep(desk.context, { run: run.id, step: 'reset' })).toMatchObject({
      display: 'POST /reset/T-77',
      effect: 'change',
      target: 'api',
    });
    const approval = await runs.request(run, 'reset');
    const card = await desk.tx((tx) => readApprovalCard(desk.context, tx, approval));
    expect(card?.stepRun).toMatchObject({
      display: 'POST /reset/T-77',
      state: 'awaiting_approval',
      reason: 'It is stuck.',
    });
    expect(card?.approval.expiresAt.getTime()).toBe((card?.approval.createdAt.getTime() ?? 0) + 15 * 60_000);
    expect((await desk.facts(incident.number)).at(-1)).toEqual({
      kind: 'approval_requested',
      step: 'Reset the queue',
      command: 'POST /reset/T-77',
      target: 'api',
      reason: 'It is stuck.',
    });
    expect(await desk.jobs()).toContain(`approval.expire:${approval}`);
    expect(desk.target.count('POST /reset/T-77')).toBe(0);
  });

  test('twice with one key asks once; while it is asked for nobody asks again', async () => {
    const run = await runs.open();
    const requestKey = freshKey();
    const all = await Promise.all([1, 2, 3].map(() => runs.request(run, 'drain', { requestKey })));
    expect(all.filter((approval) => approval > 0)).toHaveLength(1);
    await expect(runs.request(run, 'drain')).rejects.toThrow('“Drain it” is awaiting approval already; see its card.');
    const atOnce = await Promise.allSettled([1, 2, 3].map(() => runs.request(run, 'wipe')));
    expect(atOnce.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
  });

  test('asks for values that are missing and refuses those that do not fit, with nothing half done', async () => {
    const run = await runs.open();
    expect((await missingParams(desk.context, { run: run.id, step: 'note' })).map((param) => param.name)).toEqual([
      'note',
    ]);
    expect(await missingParams(desk.context, { run: run.id, step: 'drain' })).toEqual([]);
    const requestKey = freshKey();
    await expect(runs.request(run, 'note', { requestKey })).rejects.toThrow('“Write a note” still needs note');
    await expect(runs.request(run, 'note', { requestKey, params: { note: '$(reboot)' } })).rejects.toThrow(
      '“note” must be of the form [a-z ]+.',
    );
    await expect(runs.request(run, 'note', { requestKey, params: { other: 'x' } })).rejects.toThrow(
      'Runbook RB-1 has no parameter “other”.',
    );
    expect(await runs.steps(run)).toEqual([]);
    expect(await runs.request(run, 'note', { requestKey, params: { note: 'all fine' } })).toBeGreaterThan(0);
  });

  test.each([
    ['without a reason', 'drain', { reason: ' ' }, 'Write a sentence for the reason.'],
    ['by a guest', 'drain', { actor: GUEST }, 'Only members of this workspace'],
    ['of a step that only reads', 'stats', {}, '“Backlog” only reads: it needs no approval.'],
    ['of a step that people do', 'manual_1', {}, 'is done by a person: click Done when it is.'],
    ['of a step that is not there', 'nothing', {}, 'Runbook RB-1 has no step “nothing” any more'],
    ['on a target that can only be read', 'mirror', {}, 'Target mirror can only be read'],
  ])('%s is refused', async (_how, step, different, message) => {
    const run = await runs.open();
    await expect(runs.request(run, step, different)).rejects.toThrow(message);
    expect(await runs.steps(run)).toEqual([]);
  });
});

describe('an approved step', () => {
  test('runs once with the write credential, and its verify step follows', async () => {
    const incident = await desk.declare();
    const run = await runs.open('RB-1', incident.number);
    await runs.diagnose(run);
    desk.target.hits.length = 0;
    const approval = await runs.request(run, 'reset');
    expect(await runs.approve(approval)).toEqual({ status: 'approved', missing: 0 });
    desk.target.answer('/stats', { body: { backlog: 3, ticket: 'T-77' } });
    await desk.work();
    expect(desk.target.hits.map((hit) => [hit.method, hit.path, hit.credential])).toEqual([
      ['POST', '/reset/T-77', 'write'],
      ['GET', '/stats', undefined],
    ]);
    expect(await runs.end(run, 'reset')).toEqual({ state: 'ok', error: null });
    expect((await runs.steps(run)).at(-1)).toMatchObject({
      step: 'stats',
      purpose: 'verify',
      state: 'ok',
      passed: true,
    });
    expect((await runs.approval(approval)).state).toBe('used');
    expect((await desk.facts(incident.number)).slice(-5).map((fact) => fact.kind)).toEqual([
      'approval_requested',
      'approved',
      'step_started',
      'step_finished',
      'step_finished',
    ]);
    expect(await desk.tx((tx) => readProgress(tx, incident.number))).toMatchObject({ mitigated: true });
    expect(await query(desk.db.pool, 'select * from target_locks')).toEqual([]);
  });

  test('does not run again for a repeated job, a second click, or a late one', async () => {
    const run = await runs.open();
    const approval = await runs.request(run, 'drain');
    const before = (await desk.effects()).length;
    const clicks = await Promise.all([BOB, CAROL, BOB, CAROL].map((who) => runs.approve(approval, who)));
    expect(clicks.filter((click) => click.status === 'approved')).toHaveLength(1);
    const id = await stepRunOf(approval);
    await desk.work();
    await Promise.all([1, 2, 3].map(() => runChangingStep(desk.context, id, NEVER)));
    expect(await runs.approve(approval, CAROL)).toMatchObject({ status: 'refused', reason: 'settled' });
    await desk.work();
    expect((await desk.effects()).slice(before)).toEqual(['drained 10']);
  });

  test('is carried out once by several processes that take it at the same moment', async () => {
    const run = await runs.open();
    const approval = await runs.request(run, 'drain', { params: { max_calls: '7' } });
    await runs.approve(approval);
    const before = (await desk.effects()).length;
    const id = await stepRunOf(approval);
    await Promise.all(['a', 'b', 'c', 'd'].map((owner) => runChangingStep(desk.with({ owner }), id, NEVER)));
    await desk.work();
    expect((await desk.effects()).slice(before)).toEqual(['drained 7']);
    expect(await runs.end(run, 'drain')).toEqual({ state: 'ok', error: null });
  });

  test('says that it failed when the target says so, and verifies all the same', async () => {
    const run = await runs.open();
    await runs.diagnose(run);
    desk.target.answer('/reset/T-77', { status: 500 });
    await runs.approve(await runs.request(run, 'reset'));
    await desk.work();
    expect((await runs.end(run, 'reset')).state).toBe('failed');
    expect((await runs.steps(run)).at(-1)).toMatchObject({ purpose: 'verify', passed: false });
    desk.target.answer('/reset/T-77', {});
  });

  test('is not begun by a process that is being stopped', async () => {
    const run = await runs.open();
    const approval = await runs.request(run, 'drain');
    await runs.approve(approval);
    const before = (await desk.effects()).length;
    await desk.work(desk.context, AbortSignal.abort());
    expect((await runs.end(run, 'drain')).state).toBe('approved');
    await advance(desk.db.pool, '2 seconds');
    await desk.work(desk.with({ owner: 'desk:2' }));
    expect((await desk.effects()).slice(before)).toEqual(['drained 10']);
  });

  test('whose result the database refuses is recorded without it, and lets its target go', async () => {
    await desk.db.owner.query(`
      create function refuse_result() returns trigger language plpgsql as $$
      begin if new.value is not null then raise exception 'poisoned'; end if; return new; end $$;
      create trigger refuse_result before update on step_runs for each row execute function refuse_result()`);
    const run = await runs.open();
    await runs.approve(await runs.request(run, 'drain'));
    const before = (await desk.effects()).length;
    await desk.work();
    await desk.db.owner.query('drop trigger refuse_result on step_runs');
    expect(await runs.end(run, 'drain')).toEqual({ state: 'ok', error: 'Its result could not be stored.' });
    expect(await query(desk.db.pool, 'select * from target_locks')).toEqual([]);
    await desk.work();
    expect((await desk.effects()).slice(before)).toHaveLength(1);
  });
});

describe('an approval', () => {
  test('is never given by the requester, by a guest, or by one person twice', async () => {
    const run = await runs.open();
    const approval = await runs.request(run, 'wipe');
    expect(await runs.approve(approval, ALICE)).toMatchObject({ status: 'refused', reason: 'requester' });
    expect(await runs.approve(approval, GUEST)).toMatchObject({ status: 'refused', reason: 'not_member' });
    const twice = await Promise.all([1, 2, 3].map(() => runs.approve(approval, BOB, desk.context, 'api')));
    expect(twice.filter((click) => click.status === 'waiting')).toHaveLength(1);
    await desk.work();
    expect(desk.target.count('DELETE /queue')).toBe(0);
    expect((await runs.approval(approval)).decisions.map((one) => one.person)).toEqual(['UBOB']);
    const refused = (await desk.audit()).filter(
      ({ action, data }) => action === 'run.decision_refused' && data.approval === approval,
    );
    expect(refused.map(({ actor, data }) => [actor, data.decision, data.why])).toEqual([
      ['UALICE', 'approve', 'requester'],
      ['UGUEST', 'approve', 'not_member'],
      ['UBOB', 'approve', 'already_decided'],
      ['UBOB', 'approve', 'already_decided'],
    ]);
  });

  test('of a destructive step takes two other people', async () => {
    const run = await runs.open();
    const approval = await runs.request(run, 'wipe');
    expect(await runs.approve(approval, BOB)).toMatchObject({ status: 'refused', reason: 'type_target' });
    expect(await runs.approve(approval, BOB, desk.context, 'db')).toMatchObject({ reason: 'wrong_target' });
    expect(await runs.approve(approval, BOB, desk.context, 'api')).toEqual({ status: 'waiting', missing: 1 });
    expect(await runs.approve(approval, CAROL)).toEqual({ status: 'approved', missing: 0 });
    await desk.work();
    expect(desk.target.count('DELETE /queue')).toBe(1);
  });

  test('can be taken back by denying while another one is missing', async () => {
    const run = await runs.open();
    const approval = await runs.request(run, 'wipe');
    await runs.approve(approval, BOB, desk.context, 'api');
    expect((await runs.deny(approval, BOB)).status).toBe('denied');
    expect(await runs.approve(approval, CAROL)).toMatchObject({ status: 'refused', settledAs: 'denied' });
    await desk.work();
    expect(desk.target.count('DELETE /queue')).toBe(0);
  });

  test('that is denied needs a reason, tells the requester, and can be asked for again', async () => {
    const run = await runs.open();
    const approval = await runs.request(run, 'drain');
    await expect(runs.deny(approval, BOB, '')).rejects.toThrow('Write a sentence for the reason.');
    await runs.deny(approval);
    expect((await runs.end(run, 'drain')).state).toBe('denied');
    expect(await pendingIntents()).toContainEqual({ type: 'approval.outcome', approval });
    expect(await desk.jobs()).not.toContain(`approval.expire:${approval}`);
    expect(await runs.request(run, 'drain')).toBeGreaterThan(approval);
  });

  test('that nobody answers expires and is told', async () => {
    const run = await runs.open();
    const approval = await runs.request(run, 'drain');
    await advance(desk.db.pool, '14 minutes 50 seconds');
    await desk.work();
    expect((await runs.approval(approval)).state).toBe('pending');
    await advance(desk.db.pool, '10 seconds');
    expect(await runs.approve(approval)).toMatchObject({ status: 'refused', reason: 'expired' });
    await desk.work();
    expect((await runs.approval(approval)).state).toBe('expired');
    expect((await runs.end(run, 'drain')).state).toBe('expired');
    expect(await pendingIntents()).toContainEqual({ type: 'approval.outcome', approval });
  });

  test('is looked at again when the clock was set back before its time was over', async () => {
    const run = await runs.open();
    const approval = await runs.request(run, 'drain');
    await desk.db.pool.query(`select graphile_worker.remove_job('approval.expire:${approval}')`);
    await expireApproval(desk.context, approval);
    expect((await runs.approval(approval)).state).toBe('pending');
    expect(await desk.jobs()).toContain(`approval.expire:${approval}`);
  });

  test('that was given but not used in time expires without running', async () => {
    const run = await runs.open();
    const approval = await runs.request(run, 'drain');
    await runs.approve(approval);
    const before = (await desk.effects()).length;
    await advance(desk.db.pool, '16 minutes');
    await desk.work();
    expect(await runs.end(run, 'drain')).toEqual({
      state: 'expired',
      error: 'It was approved, but could not start before the approval expired.',
    });
    expect((await desk.effects()).length).toBe(before);
  });

  test('that does not exist is answered in a sentence', async () => {
    await expect(
      decide(desk.context, { approval: 4711, person: BOB, decision: 'approve', reason: '' }),
    ).rejects.toThrow('This request does not exist any more; ask for the step again from its runbook.');
  });
});

describe('what changes after the approval voids it', () => {
  const approved = async (step: string) => {
    const run = await runs.open();
    await runs.diagnose(run);
    const approval = await runs.request(run, step);
    await runs.approve(approval);
    desk.target.hits.length = 0;
    return { run, approval };
  };
  const expectVoid = async (asked: { run: { id: number }; approval: number }, step: string) => {
    expect((await runs.approval(asked.approval)).state).toBe('void');
    expect(await runs.end(asked.run as never, step)).toEqual({
      state: 'refused',
      error: 'Something changed after the approval (command, values, target or policy): ask for it again.',
    });
    expect(desk.target.hits.filter((hit) => hit.method !== 'GET')).toEqual([]);
    expect(await pendingIntents()).toContainEqual({ type: 'approval.outcome', approval: asked.approval });
  };

  test('a value of the run', async () => {
    const asked = await approved('reset');
    await desk.db.pool.query(`update runs set params = params || '{"ticket": "T-78"}' where id = $1`, [asked.run.id]);
    await desk.work();
    await expectVoid(asked, 'reset');
  });

  test('the policy, towards stricter or milder', async () => {
    for (const policy of [
      { ...DEFAULT_POLICIES.change, approvers: 2 },
      { ...DEFAULT_POLICIES.change, expiresAfterMs: 60_000 },
    ]) {
      const asked = await approved('reset');
      const settings = { ...desk.context.settings, approvals: { ...desk.context.settings.approvals, change: policy } };
      await desk.work(desk.with({ settings }));
      await expectVoid(asked, 'reset');
    }
  });

  test('the definition of the target', async () => {
    const asked = await approved('reset');
    const file = join(desk.packsDir, 'shop', 'system.yml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('x-credential: write', 'x-credential: other'));
    await desk.reload();
    await desk.work();
    await writeFile(file, text);
    await desk.reload();
    await expectVoid(asked, 'reset');
  });

  test('the approved hash itself', async () => {
    const asked = await approved('reset');
    await desk.db.pool.query(`update approvals set hash = repeat('0', 64) where id = $1`, [asked.approval]);
    await desk.work();
    await expectVoid(asked, 'reset');
  });

  test('but not the file on disk: what was approved is what runs', async () => {
    const asked = await approved('reset');
    const file = join(desk.packsDir, 'shop', 'rb-1.md');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('POST /reset/${ticket}', 'POST /format/${ticket}'));
    await desk.reload();
    await desk.work();
    await writeFile(file, text);
    await desk.reload();
    expect(desk.target.count('POST /reset/T-77')).toBe(1);
    expect(desk.target.count('POST /format/T-77')).toBe(0);
    expect((await runs.approval(asked.approval)).state).toBe('used');
  });
});

describe('two changing steps on one target', () => {
  test('follow each other, whichever processes carry them out', async () => {
    const first = await runs.open();
    const second = await runs.open();
    const ids: number[] = [];
    for (const run of [first, second]) {
      const approval = await runs.request(run, 'drain_slowly');
      await runs.approve(approval);
      ids.push(await stepRunOf(approval));
    }
    const before = (await desk.effects()).length;
    const working = Promise.all(
      ids.map((id, index) => runChangingStep(desk.with({ owner: `desk:${index}` }), id, NEVER)),
    );
    await expect
      .poll(async () => (await query(desk.db.pool, 'select distinct step_run from target_locks')).length)
      .toBe(1);
    const cards = await Promise.all(
      [first, second].map((run) => desk.tx((tx) => readRunCard(desk.context, tx, run.id))),
    );
    const waiting = cards.map((card) => card?.steps.find((one) => one.step.id === 'drain_slowly')?.holder);
    expect(waiting.filter((one) => one != null)).toHaveLength(1);
    await working;
    expect((await desk.effects()).slice(before)).toEqual(['start', 'end']);
    await advance(desk.db.pool, '2 seconds');
    await desk.work();
    expect((await desk.effects()).slice(before)).toEqual(['start', 'end', 'start', 'end']);
    expect(await query(desk.db.pool, 'select * from target_locks')).toEqual([]);
  });
});

describe('people', () => {
  test('tick what they did, once, with their name', async () => {
    const incident = await desk.declare();
    const run = await runs.open('RB-1', incident.number);
    const tick = (actor = BOB) => tickStep(desk.context, { run: run.id, step: 'manual_1', actor });
    await Promise.all([tick(), tick(CAROL), tick()]);
    expect((await desk.facts(incident.number)).filter((fact) => fact.kind === 'step_ticked')).toEqual([
      { kind: 'step_ticked', step: 'manual_1', text: 'Tell sales' },
    ]);
    await expect(tickStep(desk.context, { run: run.id, step: 'drain', actor: BOB })).rejects.toThrow(
      'This item is not on the runbook any more',
    );
  });

  test('look again with the verify step, where there is one', async () => {
    const run = await runs.open();
    for (const step of ['drain', 'note']) {
      await runs.approve(await runs.request(run, step, { params: { note: 'x' } }));
      await desk.work();
    }
    const idOf = async (step: string) => (await runs.steps(run)).find((one) => one.step === step)?.id ?? 0;
    await startVerify(desk.context, { stepRun: await idOf('drain'), actor: BOB });
    await desk.work();
    expect((await runs.steps(run)).filter((one) => one.purpose === 'verify')).toHaveLength(2);
    await expect(startVerify(desk.context, { stepRun: await idOf('note'), actor: BOB })).rejects.toThrow(
      '“Write a note” names no verify step',
    );
  });
});
