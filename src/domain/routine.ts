/** One line of a checklist: a step that does it, or something that a person does and ticks. */
export type ChecklistItem = {
  readonly id: string;
  readonly title: string;
  /** `<runbook>#<step>` of the same system; null when a person does it. */
  readonly step: string | null;
};

/** What people go through at a rhythm: every morning, every month. */
export type Checklist = {
  readonly id: string;
  readonly title: string;
  /** Null: whenever somebody starts it. */
  readonly every: 'day' | 'week' | 'month' | null;
  /** Time of day as `09:00`; null when none is stated. */
  readonly at: string | null;
  /** IANA name; null means the time zone of the installation. */
  readonly timezone: string | null;
  readonly items: readonly ChecklistItem[];
};

/** What a crossed threshold asks for: somebody now, somebody in business hours, or a note. */
export const THRESHOLD_LEVELS = ['critical', 'warning', 'info'] as const;

/** How a metric is compared; `rising` is for limits that are given without a number. */
export const THRESHOLD_OPERATORS = ['<', '<=', '>', '>=', '==', 'rising'] as const;

/** A limit of a system. The comparison is what is wrong, not what is right: `QEK < 0.85`. */
export type Threshold = {
  readonly id: string;
  readonly level: (typeof THRESHOLD_LEVELS)[number];
  readonly text: string;
  readonly metric: string | null;
  readonly op: (typeof THRESHOLD_OPERATORS)[number] | null;
  readonly value: number | null;
  /** What the value counts: `%`, `s`, `/min`. */
  readonly unit: string | null;
  /** How long it has to hold. */
  readonly forMs: number | null;
  readonly ideal: number | null;
  /** Id of the runbook of the same system that answers it. */
  readonly runbook: string | null;
};

/** A figure that is worth looking at, and where it is found. */
export type Metric = {
  readonly id: string;
  readonly title: string;
  /** PromQL, or the name under which it is exported. */
  readonly query: string | null;
  /** `<runbook>#<step>` that shows it. */
  readonly step: string | null;
};
