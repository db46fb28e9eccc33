import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listPages } from '../../src/db/escalations.ts';
import type { Page } from '../../src/domain/escalation.ts';
import type { Incident } from '../../src/domain/incident.ts';
import type { TimelineFact } from '../../src/domain/timeline.ts';
import { acknowledgePage, escalateNow, resumeLadder, skipRung, stopLadder } from '../../src/escalation/climb.ts';
import { readLadder } from '../../src/escalation/ladder.ts';
import { tickEscalation } from '../../src/escalation/tick.ts';
import { pageUnreachable } from '../../src/escalation/unreachable.ts';
import { acknowledgeIncident, resolveIncident } from '../../src/incidents/change.ts';
import { ALICE, BOB, type Desk, freshKey, GUEST, openDesk } from '../support/desk.ts';
import { advance } from '../support/moved-time.ts';

let desk: Desk;
let incident: Incident;
beforeAll(async () => {
  desk = await openDesk();
});
beforeEach(async () => {
  incident = await desk.declare();
});
afterEach(async () => {
  await resolveIncident(desk.context, { ...on(), summary: 'over', requestKey: freshKey() }).catch(() => undefined);
  desk.db.log.expectNoErrors();
});
afterAll(() => desk.close());

const on = (actor = BOB) => ({ incident: incident.number, actor });
const paged = async () =>
  (await desk.facts(incident.number)).filter(
    (fact): fact is Extract<TimelineFact, { kind: 'paged' }> => fact.kind === 'paged',
  );
const pages = (): Promise<Page[]> => desk.tx((tx) => listPages(tx, incident.number));
const sends = async () => {
  const own = new Set((await pages()).map((page) => page.id));
  return (await desk.outbox()).flatMap(({ intent }) =>
    intent.type === 'page.send' && own.has(intent.page) ? [`${intent.page}:${intent.ordinal}`] : [],
  ).length;
};
const wait = async (interval: string) => {
  await advance(desk.db.pool, interval);
  await desk.work();
};
const ladder = () => desk.tx((tx) => readLadder(desk.context, tx, incident.number));

describe('a ladder over time', () => {
  test('pages at once, repeats, and climbs at its times, each once', async () => {
    await desk.work();
    expect((await paged()).map((fact) => [fact.contact, fact.lateMs])).toEqual([['On-call engineer', 0]]);
    await wait('5 minutes 1 second');
    expect((await pages()).map((page) => page.sends)).toEqual([2]);
    await wait('5 minutes');
    expect((await paged()).map((fact) => fact.contact)).toEqual(['On-call engineer', 'Tech Lead']);
    await wait('5 minutes');
    await wait('5 minutes');
    expect((await pages()).map((page) => page.sends)).toEqual([3, 2]);
    await wait('10 minutes');
    await wait('1 hour');
    expect((await paged()).map((fact) => fact.rung)).toEqual(['First rung', 'Second rung', 'Third rung']);
    expect((await pages()).map((page) => page.sends)).toEqual([3, 2, 2]);
    expect(await sends()).toBe(7);
  });

  test('fires what an outage delayed at once, once, and says how late', async () => {
    await desk.work();
    await wait('50 minutes');
    const late = (await paged()).map((fact) => [fact.rung, Math.round(fact.lateMs / 60_000)]);
    expect(late).toEqual([
      ['First rung', 0],
      ['Second rung', 40],
      ['Third rung', 20],
    ]);
    expect((await pages()).map((page) => page.sends)).toEqual([2, 1, 1]);
  });

  test('pages once, whoever looks and however often: replicas, repeats, a clock set back', async () => {
    const look = () => tickEscalation(desk.context, incident.number);
    await Promise.all([look(), look(), look(), look()]);
    await advance(desk.db.pool, '10 minutes 5 seconds');
    await Promise.all([look(), look(), look()]);
    await advance(desk.db.pool, '-9 minutes');
    await look();
    await advance(desk.db.pool, '9 minutes');
    await look();
    expect((await paged()).map((fact) => fact.rung)).toEqual(['First rung', 'Second rung']);
    expect(await sends()).toBe(3);
  });

  test('loses nothing when its process dies between the decision and its record', async () => {
    await desk.db.owner.query(`
      create function crash() returns trigger language plpgsql as $$ begin raise exception 'crash'; end $$;
      create trigger crash before insert on outbox for each row execute function crash()`);
    await expect(tickEscalation(desk.context, incident.number)).rejects.toThrow('crash');
    expect(await paged()).toEqual([]);
    expect(await pages()).toEqual([]);
    await desk.db.owner.query('drop trigger crash on outbox; drop function crash()');
    await desk.work();
    expect(await paged()).toHaveLength(1);
    expect(await sends()).toBe(1);
  });

  test('waits for its system to return when the packs cannot be read for a while', async () => {
    const empty = { ...desk.context.packs(), systems: new Map() };
    await desk.work(desk.with({ packs: () => empty }));
    expect(await paged()).toEqual([]);
    await wait('2 minutes');
    expect(await paged()).toHaveLength(1);
  });
});

