import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { query } from '../../src/db/transaction.ts';
import type { Person } from '../../src/domain/person.ts';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import { loadPacks, type Packs } from '../../src/packs/load.ts';
import { type DrillGround, startDrill, stopDrill } from '../../src/runs/drill.ts';
import { ALICE, BOB, type Desk, freshKey, GUEST, openDesk } from '../support/desk.ts';

let desk: Desk;
let packs: Packs;
let drills: DrillGround;
beforeAll(async () => {
  desk = await openDesk();
  const dir = fileURLToPath(new URL('../../runbooks', import.meta.url));
  packs = await loadPacks({ dir, resolveSetting: (_name, fallback) => fallback, analyse: analyseStatement });
  drills = { connection: desk.db.connection, fault: null };
});
afterEach(() => stop(ALICE));
afterAll(() => desk.close());

const stop = (actor: Person) => stopDrill({ ...desk.context, drills }, actor);
const start = (different = {}) =>
  startDrill(
    { ...desk.with({ packs: () => packs }), drills },
    { scenario: 'WR-001', actor: ALICE, requestKey: freshKey(), ...different },
  );
const holders = () =>
  query<{ state: string }>(
    desk.db.pool,
    `select state from pg_stat_activity where application_name = 'warroom-drill' and datname = current_database()`,
  );
const drillsDeclared = async () =>
  (await desk.audit()).filter((entry) => entry.action === 'incident.drill_started').length;

describe('a drill', () => {
  test('makes the fault for real and declares its incident', async () => {
    const incident = await start({ scenario: 'wr-001' });
    expect(incident).toMatchObject({ system: 'warroom', runbook: 'warroom/WR-001' });
    expect((await desk.facts(incident.number)).map((fact) => fact.kind)).toEqual(['declared', 'drill_started']);
    expect(await holders()).toEqual([{ state: 'idle in transaction' }]);
    expect(await stop(BOB)).toBe(true);
    expect((await desk.audit()).at(-1)).toMatchObject({ action: 'drill.stopped', actor: 'UBOB' });
    await expect.poll(holders).toEqual([]);
    expect(await stop(BOB)).toBe(false);
  });

  test('is started once, by two clicks at once as well as by one after the other', async () => {
    const before = await drillsDeclared();
    const clicks = await Promise.allSettled([start(), start()]);
    expect(clicks.filter((click) => click.status === 'fulfilled')).toHaveLength(1);
    await expect(start()).rejects.toThrow('A drill is running already');
    expect(await drillsDeclared()).toBe(before + 1);
    expect(await holders()).toHaveLength(1);
  });

  test('takes its fault back when its incident cannot be declared', async () => {
    const gone = { ...packs, systems: new Map() };
    const context = { ...desk.with({ packs: () => gone }), drills };
    await expect(startDrill(context, { scenario: 'WR-001', actor: ALICE, requestKey: freshKey() })).rejects.toThrow(
      'There is no system “warroom”',
    );
    await expect.poll(holders).toEqual([]);
  });

  test('is refused to guests and where there is none of that name', async () => {
    await expect(start({ actor: GUEST })).rejects.toThrow('Only members');
    await expect(start({ scenario: 'WR-999' })).rejects.toThrow('There is no drill “WR-999”; there is WR-001.');
    expect(await holders()).toEqual([]);
  });
});
