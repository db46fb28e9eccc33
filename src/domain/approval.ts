import { canonicalHash, type Json } from '../lib/canonical-json.ts';
import type { ApprovalPolicy } from './approval-policy.ts';
import type { Effect } from './effect.ts';
import { isMember, type Person } from './person.ts';
import { isOneOf } from './roles.ts';

export type ApprovalState = 'pending' | 'approved' | 'denied' | 'expired' | 'used' | 'void';

/** `alone`: the requester after nobody answered. `break_glass`: the commander of an incident of the worst rank. */
export type DecisionKind = 'approve' | 'deny' | 'alone' | 'break_glass';

export type Decision = {
  readonly person: string;
  readonly decision: DecisionKind;
  readonly at: Date;
  readonly reason: string;
  /** User groups they belonged to when they decided, of those that the policy names. */
  readonly groups: readonly string[];
  /** They typed the target's name. */
  readonly typedTarget: boolean;
};

/** A request for approval of one exact step run, or of a plan of several. */
export type Approval = {
  readonly id: number;
  /** The (first) step run it is for. */
  readonly stepRun: number;
  readonly hash: string;
  readonly state: ApprovalState;
  readonly policy: ApprovalPolicy;
  readonly requestedBy: string;
  /** User groups of the requester when they asked, of those that warroom.yml names. */
  readonly requesterGroups: readonly string[];
  readonly reason: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly decisions: readonly Decision[];
};

/** Everything that an approval is an approval of. A change of any part makes another hash. */
export type ApprovalSubject = {
  readonly run: number;
  readonly stepRun: number;
  readonly step: string;
  readonly runbook: { readonly id: string; readonly contentHash: string; readonly commit: string | null };
  readonly language: string;
  /** `Statement.canonical`: the rendered statement with its bound values. */
  readonly statement: Json;
  readonly target: { readonly system: string; readonly name: string; readonly definition: Json };
  readonly effect: Effect;
  readonly policy: ApprovalPolicy;
  readonly expiresAt: string;
  /** Only where it is one: what was approved for a rehearsal never runs for real. */
  readonly rehearsal?: true;
};

/** The hash that an approval covers (design §5, promise 3). */
export function approvalHash(subject: ApprovalSubject): string {
  return canonicalHash({ version: 2, ...subject });
}

/** The hash of a plan: all of its steps in their order, each with everything that its own approval would cover. */
export function planHash(subjects: readonly ApprovalSubject[]): string {
  return hashOfPlan(subjects.map((subject) => approvalHash(subject)));
}

/** The same from the hashes that approvals of the steps by themselves would cover. */
export function hashOfPlan(hashes: readonly string[]): string {
  return canonicalHash({ version: 2, plan: hashes });
}

/** One click, as far as rules are concerned. */
export type Click = {
  readonly person: Person;
  readonly decision: DecisionKind;
  readonly reason: string;
  /** What they typed as the name of the target; null when they were not asked. */
  readonly typed: string | null;
};

/** What a click is judged against, besides the approval itself. */
export type Circumstances = {
  /** The person has the role `approver` in the run's system. */
  readonly mayApprove: boolean;
  /** The person has the role `responder` in the run's system: may (still) ask for such a step. */
  readonly mayAsk: boolean;
  /** Name of the target, as it has to be typed. */
  readonly target: string;
  /** The person commands the run's incident, which is open and of rank 1. */
  readonly commandsWorst: boolean;
};

