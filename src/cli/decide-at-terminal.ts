import { userInfo } from 'node:os';
import { groupsThatMatter } from '../config/settings.ts';
import { recallPerson } from '../db/people.ts';
import { withTransaction } from '../db/transaction.ts';
import type { DecisionKind } from '../domain/approval.ts';
import type { Person } from '../domain/person.ts';
import { systemClock } from '../lib/clock.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { decide } from '../runs/approve.ts';
import { SlackCallError } from '../slack/client.ts';
import { describeVerdict } from '../slack/listeners/approval-gestures.ts';
import { fetchPerson } from '../slack/people.ts';
import { createUserGroups } from '../slack/user-groups.ts';
import { type Installation, withInstallation } from './open-database.ts';
import { slackCaller } from './slack-access.ts';
import type { Terminal } from './verb.ts';

/** A decision as it was typed. `person`: their Slack id. */
export type TypedDecision = {
  readonly approval: number;
  readonly person: string;
  readonly decision: DecisionKind;
  readonly reason: string;
  readonly target: string | null;
};

/**
 * Decides by the same rules as a click in Slack. The step is carried out, and the cards are brought up to date, by the running
 * Warroom. Exit code 0 when the decision counts, 1 when it was refused, 2 when it could not be understood.
 */
export function decideAtTerminal(typed: TypedDecision, terminal: Terminal): Promise<number> {
  return withInstallation(terminal, async (installation) => {
    const { person, remark, asOf } = await lookUp(installation, typed.person);
    if (remark !== null) terminal.complain(remark);
    const verdict = await decide(
      { pool: installation.pool, settings: installation.config.settings },
      {
        approval: typed.approval,
        person,
        decision: typed.decision,
        reason: typed.reason,
        typed: typed.target,
        via: 'cli',
        origin: { operatingSystemUser: operatingSystemUser(), personAsOf: asOf },
      },
    );
    const sentence = `${person.name} (${person.id}): ${describeVerdict(verdict)}`;
    if (verdict.status === 'refused') terminal.complain(sentence);
    else terminal.write(sentence);
    return verdict.status === 'refused' ? 1 : 0;
  });
}

/** `asOf`: null when Slack said it now, else when it did last. */
type Found = { readonly person: Person; readonly remark: string | null; readonly asOf: string | null };

/** Who that is: by Slack now, or as Slack described them last when it cannot be asked. */
async function lookUp(installation: Installation, id: string): Promise<Found> {
  const { config, pool, log } = installation;
  const call = slackCaller(config, log);
  if (call === null) return await recall(installation, id, 'No Slack is configured here');
  const groups = groupsThatMatter(config.settings);
  const userGroups = createUserGroups({ call, groups, clock: systemClock, log });
  const teamId = async () => (await call('interactive', 'auth.test', {})).team_id ?? '';
  try {
    const person = await fetchPerson({ call, pool, teamId, userGroups }, id);
    return { person, remark: null, asOf: null };
  } catch (error) {
    if (!(error instanceof SlackCallError)) throw error;
    return await recall(installation, id, `Slack cannot be asked (${messageOf(error).replace(/\.$/u, '')})`);
  }
}

async function recall({ pool }: Installation, id: string, why: string): Promise<Found> {
  const known = await withTransaction(pool, (tx) => recallPerson(tx, id));
  if (!known) {
    throw new UserError(
      'person.unknown',
      `${why}, and Warroom has not seen ${id} yet: name somebody who has used it in Slack before.`,
    );
  }
  const at = known.at.toISOString();
  return { person: known.person, remark: `${why}: ${id} is taken as Slack described them at ${at}.`, asOf: at };
}

/** Whoever sits at this terminal; in a container the number may have no name. */
function operatingSystemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
