import type { Json } from '../lib/canonical-json.ts';
import type { Effect } from './effect.ts';
import type { ParamValue } from './runbook.ts';

/** One execution of a runbook, pinned to the text it started with. */
export type Run = {
  readonly id: number;
  /** `<system>/<id>` */
  readonly runbook: string;
  readonly system: string;
  readonly title: string;
  readonly sourceFile: string;
  readonly sourceText: string;
  readonly contentHash: string;
  readonly commit: string | null;
  readonly incident: number | null;
  /** Where its cards stand. */
  readonly channel: string;
  readonly thread: string | null;
  readonly params: Readonly<Record<string, ParamValue>>;
  readonly requestedBy: string;
  readonly createdAt: Date;
  /** Everything is rendered and asked, and nothing is sent to any target. */
  readonly rehearsal: boolean;
};

/**
 * Read steps: queued → running → ok | failed | timeout | cancelled | refused.
 * Changing steps: awaiting_approval → approved → running → the same or `unknown`, or denied, expired, refused before.
 * `unknown` means that the process died in the middle: it may or may not have happened, and only a person decides.
 */
export type StepRunState =
  | 'queued'
  | 'awaiting_approval'
  | 'approved'
  | 'running'
  | 'ok'
  | 'failed'
  | 'timeout'
  | 'cancelled'
  | 'refused'
  | 'denied'
  | 'expired'
  | 'unknown';

/** States in which nothing more happens by itself. */
export const FINAL_STATES: readonly StepRunState[] = [
  'ok',
  'failed',
  'timeout',
  'cancelled',
  'refused',
  'denied',
  'expired',
  'unknown',
];

/** One execution of a step. */
export type StepRun = {
  readonly id: number;
  readonly run: number;
  readonly step: string;
  readonly title: string;
  /** `look`: a read step that somebody ran by itself. */
  readonly purpose: 'diagnose' | 'change' | 'verify' | 'look';
  readonly verifies: number | null;
  readonly state: StepRunState;
  readonly effect: Effect;
  readonly target: string;
  /** The statement as a person sees it, values bound, secrets hidden. */
  readonly display: string;
  readonly requestedBy: string;
  readonly reason: string;
  readonly requestedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly value: Readonly<Record<string, Json>> | null;
  readonly output: string | null;
  readonly omittedBytes: number;
  readonly error: string | null;
  readonly passed: boolean | null;
  /** Somebody wanted it to stop while it ran. */
  readonly cancelRequestedAt: Date | null;
  readonly cancelRequestedBy: string | null;
  /** From how many people it wants its secrets; 0 for a step that asks nobody. */
  readonly secretsWanted: number;
  /** What the target said in a dry run; null where it knows none, or before it answered. */
  readonly preview?: string | null;
  /** When it said so. */
  readonly previewAt?: Date | null;
  readonly secretsGiven: number;
};

/** The newest step run of each step, by step id. */
export function latestByStep(stepRuns: readonly StepRun[]): Map<string, StepRun> {
  const latest = new Map<string, StepRun>();
  for (const stepRun of [...stepRuns].sort((a, b) => a.id - b.id)) latest.set(stepRun.step, stepRun);
  return latest;
}

/** What was cut off or never sent found nothing: it must not hide what an earlier run found. */
const ANSWERED: readonly StepRunState[] = ['ok', 'failed'];

/** Values that later steps and CEL see: `steps.<id>` is the value of the newest run that finished `ok` or `failed`. */
export function stepValues(stepRuns: readonly StepRun[]): Record<string, Readonly<Record<string, Json>>> {
  const values: Record<string, Readonly<Record<string, Json>>> = {};
  for (const stepRun of [...stepRuns].sort((a, b) => a.id - b.id)) {
    if (stepRun.value !== null && ANSWERED.includes(stepRun.state)) values[stepRun.step] = stepRun.value;
  }
  return values;
}

/** True for a read step that is not over yet. */
export function isReading(stepRun: StepRun): boolean {
  return stepRun.effect === 'read' && (stepRun.state === 'queued' || stepRun.state === 'running');
}
