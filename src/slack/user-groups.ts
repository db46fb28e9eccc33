import type { Lane } from '../domain/intents.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { isSlackError, type SlackCaller } from './client.ts';

/** So long an answer about a user group is used again: `usergroups.users.list` is allowed 20 times a minute (tier 2). */
const FRESH_MS = 60_000;

/** Which of the user groups that roles and approvals name somebody belongs to. */
export type UserGroups = {
  /** Groups of a person. A group that Slack does not know has no members: what cannot be told counts against acting. */
  groupsOf(person: string): Promise<readonly string[]>;
  /** Members of one group; null when Slack knows no such group. Throws SlackCallError when that cannot be told. */
  findMembers(group: string, lane: Lane): Promise<readonly string[] | null>;
};

const UNKNOWN = ['no_such_subteam', 'subteam_not_found'] as const;
const CANNOT_TELL = ['plan_upgrade_required', 'missing_scope'] as const;

/** Members of a user group; none when Slack does not know the group or the plan has no groups. Throws SlackCallError. */
export async function groupMembers(
  deps: { readonly call: SlackCaller; readonly log: Log },
  usergroup: string,
  lane: Lane,
): Promise<readonly string[]> {
  try {
    return (await askForMembers(deps, usergroup, lane)) ?? [];
  } catch (error) {
    if (!isSlackError(error, ...CANNOT_TELL)) throw error;
    deps.log.warn({ usergroup, error }, 'The members of a user group could not be read.');
    return [];
  }
}

async function askForMembers(
  deps: { readonly call: SlackCaller; readonly log: Log },
  usergroup: string,
  lane: Lane,
): Promise<readonly string[] | null> {
  try {
    return (await deps.call(lane, 'usergroups.users.list', { usergroup })).users ?? [];
  } catch (error) {
    if (!isSlackError(error, ...UNKNOWN)) throw error;
    deps.log.warn({ usergroup, error }, 'Slack knows no such user group.');
    return null;
  }
}

/** Asks Slack who belongs to these groups, each at most once a minute. Throws SlackCallError when Slack cannot be asked. */
export function createUserGroups(deps: {
  readonly call: SlackCaller;
  readonly groups: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}): UserGroups {
  const known = new Map<string, { readonly until: number; readonly members: Promise<readonly string[] | null> }>();
  const findMembers = (group: string, lane: Lane): Promise<readonly string[] | null> => {
    const now = deps.clock.monotonicMs();
    const held = known.get(group);
    if (held && now < held.until) return held.members;
    const members = askForMembers(deps, group, lane);
    known.set(group, { until: now + FRESH_MS, members });
    // A question that failed is asked again.
    members.catch(() => known.delete(group));
    return members;
  };
  const belongs = async (person: string, group: string): Promise<boolean> => {
    try {
      return (await findMembers(group, 'interactive'))?.includes(person) ?? false;
    } catch (error) {
      // What Slack will never tell is no reason to stop everybody: it counts against acting.
      if (!isSlackError(error, ...CANNOT_TELL)) throw error;
      return false;
    }
  };
  return {
    findMembers,
    async groupsOf(person) {
      const all = await Promise.all(deps.groups.map(async (group) => ((await belongs(person, group)) ? group : null)));
      return all.filter((group) => group !== null);
    },
  };
}
