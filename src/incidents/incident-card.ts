import { listPages } from '../db/escalations.ts';
import { findIncident, listUpdates, readProgress, type Update } from '../db/incidents.ts';
import { listTemporaryOf } from '../db/temporary-states.ts';
import type { Tx } from '../db/transaction.ts';
import type { Page } from '../domain/escalation.ts';
import { type Deadline, deadlines, type Incident, nextDeadline } from '../domain/incident.ts';
import type { Runbook } from '../domain/runbook.ts';
import { findSeverity, type Severity, type SystemDefinition } from '../domain/system.ts';
import type { TemporaryState } from '../domain/temporary.ts';
import type { Context } from './context.ts';

/** Everything that a card about an incident shows, as of `now`. */
export type IncidentCard = {
  readonly incident: Incident;
  readonly system: SystemDefinition;
  readonly severity: Severity;
  readonly runbook: Runbook | null;
  readonly deadlines: readonly Deadline[];
  readonly nextDeadline: Deadline | null;
  /** When the system's scheme wants the incident resolved; null where it says nothing. */
  readonly resolveBy: Date | null;
  readonly latestUpdate: Update | null;
  readonly pages: readonly Page[];
  /** What its runs left behind and nobody has taken back. */
  readonly temporary: readonly TemporaryState[];
  readonly now: Date;
};

/** Reads the card of an incident; null when there is no such incident or its system has left the packs. */
export async function readIncidentCard(
  context: Pick<Context, 'packs'>,
  tx: Tx,
  number: number,
): Promise<IncidentCard | null> {
  const incident = await findIncident(tx, number);
  const system = incident ? context.packs().systems.get(incident.system) : undefined;
  const severity = incident && system ? findSeverity(system, incident.severity) : null;
  if (!incident || !system || !severity) return null;
  const all = deadlines(system, incident, await readProgress(tx, number));
  const updates = await listUpdates(tx, number);
  return {
    incident,
    system,
    severity,
    runbook: incident.runbook ? (context.packs().runbooks.get(incident.runbook) ?? null) : null,
    deadlines: all,
    nextDeadline: nextDeadline(all),
    resolveBy:
      severity.resolveWithinMs === null ? null : new Date(incident.declaredAt.getTime() + severity.resolveWithinMs),
    latestUpdate: updates[0] ?? null,
    pages: await listPages(tx, number),
    temporary: await listTemporaryOf(tx, number),
    now: tx.now,
  };
}
