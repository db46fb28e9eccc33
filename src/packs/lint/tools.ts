import type { Language } from '../../domain/runbook.ts';
import type { TargetDefinition } from '../../domain/system.ts';
import type { AnalyseStatement } from '../effects.ts';
import type { RuleName } from '../rules.ts';

/** Why the values of a statement cannot be bound. `line` and `column` are places in the statement, 1-based; null when they are not known. */
export type StatementFault = {
  readonly rule: Extract<RuleName, 'bad-statement' | 'unbindable-value' | 'unquoted-value' | 'forbidden-name'>;
  readonly message: string;
  readonly fix: string;
  readonly line: number | null;
  readonly column: number | null;
};

/** What a statement takes. */
export type StatementNames = { readonly names: readonly string[]; readonly faults: readonly StatementFault[] };

/** What lint asks of those who run statements; nothing of it reaches a target. */
export type LintTools = {
  readonly analyse: AnalyseStatement;
  /** Null for a language that this build has no executor for. */
  readonly namesOf: (language: Language, text: string) => Promise<StatementNames | null>;
  /** One sentence for each problem of a target's definition. */
  readonly targetProblems: (target: TargetDefinition) => readonly string[];
};