describe('an acknowledgement', () => {
  test('of the incident ends the repeats, while rungs that count from the opening go on', async () => {
    await desk.work();
    await acknowledgeIncident(desk.context, on());
    await wait('5 minutes 1 second');
    await wait('10 minutes');
    expect(await sends()).toBe(1);
    await wait('20 minutes');
    expect((await paged()).map((fact) => fact.rung)).toEqual(['First rung', 'Third rung']);
  });

  test('of one page acknowledges the incident and answers every page that waited for it', async () => {
    await desk.work();
    await wait('10 minutes 1 second');
    const [, second] = await pages();
    const before = await sends();
    const click = { page: second?.id ?? 0, actor: ALICE };
    const clicks = await Promise.all([1, 2, 3].map(() => acknowledgePage(desk.context, click)));
    expect(clicks.filter((one) => one.first)).toHaveLength(1);
    await wait('6 minutes');
    await wait('6 minutes');
    expect(await sends()).toBe(before);
    expect((await desk.facts(incident.number)).map((fact) => fact.kind).slice(-2)).toEqual([
      'page_acknowledged',
      'acknowledged',
    ]);
  });

  test('is refused to a guest, for a page that is not there, and after the end', async () => {
    await desk.work();
    const [first] = await pages();
    const page = first?.id ?? 0;
    await expect(acknowledgePage(desk.context, { page, actor: GUEST })).rejects.toThrow('Only members');
    await expect(acknowledgePage(desk.context, { page: 4711, actor: BOB })).rejects.toThrow('This page does not exist');
    await resolveIncident(desk.context, { ...on(), summary: 'x', requestKey: freshKey() });
    await expect(acknowledgePage(desk.context, { page, actor: BOB })).rejects.toThrow('is resolved already');
  });
});

describe('by hand', () => {
  test('Next rung pages the next one now, and it is not paged again at its time', async () => {
    await desk.work();
    expect(await escalateNow(desk.context, on())).toEqual({ contact: 'Tech Lead' });
    expect((await paged()).at(-1)).toMatchObject({ rung: 'Second rung', by: 'UBOB', lateMs: 0 });
    await wait('12 minutes');
    expect((await paged()).filter((fact) => fact.rung === 'Second rung')).toHaveLength(1);
  });

  test('Skip leaves a rung out, and at the end nothing is left to press', async () => {
    await desk.work();
    expect(await skipRung(desk.context, on())).toEqual({ contact: 'Tech Lead' });
    await skipRung(desk.context, on());
    await escalateNow(desk.context, on());
    await expect(escalateNow(desk.context, on())).rejects.toThrow(
      `Incident ${incident.number} has no rung left: everybody on the ladder was paged or skipped.`,
    );
    await wait('1 hour');
    expect((await paged()).map((fact) => fact.rung)).toEqual(['First rung', 'Vendor rung']);
    const states = (await ladder())?.rungs.map((status) => status.record?.state);
    expect(states).toEqual(['fired', 'skipped', 'skipped', 'fired']);
  });

  test('two clicks on Next rung at once page two rungs, never one twice', async () => {
    await desk.work();
    const contacts = await Promise.all([ALICE, BOB].map((actor) => escalateNow(desk.context, on(actor))));
    expect(contacts.map((one) => one.contact).sort()).toEqual(['Tech Lead', 'VP Engineering']);
    expect(new Set((await pages()).map((page) => page.rung)).size).toBe(3);
  });

  test('Resume sends a page that Stop caught on its way to Slack, and none that had arrived', async () => {
    const waiting = async () =>
      (await desk.outbox()).flatMap(({ intent, state }) =>
        intent.type === 'page.send' && state === 'pending' ? [`${intent.page}:${intent.ordinal}`] : [],
      );
    await desk.work();
    await stopLadder(desk.context, on());
    // Delivered while it was stopped: there was nothing to say.
    await desk.db.pool.query(`update outbox set state = 'obsolete' where state = 'pending'`);
    await resumeLadder(desk.context, on());
    const [page] = await pages();
    expect(await waiting()).toEqual([`${page?.id}:1`]);
    await desk.deliverAll();
    await stopLadder(desk.context, on());
    await resumeLadder(desk.context, on());
    expect(await waiting()).toEqual([]);
  });

  test('Stop silences everything until Resume, which pages what came due once and goes on repeating', async () => {
    await desk.work();
    await stopLadder(desk.context, on());
    await expect(stopLadder(desk.context, on())).rejects.toThrow('is stopped already');
    await wait('11 minutes');
    expect(await sends()).toBe(1);
    expect((await ladder())?.stopped).toMatchObject({ by: 'UBOB' });
    await resumeLadder(desk.context, on(ALICE));
    await expect(resumeLadder(desk.context, on())).rejects.toThrow('is running already');
    await desk.work();
    expect((await paged()).map((fact) => fact.rung)).toEqual(['First rung', 'Second rung']);
    // The unanswered first page is open again, and its missed repeats collapse into one.
    expect((await pages()).map((page) => [page.state, page.sends])).toEqual([
      ['open', 2],
      ['open', 1],
    ]);
  });

  test('is refused to guests', async () => {
    for (const press of [escalateNow, skipRung, stopLadder, resumeLadder])
      await expect(press(desk.context, on(GUEST))).rejects.toThrow('Only members');
  });
});

