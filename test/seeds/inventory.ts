import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const step = z.object({
  id: z.string(),
  mode: z.enum(['executable', 'manual']),
  tool: z.string(),
  effect: z.enum(['read', 'change', 'destructive']),
});
const item = z.object({ id: z.string() });
const system = z.object({
  id: z.string(),
  oncall_checklist: z.object({ items: z.array(item) }).nullish(),
  checklist_monthly: z.object({ items: z.array(item) }).nullish(),
  severity_scheme: z.object({ levels: z.array(z.object({ level: z.string() })) }),
  escalation_matrix: z.array(z.object({ level: z.string().nullish(), issue: z.string().nullish() })),
  thresholds: z.object({
    critical: z.array(z.unknown()),
    warning: z.array(z.unknown()),
    info: z.array(z.unknown()),
  }),
  blast_radius_matrix: z.array(z.unknown()),
  metrics: z.array(z.unknown()),
  endpoints: z.array(z.object({ method: z.string(), path: z.string() })),
  runbooks: z.array(z.object({ id: z.string(), steps: z.array(step) })),
});
const behaviour = z.object({ id: z.string(), text: z.string() });
const inventory = z.object({
  systems: z.array(system),
  cross: z.object({ bot_behaviours: z.array(behaviour) }),
});

/** What the inventory of the source documents says about one system. */
export type InventorySystem = z.output<typeof system>;
export type InventoryStep = z.output<typeof step>;

const read = new Map<string, z.output<typeof inventory>>();
/** It is half a megabyte of YAML, so each process parses it once. */
function readFile(file: string): z.output<typeof inventory> {
  const known = read.get(file) ?? inventory.parse(parse(readFileSync(file, 'utf8')));
  read.set(file, known);
  return known;
}

/** Reads the systems of the inventory. Throws when the file is not there or has another shape. */
export function readInventory(file: string): readonly InventorySystem[] {
  return readFile(file).systems;
}

/** Reads what the source documents ask of the bot itself. Throws when the file is not there or has another shape. */
export function readInventoryBehaviours(file: string): readonly z.output<typeof behaviour>[] {
  return readFile(file).cross.bot_behaviours;
}

/**
 * Everything of a system that needs a cover, by the id that coverage files use: the inventory's own for steps and
 * checklist items, `severity:P0`, `escalation:L1`, `threshold:critical/1`, `blast-radius:1`, `endpoint:1 GET /path` and
 * `metric:1` for what is only counted there. Numbers count from 1 in the order of the inventory.
 */
export function idsToCover(of: InventorySystem): string[] {
  const numbered = (name: string, list: readonly unknown[]) => list.map((_, index) => `${name}${index + 1}`);
  return [
    ...of.runbooks.flatMap((entry) => entry.steps.map(({ id }) => id)),
    ...(of.oncall_checklist?.items ?? []).map(({ id }) => id),
    ...(of.checklist_monthly?.items ?? []).map(({ id }) => id),
    ...of.severity_scheme.levels.map(({ level }) => `severity:${level}`),
    ...of.escalation_matrix.map(({ level, issue }) => `escalation:${level ?? issue}`),
    ...(['critical', 'warning', 'info'] as const).flatMap((level) =>
      numbered(`threshold:${level}/`, of.thresholds[level]),
    ),
    ...numbered('blast-radius:', of.blast_radius_matrix),
    ...of.endpoints.map(({ method, path }, index) => `endpoint:${index + 1} ${method} ${path}`),
    ...numbered('metric:', of.metrics),
  ];
}