export const REFUSALS = [
  'requester',
  'not_member',
  'not_approver',
  'already_decided',
  'expired',
  'settled',
  'type_target',
  'wrong_target',
  'too_early',
  'never_alone',
  'not_requester',
  'may_not_ask',
  'not_commander',
  'reason_missing',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** What a click comes to. Each refusal is a reason that can be shown; nothing has changed then. */
export type Verdict =
  | { readonly status: 'approved' | 'denied' | 'waiting'; readonly missing: number }
  | { readonly status: 'refused'; readonly reason: Refusal; readonly settledAs: ApprovalState };

/**
 * Decides on one click: who asked cannot approve (but may withdraw by denying, and go on alone after the policy's time),
 * everybody counts once, and what is settled or past its time stays so.
 */
export function judge(approval: Approval, click: Click, around: Circumstances, now: Date): Verdict {
  const refusal = whyRefused(approval, click, around, now);
  if (refusal !== null) return { status: 'refused', reason: refusal, settledAs: approval.state };
  if (click.decision === 'deny') return { status: 'denied', missing: 0 };
  if (click.decision !== 'approve') return { status: 'approved', missing: 0 };
  const missing = missingAfter(approval, click.person);
  return { status: missing === 0 ? 'approved' : 'waiting', missing };
}

function whyRefused(approval: Approval, click: Click, around: Circumstances, now: Date): Refusal | null {
  if (!isMember(click.person)) return 'not_member';
  if (approval.state !== 'pending') return 'settled';
  if (now.getTime() >= approval.expiresAt.getTime()) return 'expired';
  if (click.decision !== 'approve' && click.reason.trim() === '') return 'reason_missing';
  switch (click.decision) {
    case 'approve':
      return whyNotApprove(approval, click, around);
    case 'deny':
      return isAsker(approval, click.person) || mayApprove(approval, click.person, around) ? null : 'not_approver';
    case 'alone':
      return whyNotAlone(approval, { person: click.person, mayAsk: around.mayAsk }, now);
    case 'break_glass':
      if (!approval.policy.breakGlass) return 'never_alone';
      return around.commandsWorst ? null : 'not_commander';
  }
}

function whyNotApprove(approval: Approval, click: Click, around: Circumstances): Refusal | null {
  if (isAsker(approval, click.person)) return 'requester';
  if (!mayApprove(approval, click.person, around)) return 'not_approver';
  if (approval.decisions.some((decision) => decision.person === click.person.id)) return 'already_decided';
  const alreadyTyped = approval.decisions.some((decision) => decision.typedTarget);
  if (click.typed !== null && click.typed.trim() !== around.target) return 'wrong_target';
  if (approval.policy.typeTarget && !alreadyTyped && click.typed === null) return 'type_target';
  return null;
}

function whyNotAlone(
  { policy, createdAt, requestedBy }: Approval,
  { person, mayAsk }: { person: Person; mayAsk: boolean },
  now: Date,
): Refusal | null {
  if (person.id !== requestedBy) return 'not_requester';
  if (!mayAsk) return 'may_not_ask';
  if (policy.aloneAfterMs === null) return 'never_alone';
  return now.getTime() < createdAt.getTime() + policy.aloneAfterMs ? 'too_early' : null;
}

function isAsker(approval: Approval, person: Person): boolean {
  return person.id === approval.requestedBy;
}

/** Whom the policy names, or everybody with the role when it names nobody. */
export function mayApprove(
  { policy }: Pick<Approval, 'policy'>,
  person: Person,
  around: Pick<Circumstances, 'mayApprove'>,
): boolean {
  const named = [...policy.from, ...policy.quorum.flatMap(({ from }) => from)];
  return policy.from.length === 0 ? around.mayApprove || isOneOf(person, named) : isOneOf(person, named);
}

/** How many people are missing once this person has approved: by number, and of each group of the quorum. */
export function missingAfter(approval: Approval, person: Pick<Person, 'id' | 'groups'> | null): number {
  const given = approval.decisions
    .filter((decision) => decision.decision === 'approve')
    .map((decision) => [decision.person, ...decision.groups]);
  if (person) given.push([person.id, ...person.groups]);
  const short = approval.policy.quorum.map(({ from, count }) =>
    Math.max(0, count - given.filter((ids) => ids.some((id) => from.includes(id))).length),
  );
  return Math.max(0, approval.policy.approvers - given.length, ...short);
}

/** The groups of a person that the policy names: what a decision has to remember. */
export function groupsThatCount({ policy }: Approval, person: Person): string[] {
  const named = [...policy.from, ...policy.quorum.flatMap(({ from }) => from)];
  return person.groups.filter((group) => named.includes(group));
}

/** Half of the time has passed: the approvers are reminded. */
export function remindAt(approval: Pick<Approval, 'createdAt' | 'expiresAt'>): Date {
  return new Date((approval.createdAt.getTime() + approval.expiresAt.getTime()) / 2);
}

/** From when on the requester may go on alone; null never. */
export function aloneFrom(approval: Pick<Approval, 'createdAt' | 'policy'>): Date | null {
  const { aloneAfterMs } = approval.policy;
  return aloneAfterMs === null ? null : new Date(approval.createdAt.getTime() + aloneAfterMs);
}

/** The target whose name has to be typed: that of the first step which destroys, or of the first. */
export function targetToType(covered: readonly { readonly target: string; readonly effect: Effect }[]): string {
  return (covered.find(({ effect }) => effect === 'destructive') ?? covered[0])?.target ?? '';
}