describe('a page that reached nobody', () => {
  const unreachable = async () => {
    const page = (await pages()).at(-1)?.id ?? 0;
    const failure = { page, reason: 'nobody is named' };
    await desk.tx((tx) => pageUnreachable(tx, desk.context, failure));
    await desk.tx((tx) => pageUnreachable(tx, desk.context, failure));
    return page;
  };

  test('is said loudly once, and the next rung that waits for an acknowledgement is paged at once', async () => {
    await desk.work();
    const page = await unreachable();
    await desk.work();
    expect((await desk.outbox()).map((row) => row.intent)).toContainEqual({ type: 'page.unreachable', page });
    expect((await desk.facts(incident.number)).filter((fact) => fact.kind === 'nobody_reached')).toEqual([
      { kind: 'nobody_reached', contact: 'On-call engineer', reason: 'nobody is named' },
    ]);
    expect((await paged()).map((fact) => [fact.rung, fact.lateMs])).toEqual([
      ['First rung', 0],
      ['Second rung', 0],
    ]);
    // Its own time brings nothing more.
    await wait('10 minutes 1 second');
    expect((await paged()).map((fact) => fact.rung)).toEqual(['First rung', 'Second rung']);
  });

  test('does not count when somebody has acknowledged it meanwhile', async () => {
    await desk.work();
    await acknowledgeIncident(desk.context, on());
    await unreachable();
    expect((await desk.facts(incident.number)).map((fact) => fact.kind)).not.toContain('nobody_reached');
  });
});

test('several incidents at once call the rung that is meant for that, on every one of them', async () => {
  const first = await desk.declare({ severity: 'SEV2' });
  await desk.work();
  const calls = async (number: number) =>
    (await desk.facts(number)).filter((fact) => fact.kind === 'paged' && fact.rung === 'Third rung').length;
  expect(await calls(first.number)).toBe(0);
  const second = await desk.declare({ severity: 'SEV2' });
  await desk.work();
  await desk.work();
  expect([await calls(first.number), await calls(second.number)]).toEqual([1, 1]);
  for (const { number } of [first, second])
    await resolveIncident(desk.context, { incident: number, actor: BOB, summary: 'x', requestKey: freshKey() });
});

test('customer impact of four hours calls its rung, whatever the severity', async () => {
  const impacted = await desk.declare({ severity: 'SEV3', customerImpact: true });
  await desk.work();
  await wait('3 hours 59 minutes');
  const rungs = async () =>
    (await desk.facts(impacted.number)).flatMap((fact) => (fact.kind === 'paged' ? [fact.rung] : []));
  expect(await rungs()).toEqual(['First rung']);
  await wait('2 minutes');
  expect(await rungs()).toEqual(['First rung', 'Third rung']);
});
