import type { Effect } from './effect.ts';
import { isGroup } from './roles.ts';

/** Effects that need an approval. */
export type ActingEffect = Exclude<Effect, 'read'>;

/** At least so many of the approvers come from this group. */
export type Quorum = { readonly from: readonly string[]; readonly count: number };

/** Who must agree to a step, how, and for how long they may. */
export type ApprovalPolicy = {
  /** People other than the requester who have to approve. */
  readonly approvers: number;
  readonly expiresAfterMs: number;
  /** Slack ids of people and user groups who may approve; empty: everybody with the role `approver`. */
  readonly from: readonly string[];
  readonly quorum: readonly Quorum[];
  /** After this time without enough answers the requester may go on alone, with a reason; null never. */
  readonly aloneAfterMs: number | null;
  /** One of the approvers has to type the target's name. */
  readonly typeTarget: boolean;
  /** The commander of an incident of the worst rank may go on alone with a reason. */
  readonly breakGlass: boolean;
};

/** One approver for a change, two for destruction, fifteen minutes, alone after five (design §5 promise 3; reference: runbooks, decision 3). */
export const DEFAULT_POLICIES: Readonly<Record<ActingEffect, ApprovalPolicy>> = {
  change: {
    approvers: 1,
    expiresAfterMs: 15 * 60_000,
    from: [],
    quorum: [],
    aloneAfterMs: 5 * 60_000,
    typeTarget: false,
    breakGlass: true,
  },
  destructive: {
    approvers: 2,
    expiresAfterMs: 15 * 60_000,
    from: [],
    quorum: [],
    aloneAfterMs: null,
    typeTarget: true,
    breakGlass: true,
  },
};

/**
 * Hours of a week in a time zone. `days`: 1 Monday to 7 Sunday; `from` and `to`: minutes since midnight, `to` excluded. With
 * `from` after `to` they go on after midnight, and `days` are those on which they begin.
 */
export type WorkingHours = {
  readonly days: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly zone: string;
};

/** Where a rule holds; what is left out holds everywhere. */
export type RuleScope = {
  readonly effect?: ActingEffect;
  readonly systems?: readonly string[];
  readonly targets?: readonly string[];
  /** Levels of the incident's severity; a run without an incident has none. */
  readonly severities?: readonly string[];
  /** Who asks: Slack ids of people and user groups. */
  readonly requesters?: readonly string[];
  readonly hours?: { readonly when: 'within' | 'outside' } & WorkingHours;
};

export type ApprovalRule = { readonly scope: RuleScope; readonly policy: Partial<ApprovalPolicy> };

/** What warroom.yml says of approvals: one policy for each effect, and rules of which the first that holds replaces parts of it. */
export type ApprovalPolicies = Readonly<Record<ActingEffect, ApprovalPolicy>> & {
  readonly rules: readonly ApprovalRule[];
};

/** What a rule looks at. `requester`: their own id and those of their groups. */
export type PolicyCase = {
  readonly effect: ActingEffect;
  readonly system: string;
  readonly target: string;
  readonly severity: string | null;
  readonly requester: readonly string[];
  /** When it was asked for. */
  readonly at: Date;
};

/** The policy for one request: the effect's own, the first rule of warroom.yml that holds, tightened by the pack's target. */
export function policyFor(policies: ApprovalPolicies, asked: PolicyCase, packs: TighterPolicy | null): ApprovalPolicy {
  const rule = policies.rules.find(({ scope }) => holds(scope, asked));
  const own = { ...policies[asked.effect], ...rule?.policy };
  return packs === null ? own : tighten(own, packs);
}

/** What a pack may ask for on top: more people, less time, typing, nobody alone. Nothing here can loosen. */
export type TighterPolicy = {
  readonly approvers?: number;
  readonly expiresAfterMs?: number;
  readonly typeTarget?: true;
  readonly neverAlone?: true;
};

/** The stricter of both in every part. */
export function tighten(policy: ApprovalPolicy, by: TighterPolicy): ApprovalPolicy {
  return {
    ...policy,
    approvers: Math.max(policy.approvers, by.approvers ?? 0),
    expiresAfterMs: Math.min(policy.expiresAfterMs, by.expiresAfterMs ?? Number.POSITIVE_INFINITY),
    typeTarget: policy.typeTarget || by.typeTarget === true,
    aloneAfterMs: by.neverAlone ? null : policy.aloneAfterMs,
    breakGlass: policy.breakGlass && by.neverAlone !== true,
  };
}

