import type { Incident } from '../domain/incident.ts';
import type { Person } from '../domain/person.ts';
import { hasRole } from '../domain/roles.ts';
import { isSlackError } from './client.ts';
import type { Ui } from './ui.ts';

/** Pages of members that are read: rooms are small, and Slack gives 200 a page. */
const MAX_PAGES = 25;

/** Whether somebody may see an incident: with the role of a viewer, and a private one only from inside of its room. */
export async function canSee(ui: Pick<Ui, 'context' | 'call'>, person: Person, incident: Incident): Promise<boolean> {
  return hasRole(ui.context.settings.roles, incident.system, person, 'viewer') && isInside(ui, person, incident);
}

/**
 * Whether somebody is where a private incident is: in its room now. As long as nobody but the bot is there (the room is being
 * made, or is gone), that is who declared it. Everybody is inside of what is not private.
 */
export async function isInside(ui: Pick<Ui, 'call'>, person: Person, incident: Incident): Promise<boolean> {
  if (!incident.private) return true;
  const members = incident.room === null ? [] : await membersOf(ui, incident.room.channel);
  return members.length > 1 ? members.includes(person.id) : incident.declaredBy === person.id;
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

/** Those of the runbooks whose systems somebody may see. */
export function runbooksFor<Found extends { readonly system: string }>(
  ui: Pick<Ui, 'context'>,
  person: Person,
  found: readonly Found[],
): Found[] {
  return found.filter(({ system }) => hasRole(ui.context.settings.roles, system, person, 'viewer'));
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
