import type { Effect } from './effect.ts';

/** The phases of a runbook: what its H2 sections mean. */
export const PHASES = [
  'symptoms',
  'blast_radius',
  'diagnose',
  'mitigate',
  'recover',
  'verify',
  'escalate',
  'workaround',
  'emergency',
  'after',
] as const;
export type Phase = (typeof PHASES)[number];

/** Phases whose steps must be `read`; the engine enforces it (design §4). */
export const READ_ONLY_PHASES: readonly Phase[] = ['diagnose', 'verify'];

/** The language of an executable fence names its executor. */
export const LANGUAGES = ['http', 'sql', 'redis', 'kubectl', 'docker', 'promql', 'probe', 'sh'] as const;
export type Language = (typeof LANGUAGES)[number];

/** A place in a file, 1-based, as editors show it. */
export type Position = { readonly file: string; readonly line: number; readonly column: number };

/** A typed parameter of a runbook. Values are bound, never pasted into text. */
export type Param = {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'choice' | 'duration' | 'k8s-name' | 'secret';
  readonly description: string | null;
  readonly default: ParamValue | null;
  /** For `string`: an anchored RE2 pattern. */
  readonly pattern: string | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly choices: readonly string[];
  readonly required: boolean;
};
export type ParamValue = string | number | boolean;

/** A value that a step leaves for later steps: `capture="name=expression"`. */
export type Capture = { readonly name: string; readonly expression: string };

type StepBase = {
  /** Unique in its runbook, `[a-z][a-z0-9_]*`. */
  readonly id: string;
  readonly title: string;
  readonly phase: Phase;
  /** Name of the alternative it belongs to (`Option A: …`), null outside of alternatives. */
  readonly option: string | null;
  /** Prose between the heading and the fence; shown, never run. */
  readonly description: string;
  readonly position: Position;
};

/** A fence that an executor can run. */
export type ExecutableStep = StepBase & {
  readonly kind: 'executable';
  readonly language: Language;
  /** The body of the fence, with `${name}` placeholders untouched. */
  readonly text: string;
  readonly target: string;
  /** Declared effect raised by analysis; never lower than either. */
  readonly effect: Effect;
  readonly timeoutMs: number | null;
  /** CEL over `steps`, `params`, `alert`: highlight or offer this step when it holds. */
  readonly when: string | null;
  /** CEL over this step's own result: pass or fail. */
  readonly expect: string | null;
  /** Id of the step that is run afterwards to see whether it helped. */
  readonly verify: string | null;
  /** How often a read step may be tried again. */
  readonly retry: number;
  readonly poll: { readonly everyMs: number; readonly forMs: number } | null;
  readonly sensitive: boolean;
  readonly captures: readonly Capture[];
  /** Id of the step that takes a temporary state back. */
  readonly revert: string | null;
  readonly quorum: number | null;
};

/** A task-list item: a person does it and ticks it. */
export type ManualStep = StepBase & { readonly kind: 'manual'; readonly text: string };

export type Step = ExecutableStep | ManualStep;

/** How bad an item of the blast radius is. */
export type BlastLevel = 'ok' | 'warn' | 'critical';

export type BlastItem = { readonly level: BlastLevel; readonly text: string };

/** One Markdown file, parsed and checked. */
export type Runbook = {
  readonly id: string;
  readonly system: string;
  readonly title: string;
  /** A draft is shown and searchable, but cannot be run. */
  readonly status: 'ready' | 'draft';
  /** Suggested severity level of the system's own scheme. */
  readonly severity: string | null;
  readonly alerts: readonly string[];
  readonly rtoMs: number | null;
  /** How long one run of it can be worked with; null: an hour. */
  readonly timeoutMs: number | null;
  readonly stakeholders: readonly string[];
  readonly symptoms: readonly string[];
  readonly blastRadius: readonly BlastItem[];
  readonly params: readonly Param[];
  readonly steps: readonly Step[];
  /** The prose of each section as Markdown, fences that are steps left out. */
  readonly prose: readonly { readonly phase: Phase | null; readonly heading: string; readonly markdown: string }[];
  /** Ids of other runbooks that this one links to. */
  readonly links: readonly string[];
  readonly source: RunbookSource;
};

/** What exactly was read: an approval and a run pin these. */
export type RunbookSource = {
  /** Path relative to the pack folder's parent, for example `auto-broker/rb-012.md`. */
  readonly file: string;
  /** SHA-256 of the file's bytes, hexadecimal. */
  readonly contentHash: string;
  /** Git commit of the working tree the file was read from; null outside of Git or when the file has local changes. */
  readonly commit: string | null;
  readonly text: string;
};

/** The step with that id, or null. */
export function findStep(runbook: Runbook, id: string): Step | null {
  return runbook.steps.find((step) => step.id === id) ?? null;
}

/** The steps of a phase that an executor can run, in the order of the file. */
export function executableSteps(runbook: Runbook, phase: Phase): ExecutableStep[] {
  return runbook.steps.filter((step) => step.kind === 'executable' && step.phase === phase) as ExecutableStep[];
}

/** What “Run diagnostics” runs: alternatives are left to a person, who chooses one of them. */
export function diagnosticSteps(runbook: Runbook): ExecutableStep[] {
  return executableSteps(runbook, 'diagnose').filter(({ option }) => option === null);
}

/**
 * Whether a step has a button of its own to be run without an approval: it only reads, and neither “Run diagnostics” nor a
 * changing step that names it as its `verify` runs it.
 */
export function runsByItself(runbook: Runbook, step: Step): boolean {
  if (step.kind !== 'executable' || step.effect !== 'read') return false;
  if (step.phase === 'diagnose') return step.option !== null;
  return step.phase !== 'verify' || !runbook.steps.some((one) => one.kind === 'executable' && one.verify === step.id);
}