function holds(scope: RuleScope, asked: PolicyCase): boolean {
  const { effect, systems, targets, severities, requesters, hours } = scope;
  if (effect !== undefined && effect !== asked.effect) return false;
  if (systems !== undefined && !systems.includes(asked.system)) return false;
  if (targets !== undefined && !targets.includes(asked.target)) return false;
  if (severities !== undefined && !severities.some((level) => same(level, asked.severity))) return false;
  if (requesters !== undefined && !requesters.some((id) => asked.requester.includes(id))) return false;
  return hours === undefined || isWithin(hours, asked.at) === (hours.when === 'within');
}

function same(level: string, severity: string | null): boolean {
  return severity !== null && level.toLowerCase() === severity.toLowerCase();
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** Whether an instant falls into these hours, by the clock on the wall of their time zone. */
export function isWithin(hours: WorkingHours, at: Date): boolean {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: hours.zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at);
  const part = (type: string) => parts.find((candidate) => candidate.type === type)?.value ?? '';
  const minutes = Number(part('hour')) * 60 + Number(part('minute'));
  const today = WEEKDAYS.indexOf(part('weekday'));
  const { days, from, to } = hours;
  if (from <= to) return days.includes(today + 1) && from <= minutes && minutes < to;
  // 22:00 to 06:00: the night that began today, or the one that began yesterday.
  return (minutes >= from && days.includes(today + 1)) || (minutes < to && days.includes(((today + 6) % 7) + 1));
}

/** Every user group that policies name. */
export function groupsInPolicies(policies: ApprovalPolicies): string[] {
  const parts: Partial<ApprovalPolicy>[] = [
    policies.change,
    policies.destructive,
    ...policies.rules.map((rule) => rule.policy),
  ];
  const asked = policies.rules.flatMap((rule) => rule.scope.requesters ?? []);
  const named = parts.flatMap((policy) => [
    ...(policy.from ?? []),
    ...(policy.quorum ?? []).flatMap(({ from }) => from),
  ]);
  return [...new Set([...named, ...asked].filter(isGroup))];
}

/**
 * Why nobody could ever satisfy a policy, as one sentence; null when somebody could. `membersOf` gives the people of a
 * user group, null while Slack was not asked. Somebody outside of the named people may ask, so exactly as many as approve
 * are enough.
 */
export function unsatisfiable(
  policy: ApprovalPolicy,
  membersOf: (group: string) => readonly string[] | null,
): string | null {
  const enough = (ids: readonly string[], count: number): boolean => {
    const groups = ids.filter(isGroup).map(membersOf);
    if (groups.includes(null)) return true;
    const people = new Set([...ids.filter((id) => !isGroup(id)), ...groups.flatMap((members) => members ?? [])]);
    return people.size >= count;
  };
  const total = policy.quorum.reduce((sum, { count }) => sum + count, 0);
  if (policy.from.length > 0 && !enough(policy.from, policy.approvers))
    return `it wants ${policy.approvers} approvers, but \`from\` names fewer people`;
  const short = policy.quorum.find(({ from, count }) => !enough(from, count));
  if (short) return `its quorum wants ${short.count} people of ${short.from.join(', ')}, which are fewer`;
  if (total > policy.approvers && policy.quorum.length === 1)
    return `its quorum wants ${total} people, but only ${policy.approvers} approve: raise \`approvers\``;
  return null;
}

/** The policy of a plan: in every part the strictest of its steps'. People whom one step wants are wanted for the whole. */
export function strictest(policies: readonly ApprovalPolicy[]): ApprovalPolicy {
  const [first, ...others] = policies;
  if (!first) throw new TypeError('strictest: a plan has at least one step');
  return others.reduce((one, other): ApprovalPolicy => {
    const sameFrom = JSON.stringify([...one.from].sort()) === JSON.stringify([...other.from].sort());
    const narrowed = [one, other].filter(({ from }) => from.length > 0);
    const asQuorum = sameFrom ? [] : narrowed.map(({ from, approvers }) => ({ from, count: approvers }));
    return {
      approvers: Math.max(one.approvers, other.approvers),
      expiresAfterMs: Math.min(one.expiresAfterMs, other.expiresAfterMs),
      from: sameFrom ? one.from : [],
      quorum: [...one.quorum, ...other.quorum, ...asQuorum],
      aloneAfterMs:
        one.aloneAfterMs === null || other.aloneAfterMs === null
          ? null
          : Math.max(one.aloneAfterMs, other.aloneAfterMs),
      typeTarget: one.typeTarget || other.typeTarget,
      breakGlass: one.breakGlass && other.breakGlass,
    };
  }, first);
}
