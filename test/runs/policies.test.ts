import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Settings } from '../../src/config/settings.ts';
import { readSettingsFile } from '../../src/config/settings-file.ts';
import type { DecisionKind } from '../../src/domain/approval.ts';
import type { Person } from '../../src/domain/person.ts';
import type { Run } from '../../src/domain/run.ts';
import { takeCommand } from '../../src/incidents/change.ts';
import { decide } from '../../src/runs/approve.ts';
import type { RunsContext } from '../../src/runs/context.ts';
import { requestPlan } from '../../src/runs/request.ts';
import { ALICE, BOB, CAROL, type Desk, freshKey, openDesk, person } from '../support/desk.ts';
import { advance } from '../support/moved-time.ts';
import { runsOf } from './support.ts';

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

/** The desk under a warroom.yml. */
function under(text: string): RunsContext {
  const file = readSettingsFile(text);
  if ('problems' in file) throw new TypeError(JSON.stringify(file.problems));
  return desk.with({ settings: file.settings as Settings });
}

const click = (
  approval: number,
  who: Person,
  decision: DecisionKind,
  more: { reason?: string; context?: RunsContext } = {},
) =>
  decide(more.context ?? desk.context, { approval, person: who, decision, reason: more.reason ?? 'nobody is awake' });

const intents = async (type: string, approval: number) =>
  (await desk.outbox()).filter(
    ({ intent }) => intent.type === type && 'approval' in intent && intent.approval === approval,
  );

const plan = async (run: Run, steps: string[], context = desk.context): Promise<number> => {
  const request = { run: run.id, steps, actor: ALICE, reason: 'It is stuck.', params: {}, requestKey: freshKey() };
  return (await requestPlan(context, request))?.approval ?? 0;
};

describe('a requester whom nobody answers', () => {
  test('is helped at half time by a reminder and may go on alone after five minutes, loudly', async () => {
    const incident = await desk.declare();
    const run = await runs.open('RB-1', incident.number);
    const approval = await runs.request(run, 'drain');
    expect(await click(approval, ALICE, 'alone')).toMatchObject({ status: 'refused', reason: 'too_early' });
    await advance(desk.db.pool, '5 minutes');
    expect(await click(approval, BOB, 'alone')).toMatchObject({ status: 'refused', reason: 'not_requester' });
    await expect(click(approval, ALICE, 'alone', { reason: ' ' })).rejects.toThrow('Write a sentence for the reason.');
    await advance(desk.db.pool, '3 minutes');
    await desk.work();
    expect(await intents('approval.reminder', approval)).toHaveLength(1);
    const before = (await desk.effects()).length;
    expect(await click(approval, ALICE, 'alone')).toMatchObject({ status: 'approved' });
    await desk.work();
    expect((await desk.effects()).slice(before)).toHaveLength(1);
    expect(await intents('approval.alone', approval)).toHaveLength(1);
    expect((await desk.facts(incident.number)).find(({ kind }) => kind === 'approved_alone')).toMatchObject({
      how: 'alone',
      reason: 'nobody is awake',
      step: 'Drain it',
    });
    await advance(desk.db.pool, '-8 minutes');
  });

  test('never goes on alone with what destroys, nor where the policy says never', async () => {
    const run = await runs.open();
    const wipe = await runs.request(run, 'wipe');
    const never = under('approvals: { change: { alone_after: never } }');
    const drain = (await requestPlan(never, {
      ...{ run: run.id, steps: ['drain'], actor: ALICE, reason: 'x y', params: {}, requestKey: freshKey() },
    })) as { approval: number };
    await advance(desk.db.pool, '14 minutes');
    for (const approval of [wipe, drain.approval])
      expect(await click(approval, ALICE, 'alone')).toMatchObject({ status: 'refused', reason: 'never_alone' });
    await advance(desk.db.pool, '-14 minutes');
  });
});

describe('break-glass', () => {
  test('is the commander’s on an open incident of the worst rank, and is announced', async () => {
    const incident = await desk.declare();
    const run = await runs.open('RB-1', incident.number);
    const approval = await runs.request(run, 'wipe');
    expect(await click(approval, ALICE, 'break_glass')).toMatchObject({ status: 'refused', reason: 'not_commander' });
    await takeCommand(desk.context, { incident: incident.number, actor: ALICE });
    expect(await click(approval, BOB, 'break_glass')).toMatchObject({ status: 'refused', reason: 'not_commander' });
    expect(await click(approval, ALICE, 'break_glass')).toMatchObject({ status: 'approved' });
    await desk.work();
    expect(desk.target.count('DELETE /queue')).toBe(1);
    expect(await intents('approval.alone', approval)).toHaveLength(1);
    expect(
      (await desk.facts(incident.number)).some((fact) => fact.kind === 'approved_alone' && fact.how === 'break_glass'),
    ).toBe(true);
  });

  test('is nobody’s on a milder incident', async () => {
    const incident = await desk.declare({ severity: 'SEV2' });
    const run = await runs.open('RB-1', incident.number);
    const approval = await runs.request(run, 'wipe');
    await takeCommand(desk.context, { incident: incident.number, actor: ALICE });
    expect(await click(approval, ALICE, 'break_glass')).toMatchObject({ reason: 'not_commander' });
  });
});

