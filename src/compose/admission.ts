import type { ConfigProblem } from '../config/config-problem.ts';
import type { SystemDefinition } from '../domain/system.ts';
import type { Clock } from '../lib/clock.ts';
import type { Packs } from '../packs/load.ts';
import type { Admit, Objection } from '../packs/system-memory.ts';
import { lookAtPolicies, type MembersOf, type Policies } from './check-policies.ts';
import { placeOf } from './tightened-policies.ts';

/**
 * Judges a changed system before it comes into force, as the start judges all of them: it is refused when it tightens a
 * policy so that nobody could satisfy it, or takes away a name that a rule of warroom.yml rests on, because that rule would
 * silently never hold again. What was wrong before is no reason to refuse.
 */
export function createAdmission(
  settings: Policies,
  packs: () => Pick<Packs, 'systems' | 'problems'>,
  tools: { readonly membersOf: MembersOf; readonly clock: Clock },
): Admit {
  const problemsWith = async (system: SystemDefinition | null, id: string): Promise<readonly ConfigProblem[]> => {
    const systems = new Map(packs().systems);
    systems.delete(id);
    if (system !== null) systems.set(id, system);
    return (await lookAtPolicies(settings, { systems, problems: packs().problems }, tools)).problems;
  };
  return async (next, inForce) => {
    const found = await problemsWith(next, next.id);
    if (found.length === 0) return [];
    const before = (await problemsWith(inForce, next.id)).map(textOf);
    return found.filter((problem) => !before.includes(textOf(problem))).map((problem) => objection(next.id, problem));
  };
}

function textOf({ name, fix }: ConfigProblem): string {
  return `${name}: ${fix}`;
}

function objection(system: string, problem: ConfigProblem): Objection {
  const place = placeOf(system, problem.name);
  const message = place === null ? textOf(problem) : problem.fix;
  return { path: place ?? ['targets'], message: message.replace(/\.$/u, ''), fix: '' };
}
