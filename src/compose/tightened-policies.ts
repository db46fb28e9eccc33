import { policiesOf } from '../config/approvals-schema.ts';
import type { ConfigProblem } from '../config/config-problem.ts';
import type { Settings } from '../config/settings.ts';
import { type ApprovalPolicy, tighten } from '../domain/approval-policy.ts';
import type { Packs } from '../packs/load.ts';

/** Why nobody could satisfy a policy in these systems; null when somebody could. */
type Judge = (each: { readonly policy: ApprovalPolicy; readonly systems: readonly string[] }) => string | null;

/**
 * What nobody could satisfy once a target of the packs has tightened it: every policy of warroom.yml that can come into
 * force for a target which can be changed. Each problem names the target's place and the policy that it tightens.
 */
export function tightenedPolicies(
  settings: Pick<Settings, 'approvals'>,
  packs: Pick<Packs, 'systems'>,
  judge: Judge,
): ConfigProblem[] {
  const policies = policiesOf(settings.approvals);
  return [...packs.systems.values()].flatMap(({ id, targets }) =>
    targets.flatMap(({ name: target, write, approvals }): ConfigProblem[] => {
      if (write === null || !approvals) return [];
      for (const { name, policy, scope } of policies) {
        if (scope?.systems && !scope.systems.includes(id)) continue;
        if (scope?.targets && !scope.targets.includes(target)) continue;
        const why = judge({ policy: tighten(policy, approvals), systems: [id] });
        if (why === null) continue;
        return [{ name: tightenedAt(id, target), fix: `together with warroom.yml approvals.${name} ${why}` }];
      }
      return [];
    }),
  );
}

/** How messages name the place where a target tightens policies. */
function tightenedAt(system: string, target: string): string {
  return `${system}/system.yml targets.${target}.approvals`;
}

/** The path in the file of a system that such a name stands for; null for other names. */
export function placeOf(system: string, name: string): readonly string[] | null {
  const start = `${system}/system.yml `;
  return name.startsWith(start) ? name.slice(start.length).split('.') : null;
}
