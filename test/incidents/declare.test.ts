import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readIncidentCard } from '../../src/incidents/incident-card.ts';
import { type Desk, freshKey, GUEST, openDesk } from '../support/desk.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterEach(() => desk.db.log.expectNoErrors());
afterAll(() => desk.close());

const count = async (table: string) =>
  Number((await desk.db.pool.query(`select count(*) as count from ${table}`)).rows[0].count);
const everything = async () => ({
  incidents: await count('incidents'),
  timeline: await count('timeline_events'),
  audit: await count('audit_entries'),
  outbox: await count('outbox'),
  jobs: await count('graphile_worker.jobs'),
  ladders: await count('ladders'),
});

describe('declaring an incident', () => {
  test('leaves its state, timeline, audit entry, timers and messages', async () => {
    const incident = await desk.declare({ title: ' API down -\nall requests failing ', impact: 'Nobody can buy' });
    expect(incident).toMatchObject({
      title: 'API down - all requests failing',
      system: 'shop',
      severity: 'SEV1',
      rank: 1,
      status: 'open',
      warRoom: 'channel',
      room: null,
      declaredBy: 'UALICE',
    });
    expect(await desk.facts(incident.number)).toEqual([
      { kind: 'declared', title: 'API down - all requests failing', severity: 'SEV1', impact: 'Nobody can buy' },
    ]);
    expect((await desk.audit()).at(-1)).toMatchObject({ action: 'incident.declared', actor: 'UALICE' });
    expect((await desk.outbox()).map((row) => row.intent)).toEqual([
      { type: 'incident.announcement', incident: incident.number },
      { type: 'incident.room', incident: incident.number },
    ]);
    expect(await desk.jobs()).toEqual([
      `escalation.tick:${incident.number}`,
      `incident.milestone:${incident.number}:acknowledge`,
      `incident.milestone:${incident.number}:assess`,
      `incident.milestone:${incident.number}:inform`,
    ]);
  });

  test('takes the room and the deadlines of its severity', async () => {
    const incident = await desk.declare({ severity: 'sev2' });
    expect(incident).toMatchObject({ severity: 'SEV2', warRoom: 'hub-thread' });
    const rooms = (await desk.outbox()).filter((row) => row.intent.type === 'incident.room');
    expect(rooms).not.toContainEqual(expect.objectContaining({ intent: { incident: incident.number } }));
    const card = await desk.tx((tx) => readIncidentCard(desk.context, tx, incident.number));
    expect(card?.deadlines.map((one) => one.milestone.id)).toEqual(['acknowledge', 'assess']);
  });

  test('twice with one key gives one incident, one after the other and at once', async () => {
    const requestKey = freshKey();
    const before = await everything();
    const numbers = new Set([(await desk.declare({ requestKey })).number]);
    const once = await everything();
    for (const again of await Promise.all([1, 2, 3, 4, 5].map(() => desk.declare({ requestKey }))))
      numbers.add(again.number);
    expect(numbers.size).toBe(1);
    expect(await everything()).toEqual(once);
    expect(once.incidents).toBe(before.incidents + 1);

    const key = freshKey();
    const atOnce = await Promise.all([1, 2, 3, 4, 5].map(() => desk.declare({ requestKey: key })));
    expect(new Set(atOnce.map((one) => one.number)).size).toBe(1);
    expect((await everything()).incidents).toBe(once.incidents + 1);
  });

  test('leaves nothing at all behind when it fails in the middle', async () => {
    const before = await everything();
    // The last thing that is written is a job; it cannot be.
    await desk.db.owner.query(
      `create function fail_jobs() returns trigger language plpgsql as $$ begin raise exception 'no room'; end $$`,
    );
    await desk.db.owner.query(
      `create trigger fail_jobs before insert on graphile_worker._private_jobs for each row execute function fail_jobs()`,
    );
    try {
      await expect(desk.declare()).rejects.toThrow('no room');
    } finally {
      await desk.db.owner.query('drop trigger fail_jobs on graphile_worker._private_jobs');
    }
    expect(await everything()).toEqual(before);
    const incident = await desk.declare();
    expect((await everything()).incidents).toBe(before.incidents + 1);
    expect(incident.status).toBe('open');
  });

  test.each([
    ['a guest', { actor: GUEST }, 'Only members of this workspace can do that; ask one of them to do it for you.'],
    ['an unknown system', { system: 'moon' }, 'There is no system “moon”; choose one of depot, shop.'],
    ['a severity of another system', { severity: 'P1' }, 'Shop has no severity “P1”; choose one of SEV1, SEV2, SEV3.'],
    [
      'an unknown runbook',
      { runbook: 'shop/RB-99' },
      'There is no runbook “shop/RB-99”; choose one of the list or none.',
    ],
    ['emoji only', { title: '🔥 :fire:' }, 'The title needs words, not only symbols: say what is wrong.'],
    [
      '3,001 characters',
      { impact: 'x'.repeat(3001) },
      'The customer impact has 3,001 characters; shorten it to 3,000.',
    ],
  ])('by or with %s is refused in one sentence and leaves nothing behind', async (_what, different, message) => {
    const before = await everything();
    await expect(desk.declare(different)).rejects.toMatchObject({ name: 'UserError', message });
    expect(await everything()).toEqual(before);
  });

  test('starts its ladder however many incidents are open', async () => {
    await desk.tx((tx) =>
      tx.query(
        `insert into incidents (request_key, title, system, severity, rank, declared_by, war_room)
         select 'many-' || n, 'many', 'depot', 'P1', 1, 'UALICE', 'none' from generate_series(1, 120) n`,
      ),
    );
    const incident = await desk.declare({ severity: 'SEV3' });
    expect(await desk.jobs()).toContain(`escalation.tick:${incident.number}`);
  });
});
