import type { Settings } from '../config/settings.ts';
import { type NamedParts, type UnknownName, unknownNames } from '../domain/rule-names.ts';
import type { SystemDefinition } from '../domain/system.ts';
import { nearest, type Problem } from './problems.ts';

type Known = {
  readonly systems: ReadonlyMap<string, SystemDefinition>;
  readonly problems: readonly Pick<Problem, 'rule' | 'severity' | 'file'>[];
};

/** A word of warroom.yml that names nothing: its key, its line (null: not known), what is wrong, and what could stand there. */
export type WrongName = {
  readonly key: string;
  readonly line: number | null;
  readonly message: string;
  readonly fix: string;
};

/** Words of warroom.yml that name nothing in these packs. */
export function wrongNames(settings: Pick<Settings, 'approvals' | 'roles' | 'lineOf'>, packs: Known): WrongName[] {
  return unknownNames(settings, namedParts(packs)).map((found) => ({
    key: found.path.join('.'),
    line: settings.lineOf?.(found.path) ?? null,
    message: harmOf(found),
    fix: choiceOf(found),
  }));
}

function harmOf({ what, word, within, path }: UnknownName): string {
  const where = within.length === 0 ? '' : ` in ${within.join(', ')}`;
  const harm = path[0] === 'roles' ? 'these roles would hold nowhere' : 'the rule would never hold';
  return `there is no ${what} “${word}”${where}, so ${harm}`;
}

function choiceOf({ word, known }: UnknownName): string {
  const near = nearest(word, known);
  const there = known.length === 0 ? 'there is none' : `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`;
  return near === null ? there : `did you mean “${near}”? ${there}`;
}

/** A system whose file is broken is known by its folder alone. */
function namedParts({ systems, problems }: Known): NamedParts[] {
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
