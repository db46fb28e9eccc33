import { z } from 'zod';
import { duration, frontMatterSchema } from './front-matter.ts';
import { systemSchema } from './system-schema.ts';

/** A JSON Schema as plain data. */
export type JsonSchema = { readonly [key: string]: unknown };

const HINTS: Readonly<Record<string, string>> = {
  name: 'What people call it.',
  severities: 'The levels of the scheme, the worst first.',
  rank: '1 (the worst) to 5: the order over all systems.',
  war_room: 'Where people meet: a channel of its own, a thread of the hub, or nothing but the announcement.',
  milestones: 'Deadlines of the process, counted from the opening of the incident.',
  settled_by: 'The fact that settles the milestone; manual is ticked by a person.',
  contacts: 'Who can be reached, by role. Who that is in Slack stands in warroom.yml.',
  escalation: 'The ladder, first rung first.',
  repeat_every: 'An unanswered page is sent again after this time.',
  components: 'The rows of the blast-radius matrix.',
  targets: 'Named connections that steps run against.',
  options: 'Where the target is; what stands here depends on the executor.',
  read: 'The credential of reading steps. Secrets are named: { secret: env:NAME }.',
  write: 'The credential of changing steps; null where nothing may be changed.',
  checklists: 'What a team goes through at a rhythm.',
  thresholds: 'Limits that somebody or something watches.',
  metrics: 'Figures worth looking at.',
  id: 'Unique; what other places name it by.',
  status: 'A draft is shown and searchable, but cannot be run.',
  severity: "A level of the system's own scheme.",
  alerts: 'Names of the alerts that this runbook answers.',
  rto: 'Time until things work again, such as 10m.',
  timeout: 'How long one run can be worked with before it has to be opened again, such as 4h; an hour without it.',
  blast_radius: 'What is affected and what is not: items "ok: …", "warn: …" and "critical: …".',
  params: 'Typed values that statements take as ${name}.',
  expressions: 'Long CEL expressions by name, for expect, when and capture.',
  pattern: 'An RE2 pattern that the whole text must match.',
};

/** The schema of `system.yml` for editors: what stands in the file, before defaults and durations are read. */
export function systemJsonSchema(): JsonSchema {
  return describe(systemSchema, 'system.yml of a Warroom system');
}

/** The schema of a runbook's front matter for editors. */
export function runbookJsonSchema(): JsonSchema {
  return describe(frontMatterSchema, 'Front matter of a Warroom runbook');
}

function describe(schema: z.ZodType, title: string): JsonSchema {
  // Draft 7 is what the YAML servers of editors read completely.
  const made = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema === duration) {
        jsonSchema.type = 'string';
        jsonSchema.pattern = '^(\\d+(ms|s|m|h|d|w))+$';
        jsonSchema.description = 'A duration: 90s, 5m, 1h30m or 7d.';
      }
      for (const [key, value] of Object.entries(jsonSchema.properties ?? {}))
        if (typeof value === 'object' && value.description === undefined && HINTS[key]) value.description = HINTS[key];
    },
  });
  const { $schema, ...rest } = made;
  return { $schema, title, ...rest };
}
