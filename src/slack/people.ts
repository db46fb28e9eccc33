import type { Pool } from 'pg';
import { listPeople, rememberPerson } from '../db/people.ts';
import { withTransaction } from '../db/transaction.ts';
import type { Lane } from '../domain/intents.ts';
import type { Person } from '../domain/person.ts';
import { UserError } from '../lib/errors.ts';
import { isSlackError, type SlackCaller, type SlackResult } from './client.ts';
import type { UserGroups } from './user-groups.ts';

type User = NonNullable<SlackResult<'users.info'>['user']>;

/** Slack's own bot calls itself a person. */
const SLACKBOT = 'USLACKBOT';

export type PeopleDeps = {
  readonly call: SlackCaller;
  readonly pool: Pool;
  /** The workspace the bot lives in. */
  readonly teamId: () => Promise<string>;
  /** User groups that roles and approvals name; left out where nobody decides anything. */
  readonly userGroups?: UserGroups;
};

/**
 * Asks Slack who somebody is now and remembers it. Decisions use this and nothing older: a person who left an hour ago
 * must not approve. Throws UserError `person.unknown`, or SlackCallError when Slack cannot be asked.
 */
export async function fetchPerson(deps: PeopleDeps, id: string, lane: Lane = 'interactive'): Promise<Person> {
  try {
    const { user } = await deps.call(lane, 'users.info', { user: id });
    if (!user) throw unknown(id);
    const described = toPerson(user, { id, team: await deps.teamId() });
    const person = { ...described, groups: (await deps.userGroups?.groupsOf(id)) ?? [] };
    await withTransaction(deps.pool, (tx) => rememberPerson(tx, person, deps.userGroups !== undefined));
    return person;
  } catch (error) {
    if (isSlackError(error, 'user_not_found', 'user_not_visible')) throw unknown(id);
    throw error;
  }
}

/** Names for texts where a Slack mention cannot stand (files, logs). People never seen before are asked for once. */
export async function nameOf(deps: PeopleDeps, id: string): Promise<string> {
  const known = await withTransaction(deps.pool, (tx) => listPeople(tx, [id]));
  const person = known.get(id) ?? (await fetchPerson(deps, id, 'cosmetic').catch(() => null));
  return person?.name ?? id;
}

/** Reads Slack's description. What it does not say counts against acting: the rules deny by default. */
export function toPerson(user: User, known: { id: string; team: string }): Person {
  const team = user.team_id ?? '';
  const home = [team, ...(user.teams ?? []), ...(user.enterprise_user?.teams ?? [])];
  return {
    id: user.id ?? known.id,
    team,
    name: user.profile?.display_name || user.real_name || user.profile?.real_name || user.name || known.id,
    isBot:
      user.is_bot === true || user.is_workflow_bot === true || user.is_connector_bot === true || known.id === SLACKBOT,
    isGuest: user.is_restricted === true || user.is_ultra_restricted === true || user.is_invited_user === true,
    isExternal: user.is_stranger === true || !home.includes(known.team),
    isDeactivated: user.deleted === true,
    groups: [],
  };
}

function unknown(id: string): UserError {
  return new UserError('person.unknown', 'Slack does not know this person: choose somebody of this workspace.', { id });
}
