import { LineCounter, type ParsedNode, parse, parseDocument } from 'yaml';
import { z } from 'zod';
import { ROLES } from '../domain/roles.ts';
import { messageOf } from '../lib/errors.ts';
import { approvalsSchema, readApprovals } from './approvals-schema.ts';
import type { ConfigProblem } from './config-problem.ts';
import { importSchema } from './import-words.ts';
import type { Settings } from './settings.ts';
import { slackId, strict } from './settings-schema.ts';

const slackIds = z.array(slackId).min(1, 'name at least one person or user group, or leave it out');

const command = z.string().regex(/^\/[a-z0-9_-]{1,31}$/u, 'write a slash command such as /incident');

const settingsSchema = strict({
  hub: z
    .string()
    .regex(/^[a-z0-9_-]{1,80}$/u, 'write a channel name without #: lower-case letters, digits, - and _')
    .default('incidents-war-room'),
  commands: strict({ incident: command.optional(), runbook: command.optional(), drill: command.optional() }).default(
    {},
  ),
  contacts: z.record(z.string(), z.record(z.string(), slackIds)).default({}),
  approvals: approvalsSchema,
  /** Who may do what, by system (`*`: all) and role. */
  roles: z.record(z.string(), z.partialRecord(z.enum(ROLES), slackIds)).default({}),
  /** Values for `{ setting: NAME }` in system.yml; the environment wins. */
  settings: z.record(z.string(), z.string()).default({}),
  /** Read by `warroom import` alone. */
  import: importSchema,
});

export type SettingsFile = { readonly settings: Settings; readonly values: Readonly<Record<string, string>> };

/** Reads the text of warroom.yml; an empty text gives the defaults. Every problem names its key. */
export function readSettingsFile(text: string): SettingsFile | { readonly problems: readonly ConfigProblem[] } {
  let data: unknown;
  try {
    data = parse(text) ?? {};
  } catch (error) {
    return { problems: [{ name: 'warroom.yml', fix: `it is not YAML: ${messageOf(error).split('\n')[0]}` }] };
  }
  const parsed = settingsSchema.safeParse(data);
  if (!parsed.success) {
    return {
      problems: parsed.error.issues.map((issue) => ({
        name: `warroom.yml ${issue.path.join('.') || '(top level)'}`,
        fix: issue.message,
      })),
    };
  }
  const file = parsed.data;
  const approvals = readApprovals(file.approvals);
  if ('problems' in approvals) return approvals;
  return {
    values: file.settings,
    settings: {
      hub: file.hub,
      commands: {
        incident: file.commands.incident ?? '/incident',
        runbook: file.commands.runbook ?? '/runbook',
        drill: file.commands.drill ?? '/drill',
      },
      contacts: file.contacts,
      approvals: approvals.policies,
      roles: file.roles,
      lineOf: (path) => lineOf(text, path),
    },
  };
}

/** Read again for the rare message that needs it. */
function lineOf(text: string, path: readonly (string | number)[]): number | null {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, logLevel: 'silent' });
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true) as ParsedNode | undefined;
    if (node?.range) return lineCounter.linePos(node.range[0]).line;
  }
  return null;
}
