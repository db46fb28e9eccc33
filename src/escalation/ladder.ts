import { findLadderStop, listPages, listRungRecords, type StoredRungRecord } from '../db/escalations.ts';
import { countOpenBySeverity, findIncident } from '../db/incidents.ts';
import type { Tx } from '../db/transaction.ts';
import { type LadderView, nextRung, type Page, waitingRungs } from '../domain/escalation.ts';
import type { Incident } from '../domain/incident.ts';
import type { Rung, SystemDefinition } from '../domain/system.ts';
import type { Context } from '../incidents/context.ts';

/** One rung as it stands on the ladder card. */
export type RungStatus = {
  readonly rung: Rung;
  readonly contactName: string;
  readonly record: StoredRungRecord | null;
  readonly page: Page | null;
  /** When it fires by itself as things stand; null when it does not. */
  readonly dueAt: Date | null;
};

/** The escalation ladder of an incident, first rung first. */
export type Ladder = {
  readonly incident: Incident;
  readonly system: SystemDefinition;
  readonly rungs: readonly RungStatus[];
  readonly next: Rung | null;
  readonly stopped: { readonly by: string; readonly at: Date } | null;
  readonly view: LadderView;
  readonly now: Date;
};

/** Reads the ladder of an incident; null when there is no such incident or its system has left the packs. */
export async function readLadder(context: Pick<Context, 'packs'>, tx: Tx, number: number): Promise<Ladder | null> {
  const incident = await findIncident(tx, number);
  const system = incident ? context.packs().systems.get(incident.system) : undefined;
  if (!incident || !system) return null;
  const records = await listRungRecords(tx, number);
  const pages = await listPages(tx, number);
  const stopped = await findLadderStop(tx, number);
  const view: LadderView = {
    rungs: system.escalation,
    incident,
    openBySeverity: await countOpenBySeverity(tx, incident.system),
    records,
    pages,
    stopped: stopped !== null,
  };
  const waiting = stopped || incident.status === 'resolved' ? [] : waitingRungs(view, tx.now);
  return {
    incident,
    system,
    stopped,
    view,
    now: tx.now,
    next: nextRung(view),
    rungs: system.escalation.map((rung) => ({
      rung,
      contactName: contactName(system, rung.contact),
      record: records.find((record) => record.rung === rung.id) ?? null,
      page: pages.findLast((page) => page.rung === rung.id) ?? null,
      dueAt: waiting.find((firing) => firing.rung.id === rung.id)?.dueAt ?? null,
    })),
  };
}

/** What a contact is called; its id when the system does not name it. */
export function contactName(system: SystemDefinition, id: string): string {
  return system.contacts.find((contact) => contact.id === id)?.name ?? id;
}
