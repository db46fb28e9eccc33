import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { insertPage } from '../../src/db/escalations.ts';
import { insertUpdate, updateRoom } from '../../src/db/incidents.ts';
import { saveMessage } from '../../src/db/messages.ts';
import { reading } from '../../src/db/transaction.ts';
import { coalesceKey, type Intent } from '../../src/domain/intents.ts';
import type { Delivery } from '../../src/notify/delivery.ts';
import type { SlackCaller } from '../../src/slack/client.ts';
import type { DeliverDeps } from '../../src/slack/deliver/deliver-context.ts';
import { deliverUpdate } from '../../src/slack/deliver/incident-messages.ts';
import { deliverPage, deliverUnreachable } from '../../src/slack/deliver/pages.ts';
import { createMetrics } from '../../src/web/metrics.ts';
import { runsOf } from '../runs/support.ts';
import { ALICE, type Desk, openDesk } from '../support/desk.ts';

/** Slack as far as messages go: remembers every call, in order. */
class Border {
  sent: { method: string; args: Record<string, unknown> }[] = [];
  readonly call = (async (_lane: string, method: string, args: Record<string, unknown>) => {
    this.sent.push({ method, args });
    if (method === 'users.info') return { user: { id: args.user, team_id: 'T1', name: 'x', profile: {} } };
    if (method === 'usergroups.users.list') return { users: ['UCAROL'] };
    if (method === 'conversations.open') return { channel: { id: `D-${String(args.users)}` } };
    return { ok: true, ts: `1.${this.sent.length}`, channel: args.channel };
  }) as unknown as SlackCaller;

  /** What was posted in a channel, as one text. */
  in(channel: string): string {
    const posted = this.sent.filter(({ method, args }) => method === 'chat.postMessage' && args.channel === channel);
    return posted.map(({ args }) => JSON.stringify(args)).join('\n');
  }

  /** Methods with where they went, without questions. */
  get steps(): string[] {
    return this.sent
      .filter(({ method }) => /^(?:chat|conversations\.invite)/u.test(method))
      .map(({ method, args }) => `${method} ${String(args.channel)}${args.users ? ` ${String(args.users)}` : ''}`);
  }
}

let desk: Desk;
let border: Border;
let deps: DeliverDeps;

beforeAll(async () => {
  desk = await openDesk();
  await desk.db.owner.query('alter table incidents alter column number restart with 7700');
});
beforeEach(async () => {
  await desk.db.owner.query('truncate messages, outbox');
  border = new Border();
  const contacts = { shop: { 'on-call': ['UBOB'], lead: ['SGROUP'] } };
  const context = desk.with({ settings: { ...desk.context.settings, contacts } });
  const identity = async () => ({ botId: 'B1', botUserId: 'UBOT', teamId: 'T1', url: 'https://x.slack.com/' });
  deps = { pool: desk.db.pool, call: border.call, log: desk.context.log, context, hub: async () => 'C0HUB', identity };
});
afterAll(() => desk.close());

function delivery<T extends Intent>(intent: T): Delivery<T> {
  const signal = new AbortController().signal;
  return { intent, key: coalesceKey(intent), attempt: 1, createdAt: new Date(), uncertainSince: null, signal };
}

/** A private incident with an open page for a contact, in its room unless it is not there yet. */
async function paged(contact: string, room = true): Promise<{ incident: number; page: number }> {
  const { number } = await desk.declare({ private: true, title: 'Zanzibar breach', impact: 'Zanzibar is lost' });
  if (room) await desk.tx((tx) => updateRoom(tx, number, { channel: 'C0SECRET', thread: null }));
  const due = { incident: number, rung: 'l1', contact, dueAt: new Date() };
  return { incident: number, page: await desk.tx((tx) => insertPage(tx, due)) };
}

describe('a page of a private incident', () => {
  test('that reached nobody is said loudly in the hub without which one it is, and to its room with everything', async () => {
    const { incident, page } = await paged('on-call');
    await deliverUnreachable(deps, delivery({ type: 'page.unreachable', page }));
    const hub = border.in('C0HUB');
    expect(hub).toContain('<!channel> 🚨');
    expect(hub).toContain('nobody was reached');
    expect(hub).toContain('"incident.list"');
    for (const secret of [String(incident), 'Zanzibar', 'SEV1', 'C0SECRET', 'On-call', 'Shop', 'UBOB'])
      expect(hub).not.toContain(secret);
    expect(border.in('C0SECRET')).toContain('Zanzibar breach');
    expect(border.in('C0SECRET')).toContain('"incident.acknowledge"');
  });

  test('that reached nobody before there is a room is said to who declared it', async () => {
    const { page } = await paged('on-call', false);
    await deliverUnreachable(deps, delivery({ type: 'page.unreachable', page }));
    expect(border.in('C0HUB')).not.toContain('Zanzibar');
    expect(border.in('D-UALICE')).toContain('Zanzibar breach');
    expect(border.in('D-UALICE')).toContain('"incident.acknowledge"');
  });

  test('lets who is paged into the room first, and says on their lock screen nothing of what it is about', async () => {
    const { incident, page } = await paged('on-call');
    await deliverPage(deps, delivery({ type: 'page.send', page, ordinal: 1 }));
    expect(border.steps).toEqual(['conversations.invite C0SECRET UBOB', 'chat.postMessage D-UBOB']);
    expect(border.in('D-UBOB')).toContain(`incident ${incident}`);
    expect(border.in('D-UBOB')).not.toContain('Zanzibar');
  });

  test('for a user group lets its members in before the mention, because a mention calls nobody who is outside', async () => {
    const { page } = await paged('lead');
    await deliverPage(deps, delivery({ type: 'page.send', page, ordinal: 1 }));
    expect(border.steps).toEqual(['conversations.invite C0SECRET UCAROL', 'chat.postMessage C0SECRET']);
    expect(border.in('C0SECRET')).toContain('<!subteam^SGROUP>');
  });
});

test('an incident that was made private after its announcement is not updated in the hub any more', async () => {
  const { number } = await desk.declare();
  await desk.tx(async (tx) => {
    await updateRoom(tx, number, { channel: 'C0ROOM', thread: null });
    const slot = coalesceKey({ type: 'incident.announcement', incident: number });
    await saveMessage(tx, slot, { channel: 'C0HUB', ts: '1.1', contentHash: '' });
  });
  await desk.db.pool.query('update incidents set private = true where number = $1', [number]);
  const update = await desk.tx((tx) => insertUpdate(tx, number, ALICE.id, 'The thief is found.'));
  await deliverUpdate(deps, delivery({ type: 'incident.update', incident: number, update }));
  expect(border.in('C0ROOM')).toContain('The thief is found.');
  expect(border.in('C0HUB')).toBe('');
});

test('/metrics counts neither private incidents nor their pages and approvals', async () => {
  const metrics = createMetrics(reading(desk.db.pool));
  const counted = async () =>
    (await metrics.render()).split('\n').filter((line) => /^warroom_(?:open|pending)/u.test(line));
  const before = await counted();
  const { incident } = await paged('on-call');
  const runs = runsOf(desk);
  await runs.request(await runs.open('RB-1', incident), 'drain');
  expect(await counted()).toEqual(before);
  const { number } = await desk.declare();
  await desk.tx((tx) => insertPage(tx, { incident: number, rung: 'l1', contact: 'on-call', dueAt: new Date() }));
  await runs.request(await runs.open('RB-1', number), 'drain');
  await runs.request(await runs.open('RB-1'), 'drain');
  const sum = (lines: string[]) => lines.reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
  expect(sum(await counted()) - sum(before)).toBe(4);
  metrics.stop();
});
