import type { ConfigProblem } from '../config/config-problem.ts';
import type { Settings } from '../config/settings.ts';
import { type NamedParts, type UnknownName, unknownNames } from '../domain/rule-names.ts';
import type { Packs } from '../packs/load.ts';
import { nearest } from '../packs/problems.ts';

/** Words of warroom.yml that name nothing in these packs, each with its line, the nearest name and all that there are. */
export function nameProblems(
  settings: Pick<Settings, 'approvals' | 'roles' | 'lineOf'>,
  packs: Pick<Packs, 'systems' | 'problems'>,
): ConfigProblem[] {
  return unknownNames(settings, namedParts(packs)).map((found) => {
    const line = settings.lineOf?.(found.path) ?? null;
    return {
      name: `warroom.yml ${found.path.join('.')}${line === null ? '' : ` (line ${line})`}`,
      fix: sentence(found),
    };
  });
}

function sentence({ what, word, within, known, path }: UnknownName): string {
  const near = nearest(word, known);
  const where = within.length === 0 ? '' : ` in ${within.join(', ')}`;
  const harm = path[0] === 'roles' ? 'these roles would hold nowhere' : 'the rule would never hold';
  const meant = near === null ? '' : `did you mean “${near}”? `;
  const there = known.length === 0 ? 'there is none' : `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`;
  return `there is no ${what} “${word}”${where}, so ${harm}: ${meant}${there}.`;
}

/** A system whose file is broken is known by its folder alone. */
function namedParts({ systems, problems }: Pick<Packs, 'systems' | 'problems'>): NamedParts[] {
  const whole = [...systems.values()].map(({ id, targets, severities }) => ({
    id,
    targets: targets.map(({ name }) => name),
    severities: severities.map(({ level }) => level),
  }));
  const broken = problems.flatMap(({ rule, severity, file }) => {
    const [id, name] = file.split('/');
    return rule === 'system-file' && severity === 'error' && name === 'system.yml' && id ? [id] : [];
  });
  const missing = [...new Set(broken)].filter((id) => !systems.has(id));
  return [...whole, ...missing.map((id) => ({ id, targets: null, severities: null }))];
}
