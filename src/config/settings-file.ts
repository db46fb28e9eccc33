import { parse } from 'yaml';
import { z } from 'zod';
import { DEFAULT_POLICIES } from '../domain/approval.ts';
import { parseDuration } from '../lib/duration.ts';
import { messageOf } from '../lib/errors.ts';
import type { ConfigProblem } from './config-problem.ts';
import type { Settings } from './settings.ts';

/** An object that names the keys it knows when it meets another. */
function strict<T extends z.ZodRawShape>(shape: T): z.ZodObject<T, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `there is no setting “${issue.keys.join('”, “')}”; known are ${Object.keys(shape).join(', ')}.`
        : undefined,
  });
}

const slackId = z
  .string()
  .regex(
    /^[UWS][A-Z0-9]{6,}$/u,
    'write a Slack id: U… or W… for a person, S… for a user group (profile → Copy member ID)',
  );

const command = z.string().regex(/^\/[a-z0-9_-]{1,31}$/u, 'write a slash command such as /incident');

const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== null && ms >= 60_000) return ms;
  context.addIssue({ code: 'custom', message: 'write a duration of at least one minute, such as 15m' });
  return z.NEVER;
});

const NUMBER_OF_PEOPLE = 'write a number of people from 1 to 10';

const policy = strict({
  // Nobody approving would be no approval; more than ten people cannot be gathered in an incident.
  approvers: z.number(NUMBER_OF_PEOPLE).int(NUMBER_OF_PEOPLE).min(1, NUMBER_OF_PEOPLE).max(10, NUMBER_OF_PEOPLE),
  expires: duration,
});

const settingsSchema = strict({
  hub: z
    .string()
    .regex(/^[a-z0-9_-]{1,80}$/u, 'write a channel name without #: lower-case letters, digits, - and _')
    .default('incidents-war-room'),
  commands: strict({ incident: command.optional(), runbook: command.optional(), drill: command.optional() }).default(
    {},
  ),
  contacts: z
    .record(
      z.string(),
      z.record(z.string(), z.array(slackId).min(1, 'name at least one person or user group, or leave the contact out')),
    )
    .default({}),
  approvals: strict({ change: policy.optional(), destructive: policy.optional() }).default({}),
  /** Values for `{ setting: NAME }` in system.yml; the environment wins. */
  settings: z.record(z.string(), z.string()).default({}),
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
  const toPolicy = (name: 'change' | 'destructive') => {
    const given = file.approvals[name];
    return given ? { approvers: given.approvers, expiresAfterMs: given.expires } : DEFAULT_POLICIES[name];
  };
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
      approvals: { change: toPolicy('change'), destructive: toPolicy('destructive') },
    },
  };
}
