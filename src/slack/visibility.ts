import { findIncident } from '../db/incidents.ts';
import { findRun } from '../db/runs.ts';
import { withTransaction } from '../db/transaction.ts';
import type { Incident } from '../domain/incident.ts';
import type { Person } from '../domain/person.ts';
import { hasRole } from '../domain/roles.ts';
import { requireMember } from '../incidents/actions.ts';
import { UserError } from '../lib/errors.ts';
import { isSlackError } from './client.ts';
import { actorOf, type Ui, type Visitor } from './ui.ts';

/** Pages of members that are read: rooms are small, and Slack gives 200 a page. */
const MAX_PAGES = 25;

/** Whether somebody may see an incident: with the role of a viewer, and a private one only from inside of its room. */
export async function canSee(ui: Pick<Ui, 'context' | 'call'>, person: Person, incident: Incident): Promise<boolean> {
  if (!hasRole(ui.context.settings.roles, incident.system, person, 'viewer')) return false;
  if (!incident.private || incident.declaredBy === person.id) return true;
  return incident.room !== null && (await membersOf(ui, incident.room.channel)).includes(person.id);
}

/** Those of the incidents that somebody may see, in their order. */
export async function visibleTo(
  ui: Pick<Ui, 'context' | 'call'>,
  person: Person,
  incidents: readonly Incident[],
): Promise<Incident[]> {
  const seen = await Promise.all(incidents.map((incident) => canSee(ui, person, incident)));
  return incidents.filter((_, index) => seen[index]);
}

/**
 * Refuses an incident that the visitor may not see with the sentence of one that does not exist: that there is a private
 * incident is a part of what is private.
 */
export async function requireVisible(ui: Ui, visitor: Pick<Visitor, 'user'>, number: number): Promise<void> {
  const incident = await withTransaction(ui.context.pool, (tx) => findIncident(tx, number));
  if (incident && (await canSee(ui, await actorOf(ui, visitor), incident))) return;
  throw new UserError('incident_unknown', `There is no incident ${number}; /incident list shows the open ones.`);
}

/** The same for a run, which belongs to its incident. */
export async function requireRunVisible(ui: Ui, visitor: Pick<Visitor, 'user'>, id: number): Promise<void> {
  requireMember(await actorOf(ui, visitor));
  const run = await withTransaction(ui.context.pool, (tx) => findRun(tx, id));
  if (run?.incident != null) await requireVisible(ui, visitor, run.incident);
  else if (run && !hasRole(ui.context.settings.roles, run.system, await actorOf(ui, visitor), 'viewer'))
    throw new UserError('run_unknown', 'This run does not exist any more; open the runbook again with /runbook.');
}

async function membersOf(ui: Pick<Ui, 'call'>, channel: string): Promise<string[]> {
  const members: string[] = [];
  let cursor: string | undefined;
  try {
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const answer = await ui.call('interactive', 'conversations.members', {
        channel,
        limit: 200,
        ...(cursor ? { cursor } : {}),
      });
      members.push(...(answer.members ?? []));
      cursor = answer.response_metadata?.next_cursor;
      if (!cursor) break;
    }
  } catch (error) {
    // A room that is gone has nobody in it.
    if (!isSlackError(error, 'channel_not_found', 'fetch_members_failed', 'not_in_channel')) throw error;
  }
  return members;
}
