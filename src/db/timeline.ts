import type { MarkedFact, TimelineEvent } from '../domain/timeline.ts';
import type { Tx } from './transaction.ts';

/** Writes one event; `actor` null is Warroom itself. */
export async function insertEvent(tx: Tx, incident: number, actor: string | null, fact: MarkedFact): Promise<void> {
  await tx.query('insert into timeline_events (incident, actor, fact) values ($1, $2, $3)', [
    incident,
    actor,
    JSON.stringify(fact),
  ]);
}

/** All events of an incident in their order. */
export async function listEvents(tx: Tx, incident: number): Promise<TimelineEvent[]> {
  return tx.query<TimelineEvent>('select id, at, actor, fact from timeline_events where incident = $1 order by id', [
    incident,
  ]);
}
