import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { updateRoom } from '../../src/db/incidents.ts';
import { rememberPerson } from '../../src/db/people.ts';
import { resolveIncident, takeCommand } from '../../src/incidents/change.ts';
import { incidentFor, listOpen, readTimeline } from '../../src/incidents/find.ts';
import { passMilestone } from '../../src/incidents/milestone.ts';
import { ALICE, BOB, type Desk, freshKey, openDesk } from '../support/desk.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

const HUB = 'CHUB';

describe('which incident a verb means', () => {
  test('is nobody to say while none is open', async () => {
    expect(await incidentFor(desk.context, { channel: HUB, number: null })).toEqual({ status: 'none' });
  });

  test('is its own in a war room, the named one with a number, and a choice in the hub', async () => {
    const worst = await desk.declare({ title: 'Worst' });
    const mild = await desk.declare({ title: 'Mild', severity: 'SEV3' });
    const threaded = await desk.declare({ title: 'In a thread', severity: 'SEV2' });
    await desk.tx((tx) => updateRoom(tx, worst.number, { channel: 'CROOM', thread: null }));
    await desk.tx((tx) => updateRoom(tx, threaded.number, { channel: HUB, thread: '1.1' }));
    expect(await incidentFor(desk.context, { channel: 'CROOM', number: null })).toMatchObject({
      status: 'one',
      incident: { number: worst.number },
    });
    expect(await incidentFor(desk.context, { channel: 'CROOM', number: mild.number })).toMatchObject({
      status: 'one',
      incident: { number: mild.number },
    });
    expect(await incidentFor(desk.context, { channel: HUB, number: null })).toMatchObject({
      status: 'choose',
      open: [{ title: 'Worst' }, { title: 'In a thread' }, { title: 'Mild' }],
    });
    expect((await listOpen(desk.context)).map((one) => one.title)).toEqual(['Worst', 'In a thread', 'Mild']);
    await expect(incidentFor(desk.context, { channel: HUB, number: 999 })).rejects.toThrow(
      'There is no incident 999; /incident list shows the open ones.',
    );
  });

  test('stays the same in a war room after the incident is resolved', async () => {
    const [open] = await listOpen(desk.context);
    const number = open?.number ?? 0;
    await resolveIncident(desk.context, { incident: number, actor: BOB, summary: 'Done.', requestKey: freshKey() });
    expect(await incidentFor(desk.context, { channel: 'CROOM', number: null })).toMatchObject({
      incident: { number, status: 'resolved' },
    });
  });
});

test('a timeline comes with the names of the people in it, as far as they are known', async () => {
  const incident = await desk.declare();
  await desk.tx((tx) => rememberPerson(tx, ALICE));
  await takeCommand(desk.context, { incident: incident.number, actor: ALICE });
  await takeCommand(desk.context, { incident: incident.number, actor: BOB });
  const timeline = await readTimeline(desk.context, incident.number);
  expect(timeline.events.map((event) => [event.fact.kind, event.actor])).toEqual([
    ['declared', 'UALICE'],
    ['commander_taken', 'UALICE'],
    ['commander_taken', 'UBOB'],
  ]);
  expect([...timeline.names]).toEqual([['UALICE', 'ualice']]);
  await expect(readTimeline(desk.context, 999)).rejects.toThrow('There is no incident 999');
});

test('a milestone that passes brings the cards up to date, and only of an open incident', async () => {
  const incident = await desk.declare();
  await desk.deliverAll();
  await passMilestone(desk.context, incident.number);
  expect((await desk.outbox()).filter((row) => row.state === 'pending').map((row) => row.intent)).toEqual([
    { type: 'incident.announcement', incident: incident.number },
  ]);
  await resolveIncident(desk.context, { incident: incident.number, actor: BOB, summary: 'x', requestKey: freshKey() });
  await desk.deliverAll();
  await passMilestone(desk.context, incident.number);
  expect((await desk.outbox()).filter((row) => row.state === 'pending')).toEqual([]);
});
