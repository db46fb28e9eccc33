import { insertLadder } from '../db/escalations.ts';
import { findIncidentByRequest, insertIncident } from '../db/incidents.ts';
import { enqueue } from '../db/outbox.ts';
import type { Tx } from '../db/transaction.ts';
import { withTransaction } from '../db/transaction.ts';
import { parseProse, parseTitle } from '../domain/free-text.ts';
import { type Incident, MAX_PROSE, MAX_TITLE } from '../domain/incident.ts';
import type { Person } from '../domain/person.ts';
import { UserError } from '../lib/errors.ts';
import { getSeverity, getSystem, recordFact, requireRole } from './actions.ts';
import type { Context } from './context.ts';
import { lookAtLadders, scheduleMilestones } from './timers.ts';

export type Declaration = {
  /** The same key never declares two incidents. */
  readonly requestKey: string;
  readonly actor: Person;
  readonly title: string;
  readonly system: string;
  readonly severity: string;
  readonly impact: string;
  readonly customerImpact: boolean;
  /** `<system>/<id>` or null. */
  readonly runbook: string | null;
  /** Only its room may see it. */
  readonly private?: boolean;
};

/**
 * Declares an incident: state, timeline, audit, timers and announcement in one transaction. Declaring twice with one
 * request key returns the first incident.
 */
export async function declareIncident(context: Context, declaration: Declaration): Promise<Incident> {
  const title = parseTitle(declaration.title, { name: 'title', max: MAX_TITLE, required: true });
  const impact = parseProse(declaration.impact, { name: 'customer impact', max: MAX_PROSE, required: false });
  const system = getSystem(context, declaration.system);
  requireRole(context, system.id, declaration.actor, 'responder');
  const severity = getSeverity(system, declaration.severity);
  const secret = declaration.private ?? false;
  // What is private meets in a private channel, whatever the severity asks for.
  const warRoom = secret ? 'channel' : severity.warRoom;
  if (declaration.runbook !== null && !context.packs().runbooks.has(declaration.runbook)) {
    throw new UserError(
      'runbook_unknown',
      `There is no runbook “${declaration.runbook}”; choose one of the list or none.`,
    );
  }
  return withTransaction(context.pool, async (tx) => {
    const incident = await insertIncident(tx, {
      requestKey: declaration.requestKey,
      title,
      system: system.id,
      severity: severity.level,
      rank: severity.rank,
      impact,
      runbook: declaration.runbook,
      declaredBy: declaration.actor.id,
      warRoom,
      private: secret,
      customerImpact: declaration.customerImpact,
    });
    if (!incident) return getDeclared(tx, declaration.requestKey);
    await recordFact(tx, incident.number, declaration.actor.id, {
      kind: 'declared',
      title,
      severity: severity.level,
      impact,
    });
    if (!secret) await enqueue(tx, { type: 'incident.announcement', incident: incident.number });
    if (warRoom === 'channel') await enqueue(tx, { type: 'incident.room', incident: incident.number });
    await insertLadder(tx, incident.number);
    await lookAtLadders(tx, system.id);
    await scheduleMilestones(tx, system, incident);
    return incident;
  });
}

async function getDeclared(tx: Tx, requestKey: string): Promise<Incident> {
  const incident = await findIncidentByRequest(tx, requestKey);
  if (!incident) throw new TypeError('declareIncident: a request key is taken but has no incident');
  return incident;
}
