/** What can happen to an incident. Each kind has its own data; the sentence for people is made by `describeEvent`. */
export type TimelineFact =
  | { readonly kind: 'declared'; readonly title: string; readonly severity: string; readonly impact: string }
  | { readonly kind: 'acknowledged'; readonly afterMs: number }
  | { readonly kind: 'commander_taken'; readonly commander: string; readonly before: string | null }
  | { readonly kind: 'severity_changed'; readonly from: string; readonly to: string; readonly reason: string }
  | { readonly kind: 'room_ready'; readonly channel: string }
  | { readonly kind: 'update_posted'; readonly text: string }
  | {
      readonly kind: 'paged';
      readonly rung: string;
      readonly contact: string;
      readonly lateMs: number;
      readonly by: string | null;
    }
  | {
      readonly kind: 'page_delivered';
      readonly contact: string;
      readonly recipients: readonly string[];
      readonly ordinal: number;
    }
  | { readonly kind: 'page_acknowledged'; readonly contact: string; readonly rung: string }
  | { readonly kind: 'nobody_reached'; readonly contact: string; readonly reason: string }
  | { readonly kind: 'rung_skipped'; readonly rung: string; readonly contact: string }
  | { readonly kind: 'ladder_stopped' }
  | { readonly kind: 'ladder_resumed' }
  | { readonly kind: 'run_started'; readonly runbook: string; readonly title: string; readonly commit: string | null }
  | { readonly kind: 'diagnosed'; readonly runbook: string; readonly passed: number; readonly failed: number }
  | {
      readonly kind: 'approval_requested';
      readonly step: string;
      readonly command: string;
      readonly target: string;
      readonly reason: string;
    }
  | { readonly kind: 'approved'; readonly step: string; readonly command: string }
  /** Nobody else agreed: the requester after nobody answered, or the commander who broke the glass. To be looked at in the review. */
  | {
      readonly kind: 'approved_alone';
      readonly step: string;
      readonly command: string;
      readonly how: 'alone' | 'break_glass';
      readonly reason: string;
    }
  | { readonly kind: 'denied'; readonly step: string; readonly reason: string }
  | { readonly kind: 'approval_expired'; readonly step: string }
  | { readonly kind: 'step_started'; readonly step: string; readonly command: string; readonly target: string }
  | { readonly kind: 'step_finished'; readonly step: string; readonly state: string; readonly error: string | null }
  /** Secrets of a step: how many people have given theirs, of how many. */
  | { readonly kind: 'secret_given'; readonly step: string; readonly given: number; readonly wanted: number }
  /** The process that held them died. */
  | { readonly kind: 'secrets_lost'; readonly step: string; readonly given: number }
  | { readonly kind: 'step_ticked'; readonly step: string; readonly text: string }
  /** `state`: what the step was when somebody cancelled it. */
  | { readonly kind: 'step_cancelled'; readonly step: string; readonly state: 'queued' | 'approved' | 'running' }
  | { readonly kind: 'target_released'; readonly step: string; readonly target: string }
  | { readonly kind: 'temporary_begun'; readonly step: string; readonly certain: boolean }
  | { readonly kind: 'temporary_ended'; readonly step: string }
  /** The incident was closed although something temporary goes on. To be looked at in the review. */
  | { readonly kind: 'temporary_left'; readonly steps: readonly string[]; readonly reason: string }
  | { readonly kind: 'drill_started'; readonly scenario: string }
  | { readonly kind: 'resolved'; readonly summary: string; readonly afterMs: number };

export type TimelineKind = TimelineFact['kind'];

/** `rehearsal`: it happened in a run that sends nothing to any target. */
export type MarkedFact = TimelineFact & { readonly rehearsal?: true };

/** A fact with its time and its author; `actor` null means Warroom itself. */
export type TimelineEvent = {
  readonly id: number;
  readonly at: Date;
  readonly actor: string | null;
  readonly fact: MarkedFact;
};

/** How a person is called in a sentence; the Slack layer turns ids into mentions or names. */
export type NameOf = (person: string) => string;
