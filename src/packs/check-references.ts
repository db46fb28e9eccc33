import { compileExpression, isExpressionError, namesOf } from '../domain/expression.ts';
import type { ExecutableStep, Param, Step } from '../domain/runbook.ts';
import type { SystemDefinition } from '../domain/system.ts';
import type { AttributeColumns } from './collect-steps.ts';
import { type Problem, suggest } from './problems.ts';
import { COMMON_NAMES, RESULT_FIELDS } from './result-fields.ts';
import type { RuleName } from './rules.ts';

/** Controls, bidirectional marks and zero-width characters: a reviewer would approve something else than what runs. */
const HIDDEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;

type Input = {
  readonly steps: readonly Step[];
  readonly columns: ReadonlyMap<string, AttributeColumns>;
  readonly params: readonly Param[];
  readonly system: SystemDefinition;
};

/**
 * Checks what steps say about targets, other steps and parameters. A step with a fault is dropped, and so is what
 * refers to a dropped step, until nothing more falls.
 */
export function checkReferences(input: Input): { steps: Step[]; problems: Problem[] } {
  const problems: Problem[] = [];
  let steps = [...input.steps];
  for (;;) {
    const found = steps.map((step) => ({
      step,
      faults: step.kind === 'executable' ? stepFaults(step, steps, input) : [],
    }));
    problems.push(...found.flatMap(({ faults }) => faults));
    const kept = found.filter(({ faults }) => faults.length === 0).map(({ step }) => step);
    if (kept.length === steps.length) return { steps: kept, problems };
    steps = kept;
  }
}

function stepFaults(step: ExecutableStep, steps: readonly Step[], input: Input): Problem[] {
  const faults: Problem[] = [];
  const report: Report = (rule, attribute, message, fix) => {
    const column = input.columns.get(step.id)?.get(attribute ?? '') ?? step.position.column;
    faults.push({ rule, ...step.position, column, severity: 'error', message: `#${step.id}: ${message}`, fix });
  };
  checkTarget(step, input.system, report);
  checkValues(step, input, report);
  for (const [attribute, id] of [
    ['verify', step.verify],
    ['revert', step.revert],
  ] as const) {
    const referred = id === null ? null : steps.find((candidate) => candidate.id === id);
    if (referred === undefined)
      report(
        'unknown-step',
        attribute,
        `${attribute} names the step "${id}", which cannot be run`,
        suggestStep(id ?? '', steps, step),
      );
    else if (attribute === 'verify' && referred?.kind === 'executable' && referred.effect !== 'read') {
      report(
        'verify-changes',
        attribute,
        `verify names the step "${id}", which is ${referred.effect}`,
        'Verify with a step that only reads.',
      );
    }
  }
  const own = RESULT_FIELDS[step.language];
  for (const [attribute, text, withResult] of [
    ['when', step.when, false],
    ['expect', step.expect, true],
    ...step.captures.map((capture) => ['capture', capture.expression, true] as const),
  ] as const) {
    if (text === null || (withResult && own === null)) continue;
    const message = nameFault(text, withResult ? (own ?? []) : [], { ...input, steps });
    if (message) report('expression-name', attribute, `${attribute}: ${message.message}`, message.fix);
  }
  if (step.effect !== 'read' && step.retry > 0)
    report('retry-of-change', 'retry', 'a changing step is never retried', 'Remove retry.');
  if (step.effect !== 'read' && step.poll)
    report('retry-of-change', 'poll', 'a changing step is never polled', 'Remove poll.');
  const hidden = HIDDEN.exec(step.text);
  if (hidden) {
    const code = hidden[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    report(
      'hidden-character',
      null,
      `the text contains the invisible character U+${code}`,
      'Remove it, so that people see what runs.',
    );
  }
  return faults;
}

/** `attribute` is the one at fault, null for the body of the fence. */
type Report = (rule: RuleName, attribute: string | null, message: string, fix: string) => void;

function checkTarget(step: ExecutableStep, system: SystemDefinition, report: Report): void {
  const target = system.targets.find((candidate) => candidate.name === step.target);
  if (!target) {
    const fitting = system.targets.filter((candidate) => candidate.executor === step.language).map(({ name }) => name);
    const all = fitting.length > 0 ? fitting : system.targets.map(({ name }) => name);
    report('unknown-target', 'target', `${system.name} has no target "${step.target}"`, suggest(step.target, all));
  } else if (target.executor !== step.language) {
    report(
      'wrong-target-kind',
      'target',
      `the target "${target.name}" takes ${target.executor}, not ${step.language}`,
      '',
    );
  }
}

function checkValues(step: ExecutableStep, { params }: Input, report: Report): void {
  const names = params.map((param) => param.name);
  // In a shell text any other `$NAME` is the shell's own variable.
  if (step.language !== 'sh') {
    for (const [, name = ''] of step.text.matchAll(/(?<!\\)\$\{([^}]*)\}/gu)) {
      if (!names.includes(name))
        report(
          'unknown-parameter',
          null,
          `there is no parameter "${name}"`,
          `${suggest(name, names)} Declare it under "params:".`.trim(),
        );
    }
  }
  for (const { name } of step.captures) {
    if (!names.includes(name))
      report(
        'unknown-parameter',
        'capture',
        `capture fills "${name}", which is not a parameter`,
        `${suggest(name, names)} Declare it under "params:".`.trim(),
      );
  }
}

function nameFault(
  text: string,
  own: readonly string[],
  { steps, params }: Pick<Input, 'steps' | 'params'>,
): { message: string; fix: string } | null {
  const compiled = compileExpression(text);
  if (isExpressionError(compiled)) return { message: compiled.error, fix: '' };
  const roots = [...own, ...COMMON_NAMES];
  for (const [root = '', field] of namesOf(compiled)) {
    if (!roots.includes(root)) return { message: `"${root}" is not known here`, fix: suggest(root, roots) };
    if (root === 'steps' && field !== undefined && !steps.some((step) => step.id === field)) {
      return { message: `there is no step "${field}"`, fix: suggestStep(field, steps) };
    }
    if (root === 'params' && field !== undefined && !params.some((param) => param.name === field)) {
      return {
        message: `there is no parameter "${field}"`,
        fix: suggest(
          field,
          params.map((param) => param.name),
        ),
      };
    }
  }
  return null;
}

function suggestStep(id: string, steps: readonly Step[], except?: Step): string {
  const others = steps.filter((step) => step.kind === 'executable' && step !== except);
  return suggest(
    id,
    others.map((step) => step.id),
  );
}
