import type { Effect } from '../domain/effect.ts';
import type { Language, ParamValue } from '../domain/runbook.ts';
import type { TargetDefinition } from '../domain/system.ts';
import type { Json } from '../lib/canonical-json.ts';
import type { Secret } from '../lib/secret.ts';

/** Values for `${name}`, already validated against their parameter types. */
export type BoundValues = Readonly<Record<string, ParamValue | Secret>>;

/** What `prepare` is given: nothing here needs the network. */
export type StatementSource = {
  readonly text: string;
  readonly values: BoundValues;
  readonly target: TargetDefinition;
  /** The most that this statement may do. `read` is enforced by the executor in the target's own protocol. */
  readonly allowed: Effect;
};

/**
 * A statement ready to run, with values bound. `display` is what a person approves; `canonical` is what the approval's
 * hash covers (plain JSON; secrets appear as `<secret>`). `effect` is what analysis of the statement says.
 */
export type Statement = {
  readonly language: Language;
  readonly display: string;
  readonly canonical: Json;
  readonly effect: Effect;
  /** Opens its own connection with the credential that `source.allowed` calls for and closes it afterwards. */
  run(context: RunContext): Promise<StatementResult>;
  /**
   * What the change would do, as the target itself says in a dry run, for the card on which people decide. Absent where the target knows no
   * dry run. Changes nothing; a preview that cannot be made says so in its text. May hold output: it is redacted, but not yet cut.
   */
  preview?(context: RunContext): Promise<string>;
};

/** Which sending of a statement this is, for a target that can be told. Nothing of an incident stands in it. */
export type SendingOrigin = {
  readonly run: number;
  readonly stepRun: number;
  /**
   * The same whoever sends this statement of this step run, another one for everything else: a target that takes each name once carries
   * it out once. Null for reading, which may be repeated.
   */
  readonly once: string | null;
};

export type RunContext = {
  /** Cancels: the executor stops the work on the target as far as its protocol can, then settles as `cancelled`. */
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Bytes of output kept: half of it head, half tail. */
  readonly maxOutputBytes: number;
  /** Resolves names of secrets (`env:NAME`, `file:/path`) at the moment of use; without it the resolver given to `createExecutors`. */
  readonly secrets?: (reference: string) => Promise<Secret>;
  /** Absent where no step of a run is carried out. */
  readonly origin?: SendingOrigin;
  /** Progress for long statements, already redacted; may be called with any chunk size. */
  readonly onOutput?: (chunk: string) => void;
};

/** How it ended. `refused` means that nothing was sent to the target. `unknown` means that it may or may not have happened. */
export type StatementStatus = 'ok' | 'failed' | 'timeout' | 'cancelled' | 'refused' | 'unknown';

export type StatementResult = {
  readonly status: StatementStatus;
  /**
   * What CEL sees as `steps.<id>` and, for `expect`, at top level. http: `{status, headers, body, duration_ms}`;
   * sql: `{rows, row_count, columns}`; redis: `{value}`; sh: `{exit_code, stdout, stderr}`; kubectl: see
   * each command. Redacted. A `failed` result
   * may carry one (an answer with status 503, an exit code of 1), so that `expect` can still be asked.
   */
  readonly value: Readonly<Record<string, Json>>;
  /** What a person reads: cleaned, redacted with the secrets in use and cut by the executor. */
  readonly output: string;
  readonly omittedBytes: number;
  /** One sentence, what happened and what to do; null when `ok`. */
  readonly error: string | null;
  readonly durationMs: number;
  /** Worth knowing although it worked, one sentence each: a read credential that could write, rows left out. */
  readonly warnings?: readonly string[];
  /** Figures as people see them best, already free of secrets. */
  readonly pictures?: readonly Picture[];
};

/** A picture that goes with a result: the same one for light and for dark surroundings. */
export type Picture = {
  readonly name: string;
  readonly theme: 'light' | 'dark';
  readonly png: Buffer;
  /** What it shows, in words. */
  readonly alt: string;
};

/** The code that runs one kind of fence. */
export interface Executor {
  readonly language: Language;
  /** Problems with a target's definition, each one sentence; empty when it is usable. Called at start, no network. */
  checkTarget(target: TargetDefinition): string[];
  /** Names of the `${…}` placeholders of a text, for lint; throws UserError on a placeholder in a place where it cannot be bound. */
  placeholders(text: string): Promise<string[]>;
  /** Parses, binds, classifies. Throws UserError (`statement_invalid`, `not_read_only`, `value_refused`) without touching the network. */
  prepare(source: StatementSource): Promise<Statement>;
}
