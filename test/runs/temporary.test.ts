import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Run } from '../../src/domain/run.ts';
import { resolveIncident } from '../../src/incidents/change.ts';
import { readIncidentCard } from '../../src/incidents/incident-card.ts';
import { readRunCard } from '../../src/runs/run-card.ts';
import { tickStep } from '../../src/runs/tick-step.ts';
import { temporaryLine } from '../../src/slack/views/temporary.ts';
import { ALICE, BOB, type Desk, freshKey, openDesk } from '../support/desk.ts';
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
  for (const path of ['/bypass', '/bypass-off', '/override']) desk.target.answer(path, {});
});
afterEach(async () => {
  desk.db.log.expectNoErrors();
  await desk.db.pool.query('delete from temporary_states');
  await desk.db.pool.query('delete from target_locks');
});
afterAll(() => desk.close());

const run = async (where: Run, step: string) => {
  await runs.approve(await runs.request(where, step));
  await desk.work();
};
const temporary = async (where: Run) =>
  (await desk.tx((tx) => readRunCard(desk.context, tx, where.id)))?.temporary.map(({ title, certain }) => ({
    title,
    certain,
  }));
const resolve = (incident: number, leave?: string) =>
  resolveIncident(desk.context, {
    incident,
    actor: ALICE,
    summary: 'It works again.',
    requestKey: freshKey(),
    ...(leave === undefined ? {} : { leave }),
  });

test('what a private incident left is warned of elsewhere, without who and why', async () => {
  const secret = await desk.declare({ private: true });
  const inside = await runs.open('RB-50', secret.number);
  await run(inside, 'bypass');
  await resolve(secret.number, 'The stolen key still works without it.');
  const cards = async (where: Run) => (await desk.tx((tx) => readRunCard(desk.context, tx, where.id)))?.temporary;
  expect(await cards(inside)).toMatchObject([
    { begunBy: 'UALICE', leftReason: 'The stolen key still works without it.' },
  ]);
  const outside = await cards(await runs.open('RB-50'));
  expect(outside).toMatchObject([{ title: 'Bypass', begunBy: null, leftBy: null, leftReason: null, incident: null }]);
  expect(outside?.map(temporaryLine).join('')).not.toMatch(/somebody|UALICE|stolen/u);
});

describe('a step that leaves something temporary behind', () => {
  test('is remembered on the cards until its revert step ran, in whichever run of the runbook', async () => {
    const incident = await desk.declare();
    const first = await runs.open('RB-50', incident.number);
    await run(first, 'bypass');
    await run(first, 'bypass');
    expect(await temporary(first)).toEqual([{ title: 'Bypass', certain: true }]);
    const card = await desk.tx((tx) => readIncidentCard(desk.context, tx, incident.number));
    expect(card?.temporary).toMatchObject([{ title: 'Bypass', revertStep: 'bypass_off', begunBy: 'UALICE' }]);
    const second = await runs.open('RB-50');
    expect(await temporary(second)).toHaveLength(1);
    desk.target.answer('/bypass-off', { status: 500 });
    await run(second, 'bypass_off');
    expect(await temporary(first)).toHaveLength(1);
    desk.target.answer('/bypass-off', {});
    await run(second, 'bypass_off');
    expect(await temporary(first)).toEqual([]);
    const kinds = (await desk.facts(incident.number)).map(({ kind }) => kind).filter((kind) => /temporary/u.test(kind));
    expect(kinds).toEqual(['temporary_begun', 'temporary_ended']);
  });

  test('may be taken back by a person, who ticks it', async () => {
    const where = await runs.open('RB-50');
    const tick = () => tickStep(desk.context, { run: where.id, step: 'manual_1', actor: BOB });
    await tick();
    await run(where, 'override');
    expect(await temporary(where)).toEqual([{ title: 'Override', certain: true }]);
    await tick();
    expect(await temporary(where)).toEqual([]);
  });

  test('that may have taken effect is remembered, one that failed is not', async () => {
    const where = await runs.open('RB-50');
    desk.target.answer('/bypass', { status: 500 });
    await run(where, 'bypass');
    expect(await temporary(where)).toEqual([]);
    desk.target.answer('/bypass', { status: 504 });
    await run(where, 'bypass');
    expect(await temporary(where)).toEqual([{ title: 'Bypass', certain: false }]);
  });

  test('keeps its incident open, unless somebody says why it stays', async () => {
    const incident = await desk.declare();
    await run(await runs.open('RB-50', incident.number), 'bypass');
    const refused = resolve(incident.number);
    await expect(refused).rejects.toThrow(
      "Something temporary is still in place: “Bypass”; revert it on the incident's card, or say why it is left.",
    );
    await expect(refused).rejects.toMatchObject({ context: { field: 'leave' } });
    await resolve(incident.number, 'The provider comes back on Monday.');
    expect((await desk.facts(incident.number)).find(({ kind }) => kind === 'temporary_left')).toEqual({
      kind: 'temporary_left',
      steps: ['Bypass'],
      reason: 'The provider comes back on Monday.',
    });
    expect(await temporary(await runs.open('RB-50'))).toHaveLength(1);
  });

  test('can be taken back in a run that is too old for anything else', async () => {
    const where = await runs.open('RB-50');
    await run(where, 'bypass');
    await advance(desk.db.pool, '3 hours');
    await expect(runs.request(where, 'bypass')).rejects.toThrow('This run was opened more than 2h ago');
    await run(where, 'bypass_off');
    expect(await temporary(where)).toEqual([]);
    await advance(desk.db.pool, '-3 hours');
  });
});
