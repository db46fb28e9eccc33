import { userInfo } from 'node:os';
import { groupsThatMatter } from '../config/settings.ts';
import { recallPerson } from '../db/people.ts';
import { withTransaction } from '../db/transaction.ts';
import type { Incident } from '../domain/incident.ts';
import type { Person } from '../domain/person.ts';
import { systemClock } from '../lib/clock.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { SlackCallError } from '../slack/client.ts';
import { fetchPerson } from '../slack/people.ts';
import { createUserGroups } from '../slack/user-groups.ts';
import { isInside } from '../slack/visibility.ts';
import type { Installation } from './open-database.ts';
import { slackCaller } from './slack-access.ts';

/** Somebody whom a terminal acts for. */
export type TerminalPerson = {
  readonly person: Person;
  /** What to say about how that is known; null when Slack said it now. */
  readonly remark: string | null;
  /** Null when Slack said it now, else when it did last. */
  readonly asOf: string | null;
  /**
   * Whether they are in the room of a private incident. While Slack cannot be asked that cannot be told, and counts for them:
   * whoever has the database has it anyway, and nobody has to wait for Slack to fight a breach.
   */
  readonly sees: (incident: Incident) => Promise<boolean>;
};

/** A Slack member id, as `--as` takes it. */
export function isMemberId(id: string): boolean {
  return /^[UW][A-Z0-9]{2,20}$/u.test(id);
}

/** Who that is: by Slack now, or as Slack described them last when it cannot be asked. Throws UserError `person.unknown`. */
export async function lookUpPerson(installation: Installation, id: string): Promise<TerminalPerson> {
  const { config, pool, log } = installation;
  const call = slackCaller(config, log);
  if (call === null) return await recall(installation, id, 'No Slack is configured here');
  const groups = groupsThatMatter(config.settings);
  const userGroups = createUserGroups({ call, groups, clock: systemClock, log });
  const teamId = async () => (await call('interactive', 'auth.test', {})).team_id ?? '';
  try {
    const person = await fetchPerson({ call, pool, teamId, userGroups }, id);
    return { person, remark: null, asOf: null, sees: (incident) => isInside({ call }, person, incident) };
  } catch (error) {
    if (!(error instanceof SlackCallError)) throw error;
    return await recall(installation, id, `Slack cannot be asked (${messageOf(error).replace(/\.$/u, '')})`);
  }
}

async function recall({ pool }: Installation, id: string, why: string): Promise<TerminalPerson> {
  const known = await withTransaction(pool, (tx) => recallPerson(tx, id));
  if (!known) {
    throw new UserError(
      'person.unknown',
      `${why}, and Warroom has not seen ${id} yet: name somebody who has used it in Slack before.`,
    );
  }
  const asOf = known.at.toISOString();
  const remark = `${why}: ${id} is taken as Slack described them at ${asOf}.`;
  return { person: known.person, remark, asOf, sees: async () => true };
}

/** Whoever sits at this terminal; in a container the number may have no name. */
export function operatingSystemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
