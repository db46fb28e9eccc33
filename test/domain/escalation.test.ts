import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type LadderView,
  latenessMs,
  nextRung,
  type Page,
  planEscalation,
  type RungRecord,
  waitingRungs,
} from '../../src/domain/escalation.ts';
import type { Incident } from '../../src/domain/incident.ts';
import type { Rung, RungTrigger } from '../../src/domain/system.ts';
import { incident, minutes, rung, T0 } from './examples.ts';

const SETTINGS = { seed: 1702, numRuns: 500 };
const MINUTE = 60_000;

/** A ladder that is looked at, in memory: what the use cases do with a plan, without their database. */
class World {
  incident: Incident = incident({ customerImpactSince: new Date(T0) });
  records: RungRecord[] = [];
  pages: Page[] = [];
  stopped = false;
  openBySeverity: Record<string, number> = { SEV1: 1 };
  readonly fired: { rung: string; at: number; dueAt: number; acknowledged: boolean; forced: boolean }[] = [];
  readonly repeated: { page: number; rung: string; at: number; before: number }[] = [];
  readonly rungs: readonly Rung[];

  constructor(rungs: readonly Rung[]) {
    this.rungs = rungs;
  }

  view(): LadderView {
    const { rungs, records, pages, stopped, openBySeverity } = this;
    return { rungs, incident: this.incident, records, pages, stopped, openBySeverity };
  }

  tick(now: Date): Date | null {
    const forcing = this.pages.at(-1)?.state === 'unreachable' && this.incident.acknowledgedAt === null;
    const plan = planEscalation(this.view(), now);
    for (const { rung, dueAt } of plan.fire) {
      const acknowledged = this.incident.acknowledgedAt !== null;
      this.fired.push({ rung: rung.id, at: now.getTime(), dueAt: dueAt.getTime(), acknowledged, forced: forcing });
      this.records.push({ rung: rung.id, state: 'fired' });
      this.pages.push(page(this.pages.length + 1, rung, now));
    }
    for (const { page: due } of plan.repeat) {
      this.repeated.push({ page: due.id, rung: due.rung, at: now.getTime(), before: due.lastSendAt.getTime() });
      this.change(due.id, { sends: due.sends + 1, lastSendAt: now });
    }
    return plan.nextAt;
  }

  change(id: number, different: Partial<Page>): void {
    this.pages = this.pages.map((one) => (one.id === id ? { ...one, ...different } : one));
  }
}

function page(id: number, of: Rung, now: Date, different: Partial<Page> = {}): Page {
  return {
    id,
    incident: 1,
    rung: of.id,
    contact: of.contact,
    state: 'open',
    sends: 1,
    lastSendAt: now,
    dueAt: now,
    createdAt: now,
    acknowledgedBy: null,
    acknowledgedAt: null,
    ...different,
  };
}

