import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { exceeds } from '../../src/domain/effect.ts';
import type { Step } from '../../src/domain/runbook.ts';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import { loadPacks, type Packs } from '../../src/packs/load.ts';
import { type Cover, INVENTORY, ROOT, readBehaviours, readCovers, readIndex } from './covers.ts';
import {
  type InventoryStep,
  type InventorySystem,
  idsToCover,
  readInventory,
  readInventoryBehaviours,
} from './inventory.ts';

/** The inventory counts these; naming a cover for them is welcome and not required. */
const OPTIONAL = /^metric:/u;

let packs: Packs;
beforeAll(async () => {
  const dir = join(ROOT, 'runbooks');
  packs = await loadPacks({ dir, resolveSetting: (_, fallback) => fallback, analyse: analyseStatement });
});

function findCoveringStep(address: string): Step | null {
  const [file = '', id] = address.replace(/^runbooks\//u, '').split('#');
  const runbook = [...packs.runbooks.values()].find((candidate) => candidate.source.file === file);
  return runbook?.steps.find((step) => step.id === id) ?? null;
}

const systemFiles = new Map<string, unknown>();
function readSystemFile(system: string): unknown {
  const file = join(ROOT, 'runbooks', system, 'system.yml');
  if (!systemFiles.has(system)) systemFiles.set(system, parse(readFileSync(file, 'utf8')));
  return systemFiles.get(system);
}

/** `escalation/l1/contact`: keys of maps; items of lists by their `id`, `level` or `name`. */
function findSetting(system: string, address: string): unknown {
  let value = readSystemFile(system);
  for (const key of address.replace(/^system\.yml#/u, '').split('/')) {
    if (Array.isArray(value))
      value = value.find(
        (item) =>
          item === key || ['id', 'level', 'name'].some((field) => (item as Record<string, unknown>)[field] === key),
      );
    else value = (value as Record<string, unknown> | undefined)?.[key];
  }
  return value;
}

/** What is wrong with the cover itself, whatever the inventory says; null when it is there. */
function coverFault(system: string, one: Cover, all: readonly Cover[]): string | null {
  if ('covered_by' in one) {
    return findCoveringStep(one.covered_by) ? null : `${one.id}: there is no step ${one.covered_by}`;
  }
  if ('setting' in one) {
    return findSetting(system, one.setting) === undefined ? `${one.id}: there is no ${one.setting}` : null;
  }
  const into = all.find((other) => other.id === one['folded-into']);
  if (!into) return `${one.id}: it is folded into ${one['folded-into']}, which has no cover`;
  return 'covered_by' in into ? null : `${one.id}: it is folded into ${into.id}, which is no step itself`;
}

/** The inventory's step against the step that covers it: something must really run, and be approved as strictly. */
function stepFault(step: InventoryStep, one: Cover, covers: ReadonlyMap<string, Cover>): string | null {
  if ('folded-into' in one) {
    const into = covers.get(one['folded-into']);
    return into ? stepFault(step, into, covers) : null;
  }
  // A slash command of the source is what Warroom does itself.
  if (step.tool === 'slack') return null;
  if ('setting' in one) return step.mode === 'executable' ? `${step.id}: it runs something, a setting does not` : null;
  const covering = findCoveringStep(one.covered_by);
  if (!covering || step.mode === 'manual') return null;
  if (covering.kind === 'manual') return `${step.id}: it runs something, ${one.covered_by} is done by a person`;
  return exceeds(step.effect, covering.effect)
    ? `${step.id}: it is ${step.effect}, ${one.covered_by} only ${covering.effect}`
    : null;
}

const systems = Object.keys(readIndex().systems);

type Row = { readonly kind: string; readonly covered: number; readonly total: number; readonly how: string };

/** What ids of a system begin with, and how people call them; everything else is a step or an item of a checklist. */
const KINDS = {
  severity: 'severities',
  escalation: 'escalation rules',
  threshold: 'thresholds',
  'blast-radius': 'blast-radius rows',
  endpoint: 'endpoints',
  metric: 'metrics',
} as const;

/** How much of the inventory is covered, by kind. */
function summary(): Row[] {
  const inventories = readInventory(INVENTORY);
  const covers = new Map(
    inventories.map(({ id }) => [id, new Map(readCovers(id).map((one) => [one.id, one] as const))] as const),
  );
  const count = (kind: string, ids: (of: InventorySystem) => readonly string[], how = ''): Row => {
    const all = inventories.flatMap((of) => ids(of).map((id) => covers.get(of.id)?.has(id) ?? false));
    return { kind, covered: all.filter(Boolean).length, total: all.length, how };
  };
  const entries = inventories.flatMap((of) =>
    of.runbooks.map(({ steps }) => steps.every(({ id }) => covers.get(of.id)?.has(id))),
  );
  const steps = (of: InventorySystem) => of.runbooks.flatMap((entry) => entry.steps.map(({ id }) => id));
  const items = (of: InventorySystem) =>
    [of.oncall_checklist, of.checklist_monthly].flatMap((list) => list?.items.map(({ id }) => id) ?? []);
  return [
    { kind: 'entries', covered: entries.filter(Boolean).length, total: entries.length, how: '' },
    count('steps', steps, howSteps(inventories, covers)),
    count('checklist items', items),
    ...Object.entries(KINDS).map(([prefix, kind]) =>
      count(kind, (of) => idsToCover(of).filter((id) => id.startsWith(`${prefix}:`))),
    ),
    behaviourRow(),
  ];
}

/** Runs, is done by a person, stands in system.yml, or is part of another step. */
function howSteps(
  inventories: readonly InventorySystem[],
  covers: ReadonlyMap<string, ReadonlyMap<string, Cover>>,
): string {
  const ways = inventories.flatMap((of) =>
    of.runbooks.flatMap((entry) =>
      entry.steps.map(({ id }) => {
        const one = covers.get(of.id)?.get(id);
        if (!one) return 'uncovered';
        if ('folded-into' in one) return 'folded';
        return 'setting' in one ? 'settings' : (findCoveringStep(one.covered_by)?.kind ?? 'broken');
      }),
    ),
  );
  return counts(ways);
}

function behaviourRow(): Row {
  const covers = new Map(readBehaviours().map((one) => [one.id, one]));
  const all = readInventoryBehaviours(INVENTORY).map(({ id }) => covers.get(id));
  const found = all.filter((one) => one !== undefined);
  const how = counts(found.map((one) => ('part' in one ? `part ${one.part}` : 'tests')));
  return { kind: 'behaviours', covered: found.length, total: all.length, how };
}

function counts(words: readonly string[]): string {
  return [...new Set(words)]
    .sort()
    .map((word) => `${words.filter((other) => other === word).length} ${word}`)
    .join(', ');
}

function table(rows: readonly Row[]): string {
  return rows
    .map(({ kind, covered, total, how }) =>
      `${kind.padEnd(18)}${String(covered).padStart(5)} of ${String(total).padStart(3)}  ${how}`.trimEnd(),
    )
    .join('\n');
}

describe('what covers the source documents', () => {
  it.each(systems)('exists, for %s, and nothing is named twice', (system) => {
    const covers = readCovers(system);
    expect(covers.map((one) => coverFault(system, one, covers)).filter((fault) => fault !== null)).toEqual([]);
    expect(covers.map(({ id }) => id).filter((id, index, ids) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it.runIf(existsSync(INVENTORY)).each(systems)(
    'is complete for %s, runs what can run, and asks for approval where it must',
    (system) => {
      const inventory = readInventory(INVENTORY).find(({ id }) => id === system) as InventorySystem;
      const covers = new Map(readCovers(system).map((one) => [one.id, one]));
      const ids = idsToCover(inventory);
      expect(ids.filter((id) => !covers.has(id) && !OPTIONAL.test(id))).toEqual([]);
      expect([...covers.keys()].filter((id) => !ids.includes(id))).toEqual([]);
      const faults = inventory.runbooks.flatMap((entry) =>
        entry.steps.map((step) => {
          const one = covers.get(step.id);
          return one ? stepFault(step, one, covers) : null;
        }),
      );
      expect(faults.filter((fault) => fault !== null)).toEqual([]);
    },
  );

  it.runIf(existsSync(INVENTORY))('leaves nothing uncovered: 83 entries, 544 steps, 60 behaviours', () => {
    const rows = summary();
    process.stdout.write(`${table(rows)}\n`);
    expect(rows.filter(({ covered, total }) => covered !== total)).toEqual([]);
    const totals = new Map(rows.map(({ kind, total }) => [kind, total]));
    expect(['entries', 'steps', 'behaviours'].map((kind) => totals.get(kind))).toEqual([83, 544, 60]);
  });

  it.skipIf(existsSync(INVENTORY))('CANNOT BE COMPARED: ../shared/seeds/inventory.yaml is not here', (context) => {
    context.skip();
  });
});

describe('the comparison itself', () => {
  const run: InventoryStep = { id: 'MS-X/1', mode: 'executable', tool: 'kubectl', effect: 'destructive' };
  const at = (place: string): Cover => ({ id: run.id, covered_by: `runbooks/euystacio/${place}` });
  const alone = new Map<string, Cover>();

  it.each([
    ['ms-a1.md#none', 'MS-X/1: there is no step runbooks/euystacio/ms-a1.md#none'],
    ['ms-x.md#api_log', 'MS-X/1: there is no step runbooks/euystacio/ms-x.md#api_log'],
    ['ms-a1.md#api_log', null],
  ])('knows whether %s is there', (place, fault) => {
    expect(coverFault('euystacio', at(place), [])).toBe(fault);
  });

  it('knows whether a setting is there, and what a step is folded into', () => {
    const setting: Cover = { id: 'a', setting: 'system.yml#severities/P9' };
    const folded: Cover = { id: 'b', 'folded-into': 'a' };
    expect(coverFault('euystacio', setting, [])).toBe('a: there is no system.yml#severities/P9');
    expect(coverFault('euystacio', { id: 'a', setting: 'system.yml#severities/P0/respond' }, [])).toBeNull();
    expect(coverFault('euystacio', folded, [])).toBe('b: it is folded into a, which has no cover');
    expect(coverFault('euystacio', folded, [setting])).toBe('b: it is folded into a, which is no step itself');
  });

  it('refuses prose, a person or a milder effect for what runs', () => {
    expect(stepFault(run, at('ms-a1.md#manual_1'), alone)).toMatch(/is done by a person$/u);
    expect(stepFault(run, { id: run.id, setting: 'system.yml#name' }, alone)).toMatch(/a setting does not$/u);
    expect(stepFault(run, at('ms-a4.md#scale_up'), alone)).toMatch(/it is destructive, .* only change$/u);
    expect(stepFault(run, at('ms-b4.md#terraform_apply'), alone)).toBeNull();
    const person = new Map([['MS-X/2', at('ms-a1.md#manual_1')]]);
    expect(stepFault(run, { id: run.id, 'folded-into': 'MS-X/2' }, person)).toMatch(/is done by a person$/u);
  });
});