describe('a policy that names people', () => {
  const POLICY = `
roles: { shop: { approver: [UBOB1234], responder: [UALICE12, UBOB1234] } }
approvals:
  rules:
    - { when: { targets: [api] }, from: [S0DBA123], approvers: 1 }
`;
  const alice = person('UALICE12');
  const bob = person('UBOB1234');
  const dba = person('UDBA1234', { groups: ['S0DBA123'] });

  test('counts only them, by role, by rule, and by what Slack says of groups now', async () => {
    const context = under(POLICY);
    const run = await runs.open();
    const plain = { run: run.id, reason: 'It is stuck.', params: {} };
    await expect(
      requestPlan(context, { ...plain, steps: ['drain'], actor: CAROL, requestKey: freshKey() }),
    ).rejects.toThrow('That needs the role responder for shop');
    const drain = await requestPlan(context, { ...plain, steps: ['drain'], actor: alice, requestKey: freshKey() });
    const mirror = await requestPlan(context, { ...plain, steps: ['wipe'], actor: alice, requestKey: freshKey() });
    const by = (approval: number | undefined, who: Person, typed: string | null = null) =>
      decide(context, { approval: approval ?? 0, person: who, decision: 'approve', reason: '', typed });
    expect(await by(drain?.approval, CAROL)).toMatchObject({ reason: 'not_approver' });
    expect(await by(drain?.approval, bob)).toMatchObject({ status: 'approved' });
    expect(await by(mirror?.approval, bob, 'api')).toMatchObject({ reason: 'not_approver' });
    expect(await by(mirror?.approval, { ...dba, groups: [] }, 'api')).toMatchObject({ reason: 'not_approver' });
    expect(await by(mirror?.approval, dba, 'api')).toMatchObject({ status: 'approved' });
    await desk.work(context);
    expect(desk.target.count('DELETE /queue')).toBe(1);
  });
});

describe('a plan of several steps', () => {
  test('is approved once, runs in the order of the runbook, and the next step waits for the verify step', async () => {
    desk.target.answer('/stats', { body: { backlog: 5, ticket: 'T-77' } });
    const run = await runs.open();
    await runs.diagnose(run);
    const before = (await desk.effects()).length;
    const approval = await plan(run, ['drain_slowly', 'drain', 'reset']);
    await desk.work();
    expect(desk.target.count('POST /reset/T-77')).toBe(0);
    expect(await runs.approve(approval, BOB)).toMatchObject({ status: 'approved' });
    for (let round = 0; round < 8; round += 1) await desk.work();
    expect(desk.target.count('POST /reset/T-77')).toBe(1);
    expect((await desk.effects()).slice(before)).toEqual(['drained 10', 'start', 'end']);
    const order = (await runs.steps(run))
      .filter(({ purpose }) => purpose !== 'diagnose')
      .map(({ step, state }) => [step, state]);
    expect(order.slice(0, 3)).toEqual([
      ['reset', 'ok'],
      ['drain', 'ok'],
      ['drain_slowly', 'ok'],
    ]);
    expect((await runs.approval(approval)).state).toBe('used');
  });

  test('stops at the first verify step that says it did not help', async () => {
    const run = await runs.open();
    await runs.diagnose(run); // a backlog of 500: the verify step of `reset` fails
    const before = (await desk.effects()).length;
    const approval = await plan(run, ['reset', 'drain']);
    await runs.approve(approval, BOB);
    for (let round = 0; round < 6; round += 1) await desk.work();
    expect(desk.target.count('POST /reset/T-77')).toBe(1);
    expect((await desk.effects()).length).toBe(before);
    expect(await runs.end(run, 'drain')).toEqual({
      state: 'cancelled',
      error: expect.stringMatching(
        /^The plan stopped at “Reset the queue”: its verify step “.+” did not find what it should; nothing after it was run\.$/u,
      ),
    });
  });

  test('is void as a whole when anything of any step changes before it starts', async () => {
    const run = await runs.open();
    await runs.diagnose(run);
    const before = (await desk.effects()).length;
    const approval = await plan(run, ['drain', 'drain_slowly']);
    await runs.approve(approval, BOB);
    await desk.db.pool.query(`update runs set params = params || '{"max_calls": 49}' where id = $1`, [run.id]);
    for (let round = 0; round < 3; round += 1) await desk.work();
    expect((await desk.effects()).length).toBe(before);
    expect((await runs.end(run, 'drain')).state).toBe('refused');
    expect((await runs.end(run, 'drain_slowly')).state).toBe('cancelled');
    expect((await runs.approval(approval)).state).toBe('void');
  });

  test('is as strict as its strictest step, and is denied as a whole', async () => {
    const run = await runs.open();
    const approval = await plan(run, ['drain', 'wipe']);
    expect((await runs.approval(approval)).policy).toMatchObject({
      approvers: 2,
      typeTarget: true,
      aloneAfterMs: null,
    });
    expect((await runs.deny(approval)).status).toBe('denied');
    expect((await runs.end(run, 'drain')).state).toBe('denied');
    expect((await runs.end(run, 'wipe')).state).toBe('denied');
  });

  test.each<[string, string[], RegExp]>([
    ['nothing', [], /Choose at least one step/u],
    ['a read step', ['stats'], /only reads/u],
    ['a step twice', ['drain', 'drain'], /each step once/u],
    ['a value that nobody has given', ['drain', 'note'], /still needs note/u],
  ])('of %s is refused, and nothing half done', async (_what, steps, why) => {
    const run = await runs.open();
    await expect(plan(run, steps)).rejects.toThrow(why);
    expect(await runs.steps(run)).toEqual([]);
  });
});
