import { policiesOf } from '../config/approvals-schema.ts';
import { ConfigError, type ConfigProblem } from '../config/config-problem.ts';
import { groupsThatMatter, type Settings } from '../config/settings.ts';
import { type ApprovalPolicy, unsatisfiable } from '../domain/approval-policy.ts';
import { holdersOf, isGroup } from '../domain/roles.ts';
import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Packs } from '../packs/load.ts';
import { nameProblems } from './check-names.ts';
import { tightenedPolicies } from './tightened-policies.ts';

/** Slack that does not answer must not keep an incident waiting. */
const ASKED_FOR_MS = 5_000;

export type Policies = Pick<Settings, 'approvals' | 'roles' | 'lineOf'>;
export type KnownPacks = Pick<Packs, 'systems' | 'problems'>;

/** `null`: Slack knows no such group. Throws when Slack cannot be asked. */
export type MembersOf = (group: string) => Promise<readonly string[] | null>;

export type PolicyCheck = {
  /** Policies that nobody could satisfy, and names in them that name nothing. */
  readonly problems: readonly ConfigProblem[];
  /** What only might be wrong, one sentence each: groups that Slack does not know. */
  readonly warnings: readonly string[];
  /** Groups whose members Slack did not tell, with its reason; what rests on them is not known. */
  readonly unknown: ReadonlyMap<string, string>;
};

/**
 * Looks at every policy that can come into force with the members that its user groups, and those of the roles, have now:
 * those of warroom.yml, and each as the targets of the packs tighten it.
 */
export async function lookAtPolicies(
  settings: Policies,
  packs: KnownPacks,
  tools: { readonly membersOf: MembersOf; readonly clock: Clock },
): Promise<PolicyCheck> {
  const { members, missing, unknown } = await askForMembers(settings, tools);
  const own = problemsOf(settings, members);
  const tightened =
    own.length > 0 ? [] : tightenedPolicies(settings, packs, (each) => problemWith(settings, each, members));
  const warnings = missing.map(
    (group) =>
      `Slack knows no user group ${group}, so it has no members for Warroom: copy the id of the group again, or take it out of warroom.yml.`,
  );
  return { problems: [...nameProblems(settings, packs), ...own, ...tightened], warnings, unknown };
}

async function askForMembers(
  settings: Policies,
  tools: { readonly membersOf: MembersOf; readonly clock: Clock },
): Promise<{ members: Map<string, readonly string[]>; missing: string[]; unknown: Map<string, string> }> {
  const members = new Map<string, readonly string[]>();
  const unknown = new Map<string, string>();
  const missing: string[] = [];
  const settled = new AbortController();
  const tooLong = tools.clock.sleep(ASKED_FOR_MS, settled.signal).then(() => {
    throw new Error(`no answer within ${ASKED_FOR_MS / 1_000} s`);
  });
  tooLong.catch(() => undefined);
  await Promise.all(
    groupsThatMatter(settings).map(async (group) => {
      try {
        const found = await Promise.race([tools.membersOf(group), tooLong]);
        if (found === null) missing.push(group);
        members.set(group, found ?? []);
      } catch (error) {
        unknown.set(group, messageOf(error));
      }
    }),
  );
  settled.abort();
  return { members, missing: missing.sort(), unknown };
}

type Members = ReadonlyMap<string, readonly string[]>;

function problemsOf(settings: Policies, members: Members): ConfigProblem[] {
  const systems = Object.keys(settings.roles);
  const found = policiesOf(settings.approvals).flatMap(({ name, policy }): ConfigProblem[] => {
    const fix = problemWith(settings, { policy, systems }, members);
    return fix === null ? [] : [{ name: `warroom.yml approvals.${name}`, fix }];
  });
  return found.filter(({ name, fix }, at) => found.findIndex((one) => one.name === name && one.fix === fix) === at);
}

/** Why nobody could satisfy a policy in one of these systems, with what to do; null when somebody could. */
function problemWith(
  { roles }: Policies,
  { policy, systems }: { readonly policy: ApprovalPolicy; readonly systems: readonly string[] },
  members: Members,
): string | null {
  const membersOf = (group: string) => members.get(group) ?? null;
  const named = [...policy.from, ...policy.quorum.flatMap(({ from }) => from)];
  const sentence = unsatisfiable(policy, membersOf);
  const why = sentence === null ? tooFewApprovers(roles, { policy, systems }, membersOf) : { sentence, ids: named };
  if (why === null) return null;
  const groups = [...new Set(why.ids.filter(isGroup))];
  const counted = groups.map((group) => `${group} has ${membersOf(group)?.length ?? '?'}`).join(', ');
  return `nobody could satisfy it: ${why.sentence}${counted === '' ? '' : ` (members: ${counted})`}; name more people, or ask for fewer.`;
}

/** A policy that names nobody rests on whoever has the role. */
function tooFewApprovers(
  roles: Settings['roles'],
  { policy, systems }: { readonly policy: ApprovalPolicy; readonly systems: readonly string[] },
  membersOf: (group: string) => readonly string[] | null,
): { sentence: string; ids: readonly string[] } | null {
  if (policy.from.length > 0) return null;
  for (const system of systems) {
    const ids = holdersOf(roles, system, 'approver');
    if (ids === null) continue;
    // People whom a quorum names may decide besides those with the role.
    const from = [...ids, ...policy.quorum.flatMap((part) => part.from)];
    if (unsatisfiable({ ...policy, quorum: [], from }, membersOf) === null) continue;
    const where = system === '*' ? '' : ` in ${system}`;
    return { sentence: `it wants ${policy.approvers} approvers, but fewer have the role \`approver\`${where}`, ids };
  }
  return null;
}

/**
 * The same at start. Throws ConfigError for what nobody could satisfy and for names that name nothing. When Slack cannot
 * be asked at that moment Warroom starts all the same and says so loudly in the log: an incident must not wait for it.
 */
export async function requireSatisfiable(
  settings: Policies,
  packs: KnownPacks,
  tools: Parameters<typeof lookAtPolicies>[2] & { readonly log: Log },
): Promise<void> {
  const { problems, warnings, unknown } = await lookAtPolicies(settings, packs, tools);
  if (problems.length > 0) throw new ConfigError(problems);
  for (const warning of warnings) tools.log.warn({}, warning);
  if (unknown.size === 0) return;
  tools.log.warn(
    { groups: Object.fromEntries(unknown) },
    `Slack did not say who belongs to ${[...unknown.keys()].join(', ')}: whether anybody can satisfy the approval policies of warroom.yml is not known; ask again with \`warroom doctor\`.`,
  );
}
