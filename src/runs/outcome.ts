import type { StepRunEnd } from '../db/runs.ts';
import { compileExpression, evaluate, isExpressionError } from '../domain/expression.ts';
import { parseParam } from '../domain/params.ts';
import { type Run, type StepRun, stepValues } from '../domain/run.ts';
import type { ExecutableStep, ParamValue, Runbook } from '../domain/runbook.ts';
import type { StatementResult } from '../executors/executor.ts';
import { redact } from '../executors/output-safety.ts';
import { messageOf, UserError } from '../lib/errors.ts';

/** What a step looks at: its own result at top level, earlier results as `steps.<id>`, and the values of the run. */
function variables(result: StatementResult['value'], run: Run, earlier: readonly StepRun[]): Record<string, unknown> {
  return { ...result, steps: stepValues(earlier), params: run.params, alert: {} };
}

/** Turns what an executor reports into the end of a step run, with the verdict of `expect`. */
export function endOf(
  step: ExecutableStep,
  result: StatementResult,
  run: Run,
  earlier: readonly StepRun[],
): StepRunEnd {
  const end = {
    state: result.status,
    value: result.value,
    output: withWarnings(result),
    omittedBytes: result.omittedBytes,
    error: result.error,
    // Slack shows one picture to all: the light one.
    ...(result.pictures ? { pictures: result.pictures.filter(({ theme }) => theme === 'light') } : {}),
  };
  // In a rehearsal nothing was asked, so nothing can be expected.
  if (step.expect === null || run.rehearsal) return { ...end, passed: null };
  // An answer of 404 or an exit code of 1 is an answer, and may be just what is expected.
  const answered = result.status === 'failed' && Object.keys(result.value).length > 0;
  if (result.status !== 'ok' && !answered) return { ...end, passed: false };
  const verdict = check(step.expect, variables(result.value, run, earlier));
  if (answered) return verdict.holds ? { ...end, state: 'ok', error: null, passed: true } : { ...end, passed: false };
  return verdict.error === null
    ? { ...end, passed: verdict.holds }
    : { ...end, passed: false, error: `The expectation cannot be decided: ${verdict.error}` };
}

/** The end of a step run whose statement was never sent. */
export function refusedEnd(error: unknown): StepRunEnd {
  const text =
    error instanceof UserError
      ? error.message
      : `Warroom could not carry out this step: ${redact(messageOf(error), [])}`;
  return { state: 'refused', value: null, output: '', omittedBytes: 0, error: text, passed: null };
}

function check(text: string, vars: Readonly<Record<string, unknown>>): { holds: boolean; error: string | null } {
  const compiled = compileExpression(text);
  if (isExpressionError(compiled)) return { holds: false, error: compiled.error };
  const result = evaluate(compiled, vars);
  if (result.status === 'error') return { holds: false, error: result.message };
  if (typeof result.value !== 'boolean') return { holds: false, error: 'it is neither true nor false.' };
  return { holds: result.value, error: null };
}

/** What a step leaves for later ones. `missing`: what it found before, or a person filled in, holds no more. */
export type Captures = {
  readonly found: Readonly<Record<string, ParamValue>>;
  readonly missing: readonly string[];
  /** Why a value that was found cannot be used; null when all can. */
  readonly problem: string | null;
};

export const NO_CAPTURES: Captures = { found: {}, missing: [], problem: null };

/**
 * What `capture` takes from a result for later steps. A value has to be one that its parameter allows, as if a person had
 * typed it: what a target answers is no more to be trusted. What is not found now is forgotten, because a later step must
 * not act on what an earlier look found.
 */
export function capturesOf(
  step: ExecutableStep,
  result: Pick<StatementResult, 'value'>,
  where: { readonly run: Run; readonly runbook: Runbook; readonly earlier: readonly StepRun[] },
): Captures {
  if (where.run.rehearsal) return NO_CAPTURES;
  const found: Record<string, ParamValue> = {};
  const problems: string[] = [];
  const vars = variables(result.value, where.run, where.earlier);
  for (const { name, expression } of step.captures) {
    const value = capture(expression, vars);
    if (value === null) continue;
    const param = where.runbook.params.find((candidate) => candidate.name === name);
    try {
      found[name] = param ? parseParam(param, String(value)) : value;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(`What this step found cannot be used: ${error.message}`);
    }
  }
  const missing = step.captures.map(({ name }) => name).filter((name) => !Object.hasOwn(found, name));
  return { found, missing, problem: problems.length === 0 ? null : problems.join(' ') };
}

function capture(expression: string, vars: Readonly<Record<string, unknown>>): ParamValue | null {
  const compiled = compileExpression(expression);
  if (isExpressionError(compiled)) return null;
  const found = evaluate(compiled, vars);
  if (found.status !== 'value') return null;
  const value = typeof found.value === 'bigint' ? Number(found.value) : found.value;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** What is worth knowing although it worked stands below the output. */
function withWarnings(result: StatementResult): string {
  const warnings = (result.warnings ?? []).map((warning) => `Note: ${warning}`);
  return [result.output.trimEnd(), ...warnings].filter((part) => part !== '').join('\n');
}
