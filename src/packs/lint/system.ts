import type { SystemDefinition } from '../../domain/system.ts';
import type { Problem } from '../problems.ts';
import { systemSchema } from '../system-schema.ts';
import { readYaml } from '../yaml.ts';
import { type RunbookFile, runbookProblem } from './runbook-file.ts';
import type { LintTools } from './tools.ts';

/** Targets whose executor would refuse them. `text` is the system's `system.yml`. */
export function checkTargets(
  system: SystemDefinition,
  text: string,
  targetProblems: LintTools['targetProblems'],
): Problem[] {
  const file = `${system.id}/system.yml`;
  const { at } = readYaml(text, systemSchema, { file, firstLine: 1, rule: 'system-file' });
  return system.targets.flatMap((target) =>
    targetProblems(target).map((sentence) => ({
      rule: 'bad-target' as const,
      file,
      ...at(['targets', target.name, ...partOf(sentence)]),
      severity: 'error' as const,
      message: `the target "${target.name}" is not usable: ${sentence.replace(/\.$/u, '')}`,
      fix: '',
    })),
  );
}

/** The part of a target that a sentence begins with (`options.job.image`), as a path; empty for a sentence about the whole. */
function partOf(sentence: string): string[] {
  return /^`(?<part>(?:options|read|write)(?:\.[^`]+)?)`/u.exec(sentence)?.groups?.part?.split('.') ?? [];
}

/** Alerts that several runbooks of one system claim: a person would have to choose at night. `files` are those of one system. */
export function checkAlerts(files: readonly RunbookFile[]): Problem[] {
  const owners = new Map<string, RunbookFile>();
  const problems: Problem[] = [];
  for (const file of files) {
    file.front.alerts.forEach((alert, index) => {
      const owner = owners.get(alert.toLowerCase());
      if (owner === undefined) owners.set(alert.toLowerCase(), file);
      else if (owner !== file)
        problems.push(
          runbookProblem(file, 'alert-claimed-twice', file.at(['alerts', index]), {
            message: `the alert "${alert}" belongs to ${owner.front.id} already`,
            fix: 'Leave it to one of them, so that nobody has to choose.',
          }),
        );
    });
  }
  return problems;
}
