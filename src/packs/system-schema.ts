import { z } from 'zod';
import type { TighterPolicy } from '../domain/approval-policy.ts';
import { LANGUAGES } from '../domain/runbook.ts';
import { parseSecretReference } from '../domain/secret-reference.ts';
import type { Rank, RungTrigger, SystemDefinition, TargetDefinition } from '../domain/system.ts';
import { duration } from './front-matter.ts';
import { checklist, metric, readChecklists, readMetrics, readThresholds, threshold } from './routine-schema.ts';

/** Answers with the value of a setting of this installation, or with the fallback that the pack gives. */
export type ResolveSetting = (name: string, fallback: string) => string;

const text = z.string().trim().min(1, 'it is empty');
const id = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/u, 'use a-z, 0-9, _ and -, starting with a letter');

const severity = z.strictObject({
  level: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,19}$/u, 'use up to 20 letters and digits, like SEV1'),
  rank: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4), z.literal(5)]),
  definition: text,
  examples: z.array(text).default([]),
  respond: duration.optional(),
  resolve: duration.optional(),
  war_room: z.enum(['channel', 'hub-thread', 'none']),
});

const milestone = z.strictObject({
  id,
  title: text,
  after: duration,
  severities: z.array(text).default([]),
  settled_by: z.enum(['acknowledged', 'assessed', 'stakeholders-updated', 'mitigated', 'resolved', 'manual']),
});

const trigger = z.union(
  [
    z.strictObject({ severity: text, after: duration }),
    z.strictObject({ several_open: text, count: z.int().min(2).default(2) }),
    z.strictObject({ customer_impact_for: duration }),
    z.literal('manual'),
  ],
  { error: 'write {severity, after}, {several_open, count}, {customer_impact_for} or manual' },
);

const rung = z.strictObject({
  id,
  title: text,
  contact: id,
  when: z.array(trigger).min(1),
  until: z.enum(['acknowledged', 'resolved']).default('resolved'),
  repeat_every: duration.optional(),
  max_pages: z.int().min(1).max(100).default(1),
});

const component = z.strictObject({
  name: text,
  level: z.enum(['ok', 'warn', 'critical', 'medium', 'low']),
  effect: text,
  recovery: text.optional(),
  data_loss: text.optional(),
});

const bag = z.record(z.string(), z.unknown());

/** Stricter than warroom.yml or nothing: there is no key that loosens (design §5, promise 3). */
const tighter = z.strictObject({
  approvers: z.int().min(1).max(10).optional(),
  expires: duration.optional(),
  type_target: z.literal(true).optional(),
  never_alone: z.literal(true).optional(),
});

const target = z.strictObject({
  executor: z.enum(LANGUAGES),
  description: text.optional(),
  options: bag.default({}),
  read: bag.default({}),
  write: z.union([bag, z.null()]).default(null),
  approvals: tighter.optional(),
});

