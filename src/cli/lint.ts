import { join, relative } from 'node:path';
import { createLintTools } from '../executors/lint-tools.ts';
import { systemClock } from '../lib/clock.ts';
import { UserError } from '../lib/errors.ts';
import { type LintReport, lintPacks } from '../packs/lint/lint.ts';
import { formatProblem, type Problem } from '../packs/problems.ts';
import { RULE_NAMES, ruleOf } from '../packs/rules.ts';
import type { Terminal, Verb } from './verb.ts';

/** `warroom lint`: everything that is wrong with packs, at once. It reaches no target and loads no secret. */
export const lintVerb: Verb = {
  name: 'lint',
  summary: 'Checks systems and runbooks: every problem with its line, rule and fix.',
  usage: [
    'warroom lint [DIR]                  a folder of systems, or of one system; DIR is `runbooks` without it',
    'warroom lint --format=github        annotations for a pull request on GitHub',
    'warroom lint --json                 {"problems":[{"file","line","column","severity","rule","message","fix"}],"systems":N,"files":N,"runbooks":N,"steps":N,"errors":N,"warnings":N,"seconds":N}',
    'warroom lint --rules [--json]       the rules: [{"rule","severity","in_draft","can_be_allowed","meaning"}]',
    'exit code 0 without errors (warnings are printed), 1 with errors, 2 for wrong usage',
  ],
  run,
};

type Format = 'text' | 'json' | 'github';

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const options = args.filter((arg) => arg.startsWith('--'));
  const folders = args.filter((arg) => !arg.startsWith('--'));
  const unknown = options.find((option) => !['--json', '--rules', '--format=github', '--format=text'].includes(option));
  if (unknown !== undefined)
    return usage(terminal, `warroom lint has no option ${unknown}: see \`warroom help lint\`.`);
  if (folders.length > 1) return usage(terminal, 'Give one folder: the one that your systems are in.');
  if (options.includes('--json') && options.includes('--format=github'))
    return usage(terminal, 'Choose one of --json and --format=github.');
  const format: Format = options.includes('--json') ? 'json' : options.includes('--format=github') ? 'github' : 'text';
  if (options.includes('--rules')) {
    listRules(format, terminal);
    return 0;
  }
  const began = systemClock.now().getTime();
  try {
    const report = await lintPacks(folders[0] ?? 'runbooks', createLintTools());
    return print(report, { format, seconds: (systemClock.now().getTime() - began) / 1000 }, terminal);
  } catch (error) {
    if (error instanceof UserError) return usage(terminal, error.message);
    throw error;
  }
}

function usage(terminal: Terminal, sentence: string): number {
  terminal.complain(sentence);
  return 2;
}

function print(report: LintReport, how: { format: Format; seconds: number }, terminal: Terminal): number {
  // Paths as the reader's editor and GitHub know them: from where the program was called.
  const problems = report.problems.map((problem) => ({
    ...problem,
    file: shownPath(join(report.dir, problem.file)),
  }));
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const { systems, files, runbooks, steps } = report;
  const counts = { systems, files, runbooks, steps, errors, warnings: problems.length - errors, seconds: how.seconds };
  if (how.format === 'json') terminal.write(JSON.stringify({ problems: problems.map(plainProblem), ...counts }));
  else {
    for (const problem of problems)
      terminal.write(how.format === 'github' ? annotation(problem) : formatProblem(problem));
    terminal.write(
      `${counted(files, 'file')}, ${counted(runbooks, 'runbook')}, ${counted(steps, 'step')}: ${counted(errors, 'error')}, ${counted(counts.warnings, 'warning')}, ${how.seconds.toFixed(1)} s`,
    );
  }
  return errors === 0 ? 0 : 1;
}

function shownPath(path: string): string {
  const shown = relative('.', path);
  return shown.startsWith('..') ? path : shown;
}

function plainProblem({ file, line, column, severity, rule, message, fix }: Problem) {
  return { file, line, column, severity, rule, message, fix };
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** A command of GitHub Actions; its texts are escaped as its runner reads them. */
function annotation({ severity, file, line, column, rule, message, fix }: Problem): string {
  const data = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
  const text = fix === '' ? message : `${message}. ${fix}`;
  return `::${severity} file=${property(file)},line=${line},col=${column},title=${property(`warroom lint: ${rule}`)}::${data(text)}`;
}

function listRules(format: Format, terminal: Terminal): void {
  const rules = RULE_NAMES.map((name) => {
    const { severity, meaning, warnsInDraft, allowable } = ruleOf(name);
    return {
      rule: name,
      severity,
      in_draft: warnsInDraft ? 'warning' : severity,
      can_be_allowed: allowable ?? false,
      meaning,
    };
  });
  if (format === 'json') terminal.write(JSON.stringify(rules));
  else
    for (const { rule, severity, meaning } of rules)
      terminal.write(`${rule.padEnd(20)} ${severity.padEnd(8)} ${meaning}`);
}
