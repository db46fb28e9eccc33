import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { query } from '../../src/db/transaction.ts';
import { describeEvent } from '../../src/domain/describe-event.ts';
import type { MarkedFact } from '../../src/domain/timeline.ts';
import type { Executor } from '../../src/executors/executor.ts';
import { readApprovalCard } from '../../src/runs/approval-card.ts';
import { runReadStep } from '../../src/runs/diagnose.ts';
import { openRun } from '../../src/runs/open.ts';
import { requestPlan } from '../../src/runs/request.ts';
import { readRunCard } from '../../src/runs/run-card.ts';
import { approvalMessage } from '../../src/slack/views/approval-card.ts';
import {
  aloneMessage,
  outcomeMessage,
  reminderMessage,
  secretLostMessage,
  secretWantedMessage,
} from '../../src/slack/views/approval-notices.ts';
import { runMessage } from '../../src/slack/views/run-card.ts';
import { ALICE, BOB, type Desk, freshKey, openDesk } from '../support/desk.ts';
import { addRunbook50 } from './rb-50.ts';
import { runsOf } from './support.ts';

let desk: Desk;
let runs: ReturnType<typeof runsOf>;
let sent = 0;
beforeAll(async () => {
  desk = await openDesk();
  runs = runsOf(desk);
  await addRunbook50(desk);
});
afterEach(() => desk.db.log.expectNoErrors());
afterAll(() => desk.close());

/** The real executors, with a count of the statements that are sent. */
function counting() {
  const wrap = (executor: Executor): Executor => ({
    ...executor,
    language: executor.language,
    checkTarget: (target) => executor.checkTarget(target),
    placeholders: (text) => executor.placeholders(text),
    prepare: async (source) => {
      const statement = await executor.prepare(source);
      const run: typeof statement.run = (how) => {
        sent += 1;
        return statement.run(how);
      };
      return { ...statement, run };
    },
  });
  return desk.with({ executors: new Map([...desk.context.executors].map(([key, one]) => [key, wrap(one)])) });
}

/** Diagnoses, looks, and carries out a plan of steps that change, destroy and leave something behind. */
async function play(rehearsal: boolean, incident: number | null) {
  const context = counting();
  const found = context.packs().findRunbook('RB-50');
  if (found.status !== 'found') throw new TypeError('RB-50 is missing');
  const opening = { requestKey: freshKey(), actor: ALICE, runbook: found.runbook, channel: 'C1', thread: null };
  const run = await openRun(context, { ...opening, incident, rehearsal });
  await runReadStep(context, { run: run.id, step: 'peek', actor: ALICE, params: {} });
  await desk.work(context);
  const asked = { run: run.id, actor: ALICE, reason: 'We practise.', params: {}, requestKey: freshKey() };
  const steps = ['flush', 'sweep', 'bypass'].filter((step) => rehearsal || step !== 'sweep');
  const approval = (await requestPlan(context, { ...asked, steps }))?.approval ?? 0;
  await runs.approve(approval, BOB, context);
  for (let round = 0; round < 4; round += 1) await desk.work(context);
  return { run, approval };
}

test('a rehearsal renders and asks everything, and sends nothing to any target', async () => {
  desk.target.hits.length = 0;
  const incident = await desk.declare();
  const { run, approval } = await play(true, incident.number);
  expect(sent).toBe(0);
  expect(desk.target.hits).toEqual([]);
  expect(await desk.effects()).toEqual([]);
  const steps = await runs.steps(run);
  expect(steps.map(({ step, state, passed, output }) => [step, state, passed, output])).toEqual([
    ['peek', 'ok', null, 'REHEARSAL: nothing was sent.'],
    ['flush', 'ok', null, 'REHEARSAL: nothing was sent.'],
    ['sweep', 'ok', null, 'REHEARSAL: nothing was sent.'],
    ['bypass', 'ok', null, 'REHEARSAL: nothing was sent.'],
    ['calm', 'ok', null, 'REHEARSAL: nothing was sent.'],
  ]);
  expect(steps[1]?.display).toBe('POST /flush');
  expect(await query(desk.db.pool, 'select * from target_locks')).toEqual([]);
  expect(await query(desk.db.pool, 'select * from temporary_states')).toEqual([]);

  const runCard = await desk.tx((tx) => readRunCard(desk.context, tx, run.id));
  const card = await desk.tx((tx) => readApprovalCard(desk.context, tx, approval));
  if (!runCard || !card) throw new TypeError('the cards are missing');
  for (const message of [
    runMessage(runCard),
    approvalMessage(card),
    outcomeMessage(card),
    reminderMessage(card),
    aloneMessage(card),
    secretWantedMessage(card, card.stepRun),
    secretLostMessage(card, card.stepRun),
  ])
    expect(message.text).toContain('🎭 REHEARSAL · ');
  const facts = ((await desk.facts(incident.number)) as MarkedFact[]).filter(({ rehearsal }) => rehearsal);
  expect(facts.map(({ kind }) => kind)).toContain('step_finished');
  const [fact] = facts;
  if (!fact) throw new TypeError('nothing was told');
  expect(describeEvent({ id: 1, at: new Date(0), actor: 'UALICE', fact }, (id) => id)).toBe(
    '[REHEARSAL] UALICE opened RB-50: The queue is slow',
  );
  const entries = (await desk.audit()).filter(({ action }) => action.startsWith('run.'));
  expect(entries.every(({ data }) => data.rehearsal === true)).toBe(true);
});

test('the same story for real reaches its targets, so that the count above means something', async () => {
  sent = 0;
  desk.target.answer('/calm', { body: { calm: true } });
  await play(false, null);
  expect(sent).toBe(4);
  expect(desk.target.hits.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /peek',
    'POST /flush',
    'GET /calm',
    'POST /bypass',
  ]);
});
