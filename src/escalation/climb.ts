import { findContact } from '../config/settings.ts';
import {
  acknowledgePages,
  closePages,
  findPage,
  insertPage,
  insertRungRecord,
  reopenPages,
  setLadderStopped,
} from '../db/escalations.ts';
import { enqueue, wasSent } from '../db/outbox.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import { type Firing, latenessMs, type Page } from '../domain/escalation.ts';
import type { Incident } from '../domain/incident.ts';
import type { Person } from '../domain/person.ts';
import { isOneOf } from '../domain/roles.ts';
import { unknownPage } from '../domain/unknown.ts';
import { lockOpenIncident, recordFact, refreshCards, requireMember, requireRole } from '../incidents/actions.ts';
import { recordAcknowledgement, refreshPages } from '../incidents/change.ts';
import type { Context } from '../incidents/context.ts';
import { UserError } from '../lib/errors.ts';
import { contactName, type Ladder, readLadder } from './ladder.ts';

type Target = { readonly incident: number; readonly actor: Person };

/** Pages a rung: its record, the page and its first sending. Nothing happens when the rung has a record already. */
export async function fireRung(tx: Tx, ladder: Ladder, firing: Firing, by: string | null): Promise<void> {
  const { rung, dueAt } = firing;
  const incident = ladder.incident.number;
  if (!(await insertRungRecord(tx, { incident, rung: rung.id, state: 'fired', actor: by, dueAt }))) return;
  const page = await insertPage(tx, { incident, rung: rung.id, contact: rung.contact, dueAt });
  await recordFact(tx, incident, by, {
    kind: 'paged',
    rung: rung.title,
    contact: contactName(ladder.system, rung.contact),
    lateMs: by === null ? latenessMs(dueAt, tx.now) : 0,
    by,
  });
  await enqueue(tx, { type: 'page.send', page, ordinal: 1 });
}

/** Runs a change of an open incident's ladder; the ladder card and the next look follow. */
async function climbing<T>(context: Context, target: Target, work: (tx: Tx, ladder: Ladder) => Promise<T>): Promise<T> {
  requireMember(target.actor);
  return withTransaction(context.pool, async (tx) => {
    const { system } = await lockOpenIncident(tx, target.incident);
    requireRole(context, system, target.actor, 'responder');
    const ladder = await readLadder(context, tx, target.incident);
    if (!ladder)
      throw new UserError(
        'ladder_missing',
        `Incident ${target.incident} has no escalation ladder any more; its system has left the packs.`,
      );
    const result = await work(tx, ladder);
    await enqueue(tx, { type: 'incident.ladder', incident: target.incident });
    await addTypedJob(tx, { task: 'escalation.tick', incident: target.incident });
    return result;
  });
}

function getNextRung(ladder: Ladder): NonNullable<Ladder['next']> {
  if (ladder.next) return ladder.next;
  throw new UserError(
    'ladder_exhausted',
    `Incident ${ladder.incident.number} has no rung left: everybody on the ladder was paged or skipped.`,
  );
}

/** **Next rung**: pages the next rung now, whoever it is; returns what it is called. */
export async function escalateNow(context: Context, target: Target): Promise<{ contact: string }> {
  return climbing(context, target, async (tx, ladder) => {
    const rung = getNextRung(ladder);
    await fireRung(tx, ladder, { rung, dueAt: tx.now }, target.actor.id);
    return { contact: contactName(ladder.system, rung.contact) };
  });
}

/** **Skip**: the next rung will not be paged. */
export async function skipRung(context: Context, target: Target): Promise<{ contact: string }> {
  return climbing(context, target, async (tx, ladder) => {
    const rung = getNextRung(ladder);
    const contact = contactName(ladder.system, rung.contact);
    const incident = target.incident;
    await insertRungRecord(tx, { incident, rung: rung.id, state: 'skipped', actor: target.actor.id, dueAt: tx.now });
    await recordFact(tx, incident, target.actor.id, { kind: 'rung_skipped', rung: rung.title, contact });
    return { contact };
  });
}

/** **Stop**: nobody is paged any more, by no timer and no repeat, until somebody resumes. */
export async function stopLadder(context: Context, target: Target): Promise<void> {
  await climbing(context, target, async (tx) => {
    if (!(await setLadderStopped(tx, target.incident, target.actor.id))) {
      throw new UserError('ladder_stopped', `The escalation of incident ${target.incident} is stopped already.`);
    }
    await refreshPages(tx, await closePages(tx, target.incident));
    await recordFact(tx, target.incident, target.actor.id, { kind: 'ladder_stopped' });
  });
}

/** **Resume**: the ladder runs on; what came due meanwhile fires now, once, and unanswered pages are open again. */
export async function resumeLadder(context: Context, target: Target): Promise<void> {
  await climbing(context, target, async (tx) => {
    if (!(await setLadderStopped(tx, target.incident, null))) {
      throw new UserError('ladder_running', `The escalation of incident ${target.incident} is running already.`);
    }
    const reopened = await reopenPages(tx, target.incident);
    await refreshPages(tx, reopened);
    await sendUnsent(tx, reopened);
    await recordFact(tx, target.incident, target.actor.id, { kind: 'ladder_resumed' });
  });
}

/** A page that was stopped on its way has reached nobody, and a rung without repeats would never send it again. */
async function sendUnsent(tx: Tx, pages: readonly Page[]): Promise<void> {
  for (const page of pages) {
    const intent = { type: 'page.send', page: page.id, ordinal: page.sends } as const;
    if (!(await wasSent(tx, intent))) await enqueue(tx, intent);
  }
}

/**
 * Acknowledges one page, by somebody who is paged or a responder: its repeats stop. The first acknowledged page
 * acknowledges the incident as well.
 */
export async function acknowledgePage(
  context: Context,
  click: { readonly page: number; readonly actor: Person },
): Promise<{ incident: Incident; first: boolean }> {
  requireMember(click.actor);
  return withTransaction(context.pool, async (tx) => {
    const page = await findPage(tx, click.page);
    if (!page) throw unknownPage();
    const incident = await lockOpenIncident(tx, page.incident);
    const paged = findContact(context.settings, incident.system, page.contact);
    if (!isOneOf(click.actor, paged)) requireRole(context, incident.system, click.actor, 'responder');
    const changed = await acknowledgePages(tx, { incident: incident.number, page: page.id, person: click.actor.id });
    for (const answered of changed) await recordPageAcknowledged(context, tx, answered, click.actor);
    const acknowledged = await recordAcknowledgement(tx, incident, click.actor);
    await refreshPages(tx, changed);
    await refreshCards(tx, incident);
    await enqueue(tx, { type: 'incident.ladder', incident: incident.number });
    await addTypedJob(tx, { task: 'escalation.tick', incident: incident.number });
    return { incident, first: acknowledged || changed.length > 0 };
  });
}

async function recordPageAcknowledged(
  context: Context,
  tx: Tx,
  page: { incident: number; rung: string; contact: string },
  actor: Person,
): Promise<void> {
  const ladder = await readLadder(context, tx, page.incident);
  await recordFact(tx, page.incident, actor.id, {
    kind: 'page_acknowledged',
    rung: ladder?.rungs.find((status) => status.rung.id === page.rung)?.rung.title ?? page.rung,
    contact: ladder ? contactName(ladder.system, page.contact) : page.contact,
  });
}
