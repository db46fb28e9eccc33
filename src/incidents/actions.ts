import { insertAudit } from '../db/audit.ts';
import { lockIncident } from '../db/incidents.ts';
import { enqueue } from '../db/outbox.ts';
import { insertEvent } from '../db/timeline.ts';
import type { Tx } from '../db/transaction.ts';
import type { Incident } from '../domain/incident.ts';
import { isMember, type Person } from '../domain/person.ts';
import { hasRole, type Role } from '../domain/roles.ts';
import { findSeverity, type Severity, type SystemDefinition } from '../domain/system.ts';
import type { TimelineFact } from '../domain/timeline.ts';
import { unknownIncident } from '../domain/unknown.ts';
import { UserError } from '../lib/errors.ts';
import type { Context } from './context.ts';

/** Refuses guests, strangers, bots and people who left: deny by default. */
export function requireMember(actor: Person): void {
  if (isMember(actor)) return;
  throw new UserError('not_a_member', 'Only members of this workspace can do that; ask one of them to do it for you.', {
    person: actor.id,
  });
}

/** Refuses whoever does not have a role in a system (warroom.yml, `roles`). */
export function requireRole(context: Pick<Context, 'settings'>, system: string, actor: Person, role: Role): void {
  requireMember(actor);
  if (hasRole(context.settings.roles, system, actor, role)) return;
  throw new UserError(
    'role_missing',
    `That needs the role ${role} for ${system}, which you do not have; ask somebody who has it, or your Warroom operator.`,
    { person: actor.id, system, role },
  );
}

/** The incident, locked; refuses a number that does not exist and an incident that is over. */
export async function lockOpenIncident(tx: Tx, number: number): Promise<Incident> {
  const incident = await lockIncident(tx, number);
  if (!incident) throw unknownIncident(number);
  if (incident.status === 'resolved') {
    throw new UserError(
      'incident_resolved',
      `Incident ${number} is resolved already; declare a new one if it is back.`,
    );
  }
  return incident;
}

/** The system with that id, or a sentence that names the known ones. */
export function getSystem(context: Pick<Context, 'packs'>, id: string): SystemDefinition {
  const system = context.packs().systems.get(id);
  if (system) return system;
  const known = [...context.packs().systems.keys()].join(', ');
  throw new UserError('system_unknown', `There is no system “${id}”; choose one of ${known}.`);
}

/** The severity of that system's own scheme, or a sentence that names its levels. */
export function getSeverity(system: SystemDefinition, level: string): Severity {
  const severity = findSeverity(system, level);
  if (severity) return severity;
  const levels = system.severities.map((candidate) => candidate.level).join(', ');
  throw new UserError('severity_unknown', `${system.name} has no severity “${level}”; choose one of ${levels}.`);
}

/** Writes what happened to an incident: the timeline event and its audit entry, in the caller's transaction. */
export async function recordFact(tx: Tx, incident: number, actor: string | null, fact: TimelineFact): Promise<void> {
  await insertEvent(tx, incident, actor, fact);
  const { kind, ...data } = fact;
  await insertAudit(tx, { actor, action: `incident.${kind}`, incident, data });
}

/** Brings everything that shows the state of an incident up to date. */
export async function refreshCards(tx: Tx, incident: Incident): Promise<void> {
  // The hub never hears of a private incident.
  if (!incident.private) await enqueue(tx, { type: 'incident.announcement', incident: incident.number });
  if (incident.room) await enqueue(tx, { type: 'incident.card', incident: incident.number });
}
