import { outlineShell } from '../../analysis/shell/commands.ts';
import { compileExpression, isExpressionError, namesOf } from '../../domain/expression.ts';
import type { ExecutableStep } from '../../domain/runbook.ts';
import { type Problem, suggest } from '../problems.ts';
import { placeInStep, type RunbookFile, runbookProblem } from './runbook-file.ts';
import type { LintTools, StatementFault } from './tools.ts';

/** What the statement of a step takes, and what is wrong with that; `names` are parameters that it uses. */
export async function checkStatement(
  file: RunbookFile,
  step: ExecutableStep,
  tools: LintTools,
): Promise<{ names: readonly string[]; problems: Problem[] }> {
  const found = await tools.namesOf(step.language, step.text);
  const problems: Problem[] = (found?.faults ?? []).map((fault) =>
    runbookProblem(file, fault.rule, placeOfFault(file, step, fault), {
      message: `#${step.id}: ${fault.message}`,
      fix: fault.fix,
    }),
  );
  const known = file.params.map((param) => param.name);
  const names = found && found.faults.length === 0 ? found.names : namesByLook(step.text);
  if (step.language === 'sh') {
    // The loader cannot tell a parameter from a variable of the script; the executor can.
    for (const name of found?.names ?? []) {
      if (known.includes(name)) continue;
      const at = Math.max(0, step.text.search(new RegExp(`\\$\\{?${name}\\b`, 'u')));
      problems.push(
        runbookProblem(file, 'unknown-parameter', placeInStep(file, step, step.text, at), {
          message: `#${step.id}: there is no parameter "${name}"`,
          fix: `${suggest(name, known)} Declare it under "params:".`.trim(),
        }),
      );
    }
    problems.push(...(await unsetVariables(file, step)));
  }
  if (step.effect === 'destructive' && step.verify === null) {
    problems.push(
      runbookProblem(file, 'missing-verify', step.position, {
        message: `#${step.id} is destructive, and nothing looks whether it helped`,
        fix: 'Add verify=id of a step that reads.',
      }),
    );
  }
  return { names, problems };
}

/** Parameters that no statement and no expression uses. `used` are the names that statements take. */
export function unusedParameters(file: RunbookFile, used: ReadonlySet<string>): Problem[] {
  // What stands in a fence that cannot be read is not known.
  if (file.hasBrokenFence) return [];
  const steps = file.steps.filter((step) => step.kind === 'executable');
  const texts = [
    ...Object.values(file.front.expressions),
    ...steps.flatMap((step) => [step.when, step.expect, ...step.captures.map((capture) => capture.expression)]),
  ];
  const inExpressions = new Set(texts.flatMap((text) => (text === null ? [] : parametersOf(text))));
  return file.params
    .filter(({ name }) => !used.has(name) && !inExpressions.has(name))
    .map(({ name }) =>
      runbookProblem(file, 'unused-parameter', file.at(['params', name]), {
        message: `nothing uses the parameter "${name}"`,
        fix: `Remove it, or write \${${name}} where it belongs.`,
      }),
    );
}

function parametersOf(expression: string): string[] {
  const compiled = compileExpression(expression);
  if (isExpressionError(compiled)) return [];
  return namesOf(compiled).flatMap(([root, name]) => (root === 'params' && name !== undefined ? [name] : []));
}

/** Of a statement that cannot be read: everything that looks like a name. */
function namesByLook(text: string): string[] {
  return [...text.matchAll(/\$\{?([a-z][a-z0-9_]*)/gu)].map((match) => match[1] ?? '');
}

function placeOfFault(file: RunbookFile, step: ExecutableStep, fault: StatementFault) {
  if (fault.line === null || fault.column === null) return step.position;
  const lines = step.text.split('\n').slice(0, fault.line - 1);
  const offset = lines.reduce((sum, line) => sum + line.length + 1, 0) + fault.column - 1;
  return placeInStep(file, step, step.text, offset);
}

/** What a shell or the executor sets by itself. */
const GIVEN =
  /^(?:PATH|HOME|LANG|TMPDIR|PWD|OLDPWD|IFS|RANDOM|SECONDS|LINENO|HOSTNAME|UID|EUID|PPID|OPTARG|OPTIND|REPLY|SHLVL|PIPESTATUS|FUNCNAME|EPOCHSECONDS|EPOCHREALTIME|BASH\w*|_)$/u;

async function unsetVariables(file: RunbookFile, step: ExecutableStep): Promise<Problem[]> {
  const target = file.system.targets.find(({ name }) => name === step.target);
  if (!target) return [];
  const credential = step.effect === 'read' ? 'read' : 'write';
  const environment = target[credential]?.env;
  const given = new Set(typeof environment === 'object' && environment !== null ? Object.keys(environment) : []);
  const { used, assigned } = await outlineShell(step.text);
  const seen = new Set<string>();
  return used.flatMap(({ name, offset }) => {
    // Names in lower case are parameters: another rule's business.
    if (
      /^[a-z][a-z0-9_]{0,62}$/u.test(name) ||
      GIVEN.test(name) ||
      given.has(name) ||
      assigned.has(name) ||
      seen.has(name)
    )
      return [];
    seen.add(name);
    return [
      runbookProblem(file, 'unset-variable', placeInStep(file, step, step.text, offset), {
        message: `#${step.id}: nothing sets $${name}, so it would be empty`,
        fix: `Set it under "${credential}.env" of the target ${target.name}, in the script, or declare a parameter.`,
      }),
    ];
  });
}
