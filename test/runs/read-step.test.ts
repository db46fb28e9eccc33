import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runReadStep, startDiagnostics } from '../../src/runs/diagnose.ts';
import { requestPlan } from '../../src/runs/request.ts';
import { readRunCard } from '../../src/runs/run-card.ts';
import { runMessage } from '../../src/slack/views/run-card.ts';
import { ALICE, type Desk, freshKey, GUEST, openDesk } from '../support/desk.ts';
import { advance } from '../support/moved-time.ts';
import { addRunbook50 } from './rb-50.ts';
import { runsOf } from './support.ts';

let desk: Desk;
let runs: ReturnType<typeof runsOf>;
beforeAll(async () => {
  desk = await openDesk();
  runs = runsOf(desk);
  await addRunbook50(desk);
});
beforeEach(() => {
  desk.target.hits.length = 0;
});
afterEach(() => desk.db.log.expectNoErrors());
afterAll(() => desk.close());

const paths = () => desk.target.hits.map(({ method, path }) => `${method} ${path}`);
const look = (run: { id: number }, step: string, params = {}, actor = ALICE) =>
  runReadStep(desk.context, { run: run.id, step, actor, params });

describe('a step that only reads', () => {
  test('has a Run button when nothing else runs it, and needs no approval', async () => {
    const incident = await desk.declare();
    const run = await runs.open('RB-50', incident.number);
    const card = await desk.tx((tx) => readRunCard(desk.context, tx, run.id));
    if (!card) throw new TypeError('there is no card');
    const offered = JSON.stringify(runMessage(card).blocks).match(
      /"action_id":"step\.run"[^}]*\},"value":"\d+\/\w+"/gu,
    );
    const values = (offered ?? []).map((one) => /\/(\w+)"$/u.exec(one)?.[1]);
    expect(values).toEqual(['queue', 'one_shelf', 'other', 'peek']);
    desk.target.answer('/other', { status: 200 });
    await look(run, 'other');
    await look(run, 'peek');
    await expect(look(run, 'peek')).rejects.toThrow('“Peek” is under way already');
    await desk.work();
    expect(paths()).toEqual(['GET /other', 'GET /peek']);
    expect(await runs.end(run, 'other')).toEqual({ state: 'ok', error: null });
    expect((await desk.facts(incident.number)).at(-1)).toMatchObject({ kind: 'step_finished', step: 'Peek' });
  });

  test('of the alternatives is left to a person: Run diagnostics runs none of them', async () => {
    const run = await runs.open('RB-50');
    await startDiagnostics(desk.context, { run: run.id, actor: ALICE });
    await desk.work();
    expect(paths()).toEqual(['GET /backlog', 'GET /health']);
    await look(run, 'one_shelf', { shelf: '3' });
    await desk.work();
    expect(paths()).toContain('GET /shelf/3');
  });

  test.each([
    ['by a guest', 'peek', GUEST, 'Only members of this workspace'],
    ['that changes something', 'flush', ALICE, '“Flush” changes something: ask for approval.'],
    ['that belongs to the diagnostics', 'health', ALICE, 'is run by Run diagnostics or with the step it verifies'],
    ['that verifies another', 'calm', ALICE, 'is run by Run diagnostics or with the step it verifies'],
    ['that is not there', 'nothing', ALICE, 'has no step “nothing” any more'],
  ])('%s is refused', async (_how, step, actor, sentence) => {
    const run = await runs.open('RB-50');
    await expect(look(run, step, {}, actor)).rejects.toThrow(sentence);
    expect(await runs.steps(run)).toEqual([]);
  });
});

describe('what a changing step captures', () => {
  test('is there for later steps, and forgotten when it does not find it again', async () => {
    const run = await runs.open('RB-50');
    desk.target.answer('/find', { body: { ticket: 'T-9' } });
    await runs.approve(await runs.request(run, 'find'));
    await desk.work();
    expect((await runs.reread(run)).params).toEqual({ ticket: 'T-9' });
    await runs.approve(await runs.request(run, 'use'));
    await desk.work();
    expect(paths()).toEqual(['POST /find', 'POST /use/T-9']);
    desk.target.answer('/find', { body: { ticket: 'rm -rf' } });
    await runs.approve(await runs.request(run, 'find'));
    await desk.work();
    expect(await runs.end(run, 'find')).toMatchObject({
      state: 'ok',
      error: expect.stringContaining('cannot be used'),
    });
    expect((await runs.reread(run)).params).toEqual({});
  });

  test('cannot be used by a later step of the same plan, because nobody could approve its command', async () => {
    const run = await runs.open('RB-50');
    const request = { run: run.id, actor: ALICE, reason: 'It is slow.', params: {}, requestKey: freshKey() };
    await expect(requestPlan(desk.context, { ...request, steps: ['find', 'use'] })).rejects.toThrow(
      '“Use” uses ticket, which “Find” finds anew while the plan runs, so its command cannot be approved yet: ask for “Find” by itself now, and for “Use” when that is done.',
    );
    expect(await runs.steps(run)).toEqual([]);
  });
});

test('a run that is too old begins nothing new and says how to go on', async () => {
  const run = await runs.open('RB-50');
  const one = await runs.open('RB-1');
  await advance(desk.db.pool, '61 minutes');
  await look(run, 'peek');
  await expect(startDiagnostics(desk.context, { run: one.id, actor: ALICE })).rejects.toThrow(
    'This run was opened more than 1h ago, and what it found may not hold any more; open it again with /runbook RB-1.',
  );
  await expect(runs.request(one, 'drain')).rejects.toThrow('open it again with /runbook RB-1');
  await advance(desk.db.pool, '60 minutes');
  await expect(look(run, 'queue')).rejects.toThrow('more than 2h ago');
  const card = await desk.tx((tx) => readRunCard(desk.context, tx, run.id));
  expect(card?.tooOld).toBe(true);
  await advance(desk.db.pool, '-121 minutes');
});
