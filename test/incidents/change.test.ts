import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listUpdates, readProgress } from '../../src/db/incidents.ts';
import type { Incident } from '../../src/domain/incident.ts';
import {
  acknowledgeIncident,
  changeSeverity,
  postUpdate,
  resolveIncident,
  takeCommand,
} from '../../src/incidents/change.ts';
import { incidentFor, listOpen } from '../../src/incidents/find.ts';
import { readIncidentCard } from '../../src/incidents/incident-card.ts';
import { ALICE, BOB, type Desk, freshKey, GUEST, openDesk } from '../support/desk.ts';
import { advance } from '../support/moved-time.ts';

let desk: Desk;
let incident: Incident;
beforeAll(async () => {
  desk = await openDesk();
});
beforeEach(async () => {
  incident = await desk.declare();
  await desk.work();
  await desk.deliverAll();
});
afterEach(() => desk.db.log.expectNoErrors());
afterAll(() => desk.close());

const kinds = async () => (await desk.facts(incident.number)).map((fact) => fact.kind);
const waiting = async () =>
  (await desk.outbox()).filter((row) => row.state === 'pending').map((row) => row.intent.type);
const reread = () => incidentFor(desk.context, { channel: 'C0', number: incident.number });
const on = (actor = BOB) => ({ incident: incident.number, actor });

describe('acknowledging', () => {
  test('stops the pages, is told on the timeline, in the audit log and on every card', async () => {
    await advance(desk.db.pool, '90 seconds');
    expect((await acknowledgeIncident(desk.context, on())).first).toBe(true);
    const last = (await desk.facts(incident.number)).at(-1);
    expect(last).toMatchObject({ kind: 'acknowledged' });
    expect(last?.kind === 'acknowledged' && Math.round(last.afterMs / 1000)).toBeGreaterThanOrEqual(90);
    expect((await desk.audit()).at(-1)).toMatchObject({ action: 'incident.acknowledged', actor: 'UBOB' });
    expect(await waiting()).toEqual(['page.refresh', 'incident.ladder', 'incident.announcement']);
    await desk.work();
    await advance(desk.db.pool, '1 hour');
    await desk.work();
    expect(await waiting()).not.toContainEqual(expect.objectContaining({ page: 1 }));
    expect((await kinds()).filter((kind) => kind === 'acknowledged')).toHaveLength(1);
  });

  test('twice, one after the other or at once, counts once and keeps the first', async () => {
    const results = await Promise.all([ALICE, BOB, ALICE].map((actor) => acknowledgeIncident(desk.context, on(actor))));
    expect(results.filter((one) => one.first)).toHaveLength(1);
    expect((await acknowledgeIncident(desk.context, on())).first).toBe(false);
    expect((await kinds()).filter((kind) => kind === 'acknowledged')).toHaveLength(1);
  });

  test('is refused to a guest, with nothing changed', async () => {
    await expect(acknowledgeIncident(desk.context, on(GUEST))).rejects.toThrow('Only members of this workspace');
    expect(await waiting()).toEqual([]);
  });
});

describe('command', () => {
  test('is taken from nobody and from somebody, and not from oneself', async () => {
    await takeCommand(desk.context, on(ALICE));
    await takeCommand(desk.context, on(BOB));
    await expect(takeCommand(desk.context, on(BOB))).rejects.toThrow(
      `You are already in command of incident ${incident.number}.`,
    );
    expect((await desk.facts(incident.number)).slice(-2)).toEqual([
      { kind: 'commander_taken', commander: 'UALICE', before: null },
      { kind: 'commander_taken', commander: 'UBOB', before: 'UALICE' },
    ]);
  });
});

