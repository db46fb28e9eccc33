import { canonicalHash, type Json } from '../lib/canonical-json.ts';
import type { Effect } from './effect.ts';
import { isMember, type Person } from './person.ts';

/** How many people must agree, and for how long they may. It lives in warroom.yml, never beside the runbooks. */
export type ApprovalPolicy = {
  /** People other than the requester who have to approve. */
  readonly approvers: number;
  readonly expiresAfterMs: number;
};

export type ApprovalPolicies = Readonly<Record<Exclude<Effect, 'read'>, ApprovalPolicy>>;

/** One approver for a change, two for destruction, fifteen minutes (reference: runbooks, decision 3). */
export const DEFAULT_POLICIES: ApprovalPolicies = {
  change: { approvers: 1, expiresAfterMs: 15 * 60_000 },
  destructive: { approvers: 2, expiresAfterMs: 15 * 60_000 },
};

export type ApprovalState = 'pending' | 'approved' | 'denied' | 'expired' | 'used' | 'void';

export type Decision = {
  readonly person: string;
  readonly decision: 'approve' | 'deny';
  readonly at: Date;
  readonly reason: string;
};

/** A request for approval of one exact step run. */
export type Approval = {
  readonly id: number;
  readonly stepRun: number;
  readonly hash: string;
  readonly state: ApprovalState;
  readonly policy: ApprovalPolicy;
  readonly requestedBy: string;
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
};

/** The hash that an approval covers (design §5, promise 3). */
export function approvalHash(subject: ApprovalSubject): string {
  return canonicalHash({ version: 1, ...subject });
}

/** What a click comes to. Each refusal is a reason that can be shown; nothing has changed then. */
export type Verdict =
  | { readonly status: 'approved' | 'denied' | 'waiting'; readonly missing: number }
  | {
      readonly status: 'refused';
      readonly reason: 'requester' | 'not_member' | 'already_decided' | 'expired' | 'settled';
      readonly settledAs: ApprovalState;
    };

/**
 * Decides on one click: who asked cannot approve (but may withdraw by denying), everybody counts once, and what is
 * settled or past its time stays so.
 */
export function judge(approval: Approval, click: { person: Person; decision: 'approve' | 'deny' }, now: Date): Verdict {
  const refused = (reason: Extract<Verdict, { status: 'refused' }>['reason']): Verdict => ({
    status: 'refused',
    reason,
    settledAs: approval.state,
  });
  if (approval.state !== 'pending') return refused('settled');
  if (now.getTime() >= approval.expiresAt.getTime()) return refused('expired');
  if (!isMember(click.person)) return refused('not_member');
  if (click.decision === 'deny') return { status: 'denied', missing: 0 };
  if (click.person.id === approval.requestedBy) return refused('requester');
  if (approval.decisions.some((decision) => decision.person === click.person.id)) return refused('already_decided');
  const approving = approval.decisions.filter((decision) => decision.decision === 'approve').length + 1;
  const missing = Math.max(0, approval.policy.approvers - approving);
  return { status: missing === 0 ? 'approved' : 'waiting', missing };
}
