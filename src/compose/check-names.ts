import type { ConfigProblem } from '../config/config-problem.ts';
import type { Settings } from '../config/settings.ts';
import type { Packs } from '../packs/load.ts';
import { wrongNames } from '../packs/policy-names.ts';

/** Words of warroom.yml that name nothing in these packs, each with its line, the nearest name and all that there are. */
export function nameProblems(
  settings: Pick<Settings, 'approvals' | 'roles' | 'lineOf'>,
  packs: Pick<Packs, 'systems' | 'problems'>,
): ConfigProblem[] {
  return wrongNames(settings, packs).map(({ key, line, message, fix }) => ({
    name: `warroom.yml ${key}${line === null ? '' : ` (line ${line})`}`,
    fix: `${message}: ${fix}.`,
  }));
}