const trigger: fc.Arbitrary<RungTrigger> = fc.oneof(
  fc.record({
    kind: fc.constant('elapsed' as const),
    severity: fc.constantFrom('SEV1', 'SEV2'),
    afterMs: fc.integer({ min: 0, max: 60 }).map((count) => count * MINUTE),
  }),
  fc.record({ kind: fc.constant('several-open' as const), severity: fc.constant('SEV1'), count: fc.constant(2) }),
  fc.record({ kind: fc.constant('customer-impact' as const), afterMs: fc.constantFrom(0, 45 * MINUTE) }),
  fc.constant({ kind: 'manual' as const }),
);
const ladder = fc
  .array(
    fc.record({
      triggers: fc.array(trigger, { minLength: 1, maxLength: 3 }),
      until: fc.constantFrom('acknowledged' as const, 'resolved' as const),
      repeatEveryMs: fc.constantFrom(null, 5 * MINUTE, 10 * MINUTE),
      maxPages: fc.integer({ min: 1, max: 4 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((list) => list.map((one, index) => rung(`r${index}`, one)));
const step = fc.record({
  // Clock jumps, also backwards, and ticks at the same instant.
  move: fc.constantFrom(0, 1, 3, 5, 11, 30, 180, -7, -60),
  what: fc.constantFrom(
    ...(['tick', 'tick', 'tick', 'tick', 'acknowledge', 'page', 'unreachable', 'stop', 'resume', 'resolve'] as const),
    'several' as const,
  ),
});
const history = fc.array(step, { maxLength: 40, size: 'max' });

function run(rungs: readonly Rung[], steps: readonly { move: number; what: string }[]) {
  const world = new World(rungs);
  let now = T0;
  let silentFrom: number | null = null;
  const violations: string[] = [];
  for (const { move, what } of steps) {
    now += move * MINUTE;
    const before = world.fired.length + world.repeated.length;
    const over = world.stopped || world.incident.status === 'resolved';
    const last = world.pages.at(-1);
    if (what === 'tick') world.tick(new Date(now));
    else if (what === 'acknowledge') world.incident = { ...world.incident, acknowledgedAt: new Date(now) };
    else if (what === 'page' && last?.state === 'open') world.change(last.id, { state: 'acknowledged' });
    else if (what === 'unreachable' && last?.state === 'open') world.change(last.id, { state: 'unreachable' });
    else if (what === 'several') world.openBySeverity = { SEV1: 2 };
    else if (what === 'stop') world.stopped = true;
    else if (what === 'resume') world.stopped = false;
    else if (what === 'resolve') {
      world.incident = { ...world.incident, status: 'resolved' };
      silentFrom ??= world.fired.length + world.repeated.length;
    }
    if (over && world.fired.length + world.repeated.length > before) violations.push(what);
  }
  return { world, now, silentFrom, violations };
}

describe('whatever happens and whenever it is looked at', () => {
  test('each rung fires at most once', () => {
    fc.assert(
      fc.property(ladder, history, (rungs, steps) => {
        const fired = run(rungs, steps).world.fired.map((one) => one.rung);
        expect(new Set(fired).size).toBe(fired.length);
      }),
      SETTINGS,
    );
  });

  test('no rung fires before it is due', () => {
    fc.assert(
      fc.property(ladder, history, (rungs, steps) => {
        for (const one of run(rungs, steps).world.fired) {
          expect(one.at).toBeGreaterThanOrEqual(one.dueAt);
          if (one.forced) continue;
          const elapsed = rungs
            .find((candidate) => candidate.id === one.rung)
            ?.triggers.flatMap((each) => {
              if (each.kind === 'elapsed') return each.severity === 'SEV1' ? [each.afterMs] : [];
              if (each.kind === 'customer-impact') return [each.afterMs];
              return each.kind === 'several-open' ? [Number.NEGATIVE_INFINITY] : [];
            });
          expect(one.at - T0).toBeGreaterThanOrEqual(Math.min(...(elapsed ?? [])));
        }
      }),
      SETTINGS,
    );
  });

  test('nothing is paged while the ladder is stopped and after the incident is resolved', () => {
    fc.assert(
      fc.property(ladder, history, (rungs, steps) => {
        const { world, silentFrom, violations } = run(rungs, steps);
        expect(violations).toEqual([]);
        if (silentFrom !== null) expect(world.fired.length + world.repeated.length).toBe(silentFrom);
      }),
      SETTINGS,
    );
  });

  test('a rung that waits for an acknowledgement neither fires nor repeats after one', () => {
    fc.assert(
      fc.property(ladder, history, (rungs, steps) => {
        const { world } = run(rungs, steps);
        const until = (id: string) => rungs.find((candidate) => candidate.id === id)?.until;
        for (const one of world.fired) if (until(one.rung) === 'acknowledged') expect(one.acknowledged).toBe(false);
        const acknowledged = steps.findIndex((one) => one.what === 'acknowledge');
        if (acknowledged < 0) return;
        const early = run(rungs, steps.slice(0, acknowledged)).world.repeated.length;
        for (const one of world.repeated.slice(early)) expect(until(one.rung)).toBe('resolved');
      }),
      SETTINGS,
    );
  });

  test('missed repeats collapse into one, no repeat comes early, and none exceeds the most', () => {
    fc.assert(
      fc.property(ladder, history, (rungs, steps) => {
        const { world } = run(rungs, steps);
        for (const one of world.repeated) {
          const every = rungs.find((candidate) => candidate.id === one.rung)?.repeatEveryMs ?? Number.NaN;
          expect(one.at - one.before).toBeGreaterThanOrEqual(every);
        }
        const sends = new Map<string, number>();
        for (const one of world.repeated) {
          const key = `${one.page}@${one.at}`;
          sends.set(key, (sends.get(key) ?? 0) + 1);
        }
        for (const count of sends.values()) expect(count).toBe(1);
        for (const one of world.pages) {
          expect(one.sends).toBeLessThanOrEqual(rungs.find((candidate) => candidate.id === one.rung)?.maxPages ?? 0);
        }
      }),
      SETTINGS,
    );
  });

  test('a tick at the moment that the plan named does something, and a second one at once does nothing', () => {
    fc.assert(
      fc.property(ladder, history, (rungs, steps) => {
        const { world, now } = run(rungs, steps);
        world.tick(new Date(now));
        const nextAt = planEscalation(world.view(), new Date(now)).nextAt;
        const settled = world.fired.length + world.repeated.length;
        world.tick(new Date(now));
        const again = planEscalation(world.view(), new Date(now));
        // An unreachable page may bring one more rung forward; then it is quiet.
        world.tick(new Date(now));
        expect(again.fire.length + again.repeat.length).toBe(0);
        if (nextAt === null) return;
        expect(nextAt.getTime()).toBeGreaterThan(now);
        world.tick(new Date(nextAt.getTime() - 1));
        const before = world.fired.length + world.repeated.length;
        expect(before).toBe(settled);
        world.tick(nextAt);
        expect(world.fired.length + world.repeated.length).toBeGreaterThan(before);
      }),
      SETTINGS,
    );
  });
});

describe('a ladder', () => {
  const l1 = rung('l1', { repeatEveryMs: 5 * MINUTE, maxPages: 6 });
  const l2 = rung('l2', { triggers: [{ kind: 'elapsed', severity: 'SEV1', afterMs: 30 * MINUTE }] });
  const l3 = rung('l3', {
    triggers: [{ kind: 'elapsed', severity: 'SEV1', afterMs: 60 * MINUTE }],
    until: 'resolved',
  });

  test('pages the first rung at once and climbs at its times', () => {
    const world = new World([l1, l2, l3]);
    expect(world.tick(minutes(0))).toEqual(minutes(30));
    expect(planEscalation(world.view(), minutes(0)).nextAt).toEqual(minutes(5));
    for (const count of [5, 10, 15, 20, 25, 30, 60]) world.tick(minutes(count));
    expect(world.fired.map((one) => [one.rung, (one.at - T0) / MINUTE])).toEqual([
      ['l1', 0],
      ['l2', 30],
      ['l3', 60],
    ]);
    expect(world.pages[0]?.sends).toBe(6);
  });

  test('fires everything that an outage delayed once, with how late it is', () => {
    const world = new World([l1, l2, l3]);
    world.tick(minutes(0));
    world.tick(minutes(95));
    expect(world.fired.map((one) => [one.rung, latenessMs(new Date(one.dueAt), new Date(one.at)) / MINUTE])).toEqual([
      ['l1', 0],
      ['l2', 65],
      ['l3', 35],
    ]);
    expect(world.repeated).toHaveLength(1);
  });

  test('climbs the rungs that count from the opening even when somebody acknowledged', () => {
    const world = new World([l1, l2, l3]);
    world.tick(minutes(0));
    world.incident = { ...world.incident, acknowledgedAt: minutes(2) };
    for (const count of [5, 30, 60]) world.tick(minutes(count));
    expect(world.fired.map((one) => one.rung)).toEqual(['l1', 'l3']);
    expect(world.repeated).toEqual([]);
  });

  test('brings the next rung that waits for an acknowledgement forward, once, when a page reached nobody', () => {
    const world = new World([l1, l2, rung('l2b', { ...l2, id: 'l2b' }), l3]);
    world.tick(minutes(0));
    world.change(1, { state: 'unreachable' });
    world.tick(minutes(1));
    world.tick(minutes(2));
    expect(world.fired.map((one) => one.rung)).toEqual(['l1', 'l2']);
    world.change(2, { state: 'unreachable' });
    world.tick(minutes(3));
    expect(world.fired.map((one) => one.rung)).toEqual(['l1', 'l2', 'l2b']);
    world.change(3, { state: 'unreachable' });
    expect(world.tick(minutes(4))).toEqual(minutes(60));
  });

  test('does not hurry when nobody was reached but somebody has acknowledged', () => {
    const world = new World([l1, l2]);
    world.tick(minutes(0));
    world.change(1, { state: 'unreachable' });
    world.incident = { ...world.incident, acknowledgedAt: minutes(1) };
    world.tick(minutes(2));
    expect(world.fired.map((one) => one.rung)).toEqual(['l1']);
  });

  test('fires for several open incidents as soon as there are enough', () => {
    const several = rung('vp', { triggers: [{ kind: 'several-open', severity: 'SEV1', count: 2 }], until: 'resolved' });
    const world = new World([several]);
    expect(world.tick(minutes(0))).toBeNull();
    world.openBySeverity = { SEV1: 2 };
    world.tick(minutes(3));
    expect(world.fired).toMatchObject([{ rung: 'vp', dueAt: minutes(3).getTime() }]);
  });

  test('never fires a rung that only a person may call', () => {
    const world = new World([rung('vendor', { triggers: [{ kind: 'manual' }] })]);
    expect(world.tick(minutes(10_000))).toBeNull();
    expect(nextRung(world.view())?.id).toBe('vendor');
  });

  test('names as next what neither fired nor was skipped', () => {
    const records: RungRecord[] = [
      { rung: 'l1', state: 'fired' },
      { rung: 'l2', state: 'skipped' },
    ];
    expect(nextRung({ rungs: [l1, l2, l3], records })?.id).toBe('l3');
    expect(nextRung({ rungs: [l1, l2], records })).toBeNull();
    const world = new World([l1, l2, l3]);
    world.records = records;
    expect(waitingRungs(world.view(), minutes(0)).map((one) => one.rung.id)).toEqual(['l3']);
  });
});

test.each([
  [0, 0],
  [30_000, 0],
  [30_001, 30_001],
  [-5_000, 0],
])('%i ms after its time counts as %i ms late', (after, late) => {
  expect(latenessMs(minutes(0), new Date(T0 + after))).toBe(late);
});
