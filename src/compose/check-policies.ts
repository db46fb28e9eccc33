import { policiesOf } from '../config/approvals-schema.ts';
import { ConfigError, type ConfigProblem } from '../config/config-problem.ts';
import { groupsThatMatter, type Settings } from '../config/settings.ts';
import { type ApprovalPolicy, unsatisfiable } from '../domain/approval-policy.ts';
import { isGroup, namedFor, ROLES } from '../domain/roles.ts';
import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';

/** Slack that does not answer must not keep an incident waiting. */
const ASKED_FOR_MS = 5_000;

type Policies = Pick<Settings, 'approvals' | 'roles'>;

export type PolicyCheck = {
  /** Policies that nobody could satisfy. */
  readonly problems: readonly ConfigProblem[];
  /** Groups whose members Slack did not tell, with its reason; what rests on them is not known. */
  readonly unknown: ReadonlyMap<string, string>;
};

/** Looks at every policy of warroom.yml with the members that its user groups, and those of the role `approver`, have now. */
export async function lookAtPolicies(
  settings: Policies,
  tools: { readonly membersOf: (group: string) => Promise<readonly string[]>; readonly clock: Clock },
): Promise<PolicyCheck> {
  const members = new Map<string, readonly string[]>();
  const unknown = new Map<string, string>();
  const settled = new AbortController();
  const tooLong = tools.clock.sleep(ASKED_FOR_MS, settled.signal).then(() => {
    throw new Error(`no answer within ${ASKED_FOR_MS / 1_000} s`);
  });
  tooLong.catch(() => undefined);
  await Promise.all(
    groupsThatMatter(settings).map(async (group) => {
      try {
        members.set(group, await Promise.race([tools.membersOf(group), tooLong]));
      } catch (error) {
        unknown.set(group, messageOf(error));
      }
    }),
  );
  settled.abort();
  return { problems: problemsOf(settings, members), unknown };
}

function problemsOf(settings: Policies, members: ReadonlyMap<string, readonly string[]>): ConfigProblem[] {
  const membersOf = (group: string) => members.get(group) ?? null;
  const count = (ids: readonly string[]) =>
    [...new Set(ids.filter(isGroup))].map((group) => `${group} has ${membersOf(group)?.length ?? '?'}`).join(', ');
  const found = policiesOf(settings.approvals).flatMap(({ name, policy }): ConfigProblem[] => {
    const named = [...policy.from, ...policy.quorum.flatMap(({ from }) => from)];
    const why = unsatisfiable(policy, membersOf) ?? tooFewApprovers(settings, policy, membersOf);
    if (why === null) return [];
    const groups = count(typeof why === 'string' ? named : why.holders);
    const reason = typeof why === 'string' ? why : why.sentence;
    const fix = `nobody could satisfy it: ${reason}${groups === '' ? '' : ` (members: ${groups})`}; name more people, or ask for fewer.`;
    return [{ name: `warroom.yml approvals.${name}`, fix }];
  });
  return found.filter(({ name, fix }, at) => found.findIndex((one) => one.name === name && one.fix === fix) === at);
}

/** A policy that names nobody rests on whoever has the role. */
function tooFewApprovers(
  { roles }: Policies,
  policy: ApprovalPolicy,
  membersOf: (group: string) => readonly string[] | null,
): { sentence: string; holders: readonly string[] } | null {
  if (policy.from.length > 0) return null;
  for (const system of Object.keys(roles)) {
    if (namedFor(roles, system, 'approver') === null) continue;
    const holders = ROLES.slice(ROLES.indexOf('approver')).flatMap((role) => namedFor(roles, system, role) ?? []);
    // People whom a quorum names may decide besides those with the role.
    const from = [...holders, ...policy.quorum.flatMap((part) => part.from)];
    if (unsatisfiable({ ...policy, quorum: [], from }, membersOf) === null) continue;
    const where = system === '*' ? '' : ` in ${system}`;
    return {
      sentence: `it wants ${policy.approvers} approvers, but fewer have the role \`approver\`${where}`,
      holders,
    };
  }
  return null;
}

/**
 * The same at start. Throws ConfigError for what nobody could satisfy. When Slack cannot be asked at that moment Warroom
 * starts all the same and says so loudly in the log: an incident must not wait for it.
 */
export async function requireSatisfiable(
  settings: Policies,
  tools: Parameters<typeof lookAtPolicies>[1] & { readonly log: Log },
): Promise<void> {
  const { problems, unknown } = await lookAtPolicies(settings, tools);
  if (problems.length > 0) throw new ConfigError(problems);
  if (unknown.size === 0) return;
  tools.log.warn(
    { groups: Object.fromEntries(unknown) },
    `Slack did not say who belongs to ${[...unknown.keys()].join(', ')}: whether anybody can satisfy the approval policies of warroom.yml is not known; ask again with \`warroom doctor\`.`,
  );
}