/** What may stand in `system.yml`. Unknown keys are errors; durations are texts such as `5m`. */
export const systemSchema = z
  .strictObject({
    $schema: z.string().optional(),
    name: text,
    description: text.optional(),
    severities: z.array(severity).min(1),
    milestones: z.array(milestone).default([]),
    contacts: z.array(z.strictObject({ id, name: text, note: text.optional() })).default([]),
    escalation: z.array(rung).default([]),
    stakeholders: z.array(text).default([]),
    components: z.array(component).default([]),
    targets: z.record(id, target).default({}),
    responders: z.array(id).default([]),
    owner_channel: z
      .string()
      .regex(/^(?:#[^\s#@]{1,80}|[CG][A-Z0-9]{8,})$/u, 'write "#name" in quotes, or the id of a channel')
      .optional(),
    checklists: z.array(checklist).default([]),
    thresholds: z.array(threshold).default([]),
    metrics: z.array(metric).default([]),
  })
  .superRefine((system, context) => {
    for (const { path, message } of systemProblems(system)) context.addIssue({ code: 'custom', path, message });
  });
export type SystemFile = z.output<typeof systemSchema>;

function readTighter(file: z.output<typeof tighter>): TighterPolicy {
  return {
    ...(file.approvers === undefined ? {} : { approvers: file.approvers }),
    ...(file.expires === undefined ? {} : { expiresAfterMs: file.expires }),
    ...(file.type_target === undefined ? {} : { typeTarget: file.type_target }),
    ...(file.never_alone === undefined ? {} : { neverAlone: file.never_alone }),
  };
}

/** The definition that the rest of the product works with. `folder` is the system's id. */
export function readSystem(folder: string, file: SystemFile, resolve: ResolveSetting): SystemDefinition {
  const levels = file.severities.map((item) => item.level);
  return {
    id: folder,
    name: file.name,
    description: file.description ?? null,
    severities: file.severities.map((item) => ({
      level: item.level,
      rank: item.rank satisfies Rank,
      definition: item.definition,
      examples: item.examples,
      respondWithinMs: item.respond ?? null,
      resolveWithinMs: item.resolve ?? null,
      warRoom: item.war_room,
    })),
    milestones: file.milestones.map((item) => ({
      id: item.id,
      title: item.title,
      afterMs: item.after,
      severities: item.severities,
      settledBy: item.settled_by,
    })),
    contacts: file.contacts.map((item) => ({ id: item.id, name: item.name, note: item.note ?? null })),
    escalation: file.escalation.map((item) => ({
      id: item.id,
      title: item.title,
      contact: item.contact,
      triggers: item.when.flatMap((when) => readTrigger(when, levels)),
      until: item.until,
      repeatEveryMs: item.repeat_every ?? null,
      maxPages: item.max_pages,
    })),
    stakeholders: file.stakeholders,
    components: file.components.map((item) => ({
      name: item.name,
      level: item.level,
      effect: item.effect,
      recovery: item.recovery ?? null,
      dataLoss: item.data_loss ?? null,
    })),
    targets: Object.entries(file.targets).map(
      ([name, item]): TargetDefinition => ({
        name,
        executor: item.executor,
        description: item.description ?? null,
        options: resolveSettings(item.options, resolve),
        read: resolveSettings(item.read, resolve),
        write: item.write && resolveSettings(item.write, resolve),
        approvals: item.approvals ? readTighter(item.approvals) : null,
      }),
    ),
    responders: file.responders,
    ownerChannel: file.owner_channel ?? null,
    checklists: readChecklists(file.checklists),
    thresholds: readThresholds(file.thresholds),
    metrics: readMetrics(file.metrics),
  };
}

/** `any` stands for every level of the scheme. */
const ANY = 'any';

function readTrigger(when: z.output<typeof trigger>, levels: readonly string[]): RungTrigger[] {
  if (when === 'manual') return [{ kind: 'manual' }];
  if ('several_open' in when) return [{ kind: 'several-open', severity: when.several_open, count: when.count }];
  if ('customer_impact_for' in when) return [{ kind: 'customer-impact', afterMs: when.customer_impact_for }];
  const chosen = when.severity === ANY ? levels : [when.severity];
  return chosen.map((level) => ({ kind: 'elapsed', severity: level, afterMs: when.after }));
}

type Fault = { readonly path: PropertyKey[]; readonly message: string };
const setting = z.strictObject({ setting: z.string().regex(/^[A-Z][A-Z0-9_]*$/u), default: z.string() });
const SECRET_KEY = /password|passwd|token|secret|api_?key|authorization/iu;
const isReference = (text: string) => parseSecretReference(text.replace(/^.*\s/u, '')) !== null;

function systemProblems(system: z.output<typeof systemSchema>): Fault[] {
  const faults: Fault[] = [];
  const levels = system.severities.map((item) => item.level);
  const contacts = system.contacts.map((item) => item.id);
  const known = (path: PropertyKey[], value: string, all: readonly string[], what: string) => {
    if (!all.includes(value))
      faults.push({ path, message: `there is no ${what} "${value}"; known: ${all.join(', ')}` });
  };
  const unique = (key: string, values: readonly string[]) => {
    const seen = new Set<string>();
    values.forEach((value, index) => {
      if (seen.has(value.toLowerCase())) faults.push({ path: [key, index], message: `"${value}" occurs twice` });
      seen.add(value.toLowerCase());
    });
  };
  unique('severities', levels);
  unique(
    'milestones',
    system.milestones.map((item) => item.id),
  );
  unique('contacts', contacts);
  unique(
    'escalation',
    system.escalation.map((item) => item.id),
  );
  for (const key of ['checklists', 'thresholds', 'metrics'] as const) {
    unique(
      key,
      system[key].map((item) => item.id),
    );
  }
  system.severities.forEach((item, index) => {
    const before = system.severities[index - 1];
    if (before && item.rank < before.rank)
      faults.push({ path: ['severities', index, 'rank'], message: 'list the worst level first' });
  });
  system.milestones.forEach((item, index) => {
    for (const level of item.severities) known(['milestones', index, 'severities'], level, levels, 'severity');
  });
  system.escalation.forEach((item, index) => {
    known(['escalation', index, 'contact'], item.contact, contacts, 'contact');
    item.when.forEach((when, position) => {
      const path = ['escalation', index, 'when', position];
      if (when === 'manual' || 'customer_impact_for' in when) return;
      if ('several_open' in when) known(path, when.several_open, levels, 'severity');
      else if (when.severity !== ANY) known(path, when.severity, levels, 'severity');
    });
  });
  for (const contact of system.responders) known(['responders'], contact, contacts, 'contact');
  for (const [name, item] of Object.entries(system.targets)) {
    for (const part of ['options', 'read', 'write'] as const)
      faults.push(...bagFaults(item[part], ['targets', name, part]));
  }
  return faults;
}

/** Secrets are references (`env:NAME`, `vault:path#key` …), never values; a setting is exactly `{setting, default}`. */
function bagFaults(value: unknown, path: PropertyKey[]): Fault[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => bagFaults(item, [...path, index]));
  if (typeof value === 'object' && value !== null) {
    if ('setting' in value && !setting.safeParse(value).success) {
      return [{ path, message: 'a setting is written { setting: NAME, default: "text" }' }];
    }
    return Object.entries(value).flatMap(([key, item]) => bagFaults(item, [...path, key]));
  }
  if (typeof value === 'string' && /:\/\/[^/\s]*:[^/@\s]+@/u.test(value)) {
    return [{ path, message: 'a password stands in the address; write it as { secret: env:NAME } in the credential' }];
  }
  if (typeof value !== 'string' || !SECRET_KEY.test(String(path.at(-1))) || isReference(value)) return [];
  return [
    {
      path,
      message:
        'a secret stands in the file; write { secret: env:NAME } (or file:/path, vault:path#key, k8s:namespace/name#key) and keep the value outside',
    },
  ];
}

function resolveSettings(bagged: Readonly<Record<string, unknown>>, resolve: ResolveSetting): Record<string, unknown> {
  return Object.fromEntries(Object.entries(bagged).map(([key, value]) => [key, resolveValue(value, resolve)]));
}

function resolveValue(value: unknown, resolve: ResolveSetting): unknown {
  if (Array.isArray(value)) return value.map((item) => resolveValue(item, resolve));
  if (typeof value !== 'object' || value === null) return value;
  const reference = setting.safeParse(value);
  if (reference.success) return resolve(reference.data.setting, reference.data.default);
  return resolveSettings(value as Record<string, unknown>, resolve);
}
