import { findIncident, findIncidentByChannel, listOpenIncidents } from '../db/incidents.ts';
import { listPeople } from '../db/people.ts';
import { listEvents } from '../db/timeline.ts';
import { withTransaction } from '../db/transaction.ts';
import type { Incident } from '../domain/incident.ts';
import type { TimelineEvent } from '../domain/timeline.ts';
import { unknownIncident } from '../domain/unknown.ts';
import type { Context } from './context.ts';

/** Which incident a verb means. */
export type Meant =
  | { readonly status: 'one'; readonly incident: Incident }
  | { readonly status: 'choose'; readonly open: readonly Incident[] }
  | { readonly status: 'none' };

/** A number means that incident; without one a war room means its own; elsewhere a person has to choose. */
export async function incidentFor(
  context: Pick<Context, 'pool'>,
  place: { channel: string; number: number | null },
): Promise<Meant> {
  return withTransaction(context.pool, async (tx) => {
    if (place.number !== null) {
      const incident = await findIncident(tx, place.number);
      if (incident) return { status: 'one', incident };
      throw unknownIncident(place.number);
    }
    const own = await findIncidentByChannel(tx, place.channel);
    if (own) return { status: 'one', incident: own };
    const open = await listOpenIncidents(tx);
    return open.length === 0 ? { status: 'none' } : { status: 'choose', open };
  });
}

/** Open incidents, worst first. */
export async function listOpen(context: Pick<Context, 'pool'>): Promise<Incident[]> {
  return withTransaction(context.pool, (tx) => listOpenIncidents(tx));
}

export type Timeline = {
  readonly incident: Incident;
  readonly events: readonly TimelineEvent[];
  /** Names of the people in it, as far as they are known. */
  readonly names: ReadonlyMap<string, string>;
};

/** The timeline of an incident with the names of its people. */
export async function readTimeline(context: Pick<Context, 'pool'>, number: number): Promise<Timeline> {
  return withTransaction(context.pool, async (tx) => {
    const incident = await findIncident(tx, number);
    if (!incident) throw unknownIncident(number);
    const events = await listEvents(tx, number);
    const ids = new Set(events.flatMap((event) => [event.actor, ...peopleIn(event)]).filter((id) => id !== null));
    const people = await listPeople(tx, [...ids]);
    return { incident, events, names: new Map([...people].map(([id, person]) => [id, person.name])) };
  });
}

function peopleIn(event: TimelineEvent): string[] {
  switch (event.fact.kind) {
    case 'page_delivered':
      return [...event.fact.recipients];
    case 'commander_taken':
      return event.fact.before ? [event.fact.before] : [];
    default:
      return [];
  }
}