describe('the severity', () => {
  const change = (severity: string, reason = '') =>
    changeSeverity(desk.context, { ...on(), severity, reason, requestKey: freshKey() });

  test('changes within its own scheme, with its reason', async () => {
    await change('sev2', 'only some');
    expect(await reread()).toMatchObject({ incident: { severity: 'SEV2', rank: 2, warRoom: 'hub-thread' } });
    expect((await desk.facts(incident.number)).at(-1)).toEqual({
      kind: 'severity_changed',
      from: 'SEV1',
      to: 'SEV2',
      reason: 'only some',
    });
    await expect(change('P1')).rejects.toThrow('Shop has no severity “P1”; choose one of SEV1, SEV2, SEV3.');
    await expect(change('SEV2')).rejects.toThrow(`Incident ${incident.number} is SEV2 already.`);
  });

  test('that is confirmed counts as assessed, once', async () => {
    await change('SEV1', 'really that bad');
    expect(await desk.tx((tx) => readProgress(tx, incident.number))).toMatchObject({ assessed: true });
    expect((await desk.facts(incident.number)).at(-1)).toMatchObject({ from: 'SEV1', to: 'SEV1' });
    await expect(change('SEV1')).rejects.toThrow(`Incident ${incident.number} is SEV1 already.`);
  });

  test('that rises brings the deadlines of the new level, its room and its ladder', async () => {
    const mild = await desk.declare({ severity: 'SEV3' });
    await desk.work();
    await desk.deliverAll();
    expect(await desk.jobs()).not.toContain(`incident.milestone:${mild.number}:inform`);
    await changeSeverity(desk.context, {
      incident: mild.number,
      actor: BOB,
      severity: 'SEV1',
      reason: '',
      requestKey: freshKey(),
    });
    expect(await desk.jobs()).toEqual(
      expect.arrayContaining([`incident.milestone:${mild.number}:inform`, `escalation.tick:${mild.number}`]),
    );
    expect(await waiting()).toEqual(expect.arrayContaining(['incident.room', 'incident.ladder']));
  });

  test('that rises is looked at by the ladders of the other incidents as well', async () => {
    for (const open of await listOpen(desk.context)) {
      await resolveIncident(desk.context, { ...on(), incident: open.number, summary: 'x', requestKey: freshKey() });
    }
    const first = await desk.declare({ severity: 'SEV2' });
    const second = await desk.declare({ severity: 'SEV3' });
    await desk.work();
    await changeSeverity(desk.context, {
      incident: second.number,
      actor: BOB,
      severity: 'SEV2',
      reason: '',
      requestKey: freshKey(),
    });
    await desk.work();
    for (const number of [first.number, second.number]) {
      expect(await desk.facts(number)).toContainEqual(expect.objectContaining({ kind: 'paged', rung: 'Third rung' }));
    }
    for (const number of [first.number, second.number])
      await resolveIncident(desk.context, { incident: number, actor: BOB, summary: 'x', requestKey: freshKey() });
  });
});

describe('an update', () => {
  test('is posted once however often it is submitted', async () => {
    const update = { ...on(), text: ' We know why.\nFix in 10 min. ', requestKey: freshKey() };
    await Promise.all([1, 2, 3].map(() => postUpdate(desk.context, update)));
    expect(await desk.tx((tx) => listUpdates(tx, incident.number))).toMatchObject([
      { author: 'UBOB', text: 'We know why.\nFix in 10 min.' },
    ]);
    expect((await kinds()).filter((kind) => kind === 'update_posted')).toHaveLength(1);
    const card = await desk.tx((tx) => readIncidentCard(desk.context, tx, incident.number));
    expect(card?.deadlines.find((one) => one.milestone.id === 'inform')?.settled).toBe(true);
  });

  test('without a word is refused', async () => {
    await expect(postUpdate(desk.context, { ...on(), text: ' ', requestKey: freshKey() })).rejects.toThrow(
      'Write a sentence for the update.',
    );
  });
});

describe('resolving', () => {
  const resolve = (different = {}) =>
    resolveIncident(desk.context, { ...on(), summary: 'Restarted it.', requestKey: freshKey(), ...different });

  test('ends every timer and page and sends the closing message', async () => {
    await resolve();
    expect(await reread()).toMatchObject({
      incident: { status: 'resolved', resolvedBy: 'UBOB', summary: 'Restarted it.' },
    });
    expect((await desk.jobs()).filter((key) => key.split(':')[1] === String(incident.number))).toEqual([]);
    expect(await waiting()).toEqual(
      expect.arrayContaining(['page.refresh', 'incident.ladder', 'incident.closing', 'incident.announcement']),
    );
    await advance(desk.db.pool, '5 hours');
    await desk.work();
    expect((await kinds()).at(-1)).toBe('resolved');
  });

  test('twice with one key, also at once, is one resolution and no complaint', async () => {
    const requestKey = freshKey();
    const all = await Promise.all([1, 2, 3].map(() => resolve({ requestKey })));
    expect(all.map((one) => one.number)).toEqual([incident.number, incident.number, incident.number]);
    await resolve({ requestKey });
    expect((await kinds()).filter((kind) => kind === 'resolved')).toHaveLength(1);
  });

  test('is final: what comes later is told so', async () => {
    await resolve();
    const message = `Incident ${incident.number} is resolved already; declare a new one if it is back.`;
    await expect(resolve()).rejects.toThrow(message);
    await expect(acknowledgeIncident(desk.context, on())).rejects.toThrow(message);
    await expect(takeCommand(desk.context, on())).rejects.toThrow(message);
  });

  test('needs a summary and leaves everything as it was without one', async () => {
    await expect(resolve({ summary: '' })).rejects.toThrow('Write a sentence for the summary.');
    expect(await reread()).toMatchObject({ incident: { status: 'open' } });
  });

  test('works when the system has left the packs', async () => {
    const packs = { ...desk.context.packs(), systems: new Map() };
    const context = desk.with({ packs: () => packs });
    await resolveIncident(context, { ...on(), summary: 'Gone.', requestKey: freshKey() });
    expect(await reread()).toMatchObject({ incident: { status: 'resolved' } });
  });

  test('of an incident that does not exist says where to look', async () => {
    await expect(resolve({ incident: 4711 })).rejects.toThrow(
      'There is no incident 4711; /incident list shows the open ones.',
    );
  });
});
