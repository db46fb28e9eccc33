import { z } from 'zod';
import {
  type ApprovalPolicies,
  type ApprovalPolicy,
  type ApprovalRule,
  DEFAULT_POLICIES,
  type RuleScope,
  unsatisfiable,
} from '../domain/approval-policy.ts';
import { parseDuration } from '../lib/duration.ts';
import type { ConfigProblem } from './config-problem.ts';
import { slackId, strict } from './settings-schema.ts';

const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== null && ms >= 60_000) return ms;
  context.addIssue({ code: 'custom', message: 'write a duration of at least one minute, such as 15m' });
  return z.NEVER;
});

const NUMBER_OF_PEOPLE = 'write a number of people from 1 to 10';

// Nobody approving would be no approval; more than ten people cannot be gathered in an incident.
const people = z.number(NUMBER_OF_PEOPLE).int(NUMBER_OF_PEOPLE).min(1, NUMBER_OF_PEOPLE).max(10, NUMBER_OF_PEOPLE);

const ids = z.array(slackId).min(1, 'name at least one person or user group, or leave it out');

const parts = {
  approvers: people.optional(),
  expires: duration.optional(),
  from: ids.optional(),
  quorum: z.array(strict({ from: ids, count: people })).optional(),
  alone_after: z.union([duration, z.literal('never')]).optional(),
  type_target: z.boolean().optional(),
  break_glass: z.boolean().optional(),
};

const policy = strict(parts);
type PolicyFile = z.output<typeof policy>;

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const clockTime = z.string().transform((text, context) => {
  const [, hours, minutes] = /^(\d{2}):(\d{2})$/u.exec(text) ?? [];
  const at = Number(hours) * 60 + Number(minutes);
  if (Number(minutes) < 60 && at <= 24 * 60) return at;
  context.addIssue({ code: 'custom', message: 'write a time of the day such as "09:00" (in quotes), up to "24:00"' });
  return z.NEVER;
});

const zone = z.string().refine(isTimeZone, 'write the name of a time zone such as Europe/Rome');

const hours = strict({ days: z.array(z.enum(DAYS)).min(1), from: clockTime, to: clockTime, zone });

const when = strict({
  effect: z.enum(['change', 'destructive'], 'write change or destructive: nothing else is approved.').optional(),
  systems: z.array(z.string()).min(1).optional(),
  targets: z.array(z.string()).min(1).optional(),
  severities: z.array(z.string()).min(1).optional(),
  requesters: ids.optional(),
  within: hours.optional(),
  outside: hours.optional(),
}).refine(
  (scope) => scope.within === undefined || scope.outside === undefined,
  'write `within` or `outside`, not both',
);

const rule = strict({ when, ...parts });

/** `approvals:` of warroom.yml. */
export const approvalsSchema = strict({
  change: policy.optional(),
  destructive: policy.optional(),
  rules: z.array(rule).default([]),
}).default({ rules: [] });

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The policies, or what nobody could satisfy: an operator has to learn that at start and not in an incident. */
export function readApprovals(
  file: z.output<typeof approvalsSchema>,
): { readonly policies: ApprovalPolicies } | { readonly problems: readonly ConfigProblem[] } {
  const policies: ApprovalPolicies = {
    change: { ...DEFAULT_POLICIES.change, ...toPolicy(file.change ?? {}) },
    destructive: { ...DEFAULT_POLICIES.destructive, ...toPolicy(file.destructive ?? {}) },
    rules: file.rules.map(
      ({ when: scope, ...rest }): ApprovalRule => ({ scope: toScope(scope), policy: toPolicy(rest) }),
    ),
  };
  const problems = policiesOf(policies).flatMap(({ name, policy: one }) => {
    const why = unsatisfiable(one, () => null);
    return why === null ? [] : [{ name: `warroom.yml approvals.${name}`, fix: `nobody could satisfy it: ${why}.` }];
  });
  return problems.length > 0 ? { problems } : { policies };
}

/** A policy with its place in warroom.yml, and where its rule holds; null everywhere. */
type NamedPolicy = { readonly name: string; readonly policy: ApprovalPolicy; readonly scope: RuleScope | null };

/** Every policy that can come into force, whole. */
export function policiesOf(policies: ApprovalPolicies): NamedPolicy[] {
  const effects = ['change', 'destructive'] as const;
  const rules = policies.rules.flatMap(({ scope, policy: part }, index) =>
    effects
      .filter((effect) => scope.effect === undefined || scope.effect === effect)
      .map((effect) => ({ name: `rules.${index}`, policy: { ...policies[effect], ...part }, scope })),
  );
  return [...effects.map((effect) => ({ name: effect, policy: policies[effect], scope: null })), ...rules];
}

function toPolicy(file: PolicyFile): Partial<ApprovalPolicy> {
  const given: Partial<Record<keyof ApprovalPolicy, unknown>> = {
    approvers: file.approvers,
    expiresAfterMs: file.expires,
    from: file.from,
    quorum: file.quorum,
    aloneAfterMs: file.alone_after === 'never' ? null : file.alone_after,
    typeTarget: file.type_target,
    breakGlass: file.break_glass,
  };
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Partial<ApprovalPolicy>;
}

function toScope({ within, outside, ...rest }: z.output<typeof when>): RuleScope {
  const given = within ?? outside;
  const scope = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as RuleScope;
  if (given === undefined) return scope;
  const days = given.days.map((day) => DAYS.indexOf(day) + 1);
  return { ...scope, hours: { ...given, days, when: within === undefined ? 'outside' : 'within' } };
}
