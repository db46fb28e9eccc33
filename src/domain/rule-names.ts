import type { ApprovalPolicies } from './approval-policy.ts';
import type { RoleHolders } from './roles.ts';

/** What rules can name of a system. Targets and severities are null while its file is broken: then nobody can tell. */
export type NamedParts = {
  readonly id: string;
  readonly targets: readonly string[] | null;
  readonly severities: readonly string[] | null;
};

/** A word of warroom.yml that names nothing, so that what it stands in never holds. */
export type UnknownName = {
  /** Where it stands in warroom.yml. */
  readonly path: readonly (string | number)[];
  readonly word: string;
  readonly what: 'system' | 'target' | 'severity';
  /** The systems that were looked into; empty for all. */
  readonly within: readonly string[];
  /** What could stand there. */
  readonly known: readonly string[];
};

/**
 * Every word of the rules and roles that names no system, target or severity: a rule with a misspelt name would silently
 * never hold, and a misspelt system leave its roles to everybody. Severities count without regard to case, as rules do.
 */
export function unknownNames(
  settings: { readonly approvals: ApprovalPolicies; readonly roles: RoleHolders },
  systems: readonly NamedParts[],
): UnknownName[] {
  const ids = systems.map(({ id }) => id);
  const noSystem = (path: UnknownName['path'], word: string): UnknownName[] =>
    ids.includes(word) ? [] : [{ path, word, what: 'system', within: [], known: ids }];
  const roles = Object.keys(settings.roles)
    .filter((id) => id !== '*')
    .flatMap((id) => noSystem(['roles', id], id));
  const rules = settings.approvals.rules.flatMap(({ scope }, index) => {
    const at = (...rest: (string | number)[]) => ['approvals', 'rules', index, 'when', ...rest];
    const within = scope.systems ?? [];
    const looked = scope.systems ? systems.filter(({ id }) => within.includes(id)) : systems;
    const parts = (what: 'target' | 'severity', key: 'targets' | 'severities') => {
      // What a broken file holds is not known; its own problem is told elsewhere.
      if (looked.some((system) => system[key] === null)) return [];
      const known = [...new Set(looked.flatMap((system) => system[key] ?? []))];
      return (scope[key] ?? []).flatMap((word, position): UnknownName[] =>
        isKnown(word, known, what) ? [] : [{ path: at(key, position), word, what, within, known }],
      );
    };
    const missing = within.flatMap((id, position) => noSystem(at('systems', position), id));
    return missing.length > 0 ? missing : [...parts('target', 'targets'), ...parts('severity', 'severities')];
  });
  return [...roles, ...rules];
}

function isKnown(word: string, known: readonly string[], what: UnknownName['what']): boolean {
  if (what !== 'severity') return known.includes(word);
  return known.some((level) => level.toLowerCase() === word.toLowerCase());
}
