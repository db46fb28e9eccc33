import { UserError } from '../lib/errors.ts';

/** One wrong or missing setting: the variable or key, and what to do. */
export type ConfigProblem = { readonly name: string; readonly fix: string };

/** All problems of a configuration at once. */
export class ConfigError extends UserError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const list = problems.map((problem) => `  ${problem.name}: ${problem.fix}`).join('\n');
    super('config_invalid', `Warroom cannot start with these settings:\n${list}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}
