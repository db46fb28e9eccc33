import type { TighterPolicy } from './approval-policy.ts';
import type { Checklist, Metric, Threshold } from './routine.ts';
import type { BlastLevel, Language } from './runbook.ts';

/** Internal order of severities over all systems: 1 is the worst, 5 the mildest. Labels are never compared. */
export type Rank = 1 | 2 | 3 | 4 | 5;

/** One level of a system's own severity scheme. */
export type Severity = {
  /** What people say: `SEV1`, `P0`, `CRITICAL`. Unique in its system, compared without case. */
  readonly level: string;
  readonly rank: Rank;
  readonly definition: string;
  readonly examples: readonly string[];
  /** Time from opening to acknowledgement. */
  readonly respondWithinMs: number | null;
  /** Time from opening to resolution. */
  readonly resolveWithinMs: number | null;
  /** Where people meet: a channel of its own, a thread of the hub, or nothing but the announcement in the hub. */
  readonly warRoom: 'channel' | 'hub-thread' | 'none';
};

/** A deadline of the process, counted from the opening. */
export type Milestone = {
  readonly id: string;
  readonly title: string;
  readonly afterMs: number;
  /** Levels it applies to; empty means all. */
  readonly severities: readonly string[];
  /** The fact that settles it by itself; `manual` is ticked by a person. */
  readonly settledBy: 'acknowledged' | 'assessed' | 'stakeholders-updated' | 'mitigated' | 'resolved' | 'manual';
};

/** Somebody to be reached, by role. Who that is in Slack stands in warroom.yml (`contacts`), not beside the runbooks. */
export type Contact = { readonly id: string; readonly name: string; readonly note: string | null };

/** Why a rung of the ladder is climbed. */
export type RungTrigger =
  | { readonly kind: 'elapsed'; readonly severity: string; readonly afterMs: number }
  | { readonly kind: 'several-open'; readonly severity: string; readonly count: number }
  | { readonly kind: 'customer-impact'; readonly afterMs: number }
  | { readonly kind: 'manual' };

/** One rung of the escalation ladder. */
export type Rung = {
  readonly id: string;
  readonly title: string;
  /** Id of the contact that is paged. */
  readonly contact: string;
  readonly triggers: readonly RungTrigger[];
  /** An `elapsed` rung fires only while this has not happened yet. */
  readonly until: 'acknowledged' | 'resolved';
  /** An unanswered page of this rung is sent again after this time; null sends it once. */
  readonly repeatEveryMs: number | null;
  /** How often a page is sent at most, the first one included. */
  readonly maxPages: number;
};

/** A row of the blast-radius matrix. */
export type Component = {
  readonly name: string;
  readonly level: BlastLevel | 'medium' | 'low';
  readonly effect: string;
  readonly recovery: string | null;
  readonly dataLoss: string | null;
};

/**
 * A named connection that steps run against. Every target has two credentials; a read step never has the write one
 * loaded (design §5, promise 12). What stands inside depends on the executor, which validates it.
 */
export type TargetDefinition = {
  readonly name: string;
  readonly executor: Language;
  readonly description: string | null;
  readonly options: Readonly<Record<string, unknown>>;
  readonly read: Readonly<Record<string, unknown>>;
  /** Null: this target can only be read. */
  readonly write: Readonly<Record<string, unknown>> | null;
  /** What the pack demands for steps against this target on top of warroom.yml; it can only be stricter. */
  readonly approvals?: TighterPolicy | null;
};

/** A product that a team operates: one folder under `runbooks/`. */
export type SystemDefinition = {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly severities: readonly Severity[];
  readonly milestones: readonly Milestone[];
  readonly contacts: readonly Contact[];
  /** The ladder, first rung first. */
  readonly escalation: readonly Rung[];
  readonly stakeholders: readonly string[];
  readonly components: readonly Component[];
  readonly targets: readonly TargetDefinition[];
  /** Contact ids that are invited into a war room. */
  readonly responders: readonly string[];
  /** Channel of the people who own these files (`#name` or an id), told when one of them is broken; without it, the hub. */
  readonly ownerChannel?: string | null;
  readonly checklists: readonly Checklist[];
  readonly thresholds: readonly Threshold[];
  readonly metrics: readonly Metric[];
};

/** The severity with that label, without regard to case, or null. */
export function findSeverity(system: SystemDefinition, level: string): Severity | null {
  return system.severities.find((severity) => severity.level.toLowerCase() === level.trim().toLowerCase()) ?? null;
}
