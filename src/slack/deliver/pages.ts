import { findContact } from '../../config/settings.ts';
import { findPage, findUnreachableReason } from '../../db/escalations.ts';
import { findIncident } from '../../db/incidents.ts';
import { enqueue } from '../../db/outbox.ts';
import { withTransaction } from '../../db/transaction.ts';
import type { Page } from '../../domain/escalation.ts';
import type { Incident } from '../../domain/incident.ts';
import type { Intent } from '../../domain/intents.ts';
import { isMember } from '../../domain/person.ts';
import type { SystemDefinition } from '../../domain/system.ts';
import { contactName } from '../../escalation/ladder.ts';
import { pageUnreachable } from '../../escalation/unreachable.ts';
import { recordFact } from '../../incidents/actions.ts';
import { UserError } from '../../lib/errors.ts';
import type { Delivery, Outcome } from '../../notify/delivery.ts';
import { knownHub } from '../hub.ts';
import { fetchPerson } from '../people.ts';
import { editSent, editSlot, openDm, outcomeOfFailure, postOnce } from '../send.ts';
import { groupMembers } from '../user-groups.ts';
import type { Message } from '../views/message.ts';
import { type PageNotice, pageMessage, privateUnreachableMessage, unreachableMessage } from '../views/page.ts';
import { type DeliverDeps, GONE, peopleDeps, read, recordNow, sendAll } from './deliver-context.ts';
import { hubOf } from './incident-messages.ts';
import { inviteAll } from './war-room.ts';

type Of<T extends Intent['type']> = Delivery<Extract<Intent, { type: T }>>;
type Paged = {
  readonly page: Page;
  readonly incident: Incident;
  /** Null while its system.yml cannot be read: who is behind the contact stands in warroom.yml, so the page goes out. */
  readonly system: SystemDefinition | null;
  readonly now: Date;
};

async function readPaged(deps: DeliverDeps, id: number): Promise<Paged | null> {
  return read(deps, async (tx) => {
    const page = await findPage(tx, id);
    const incident = page ? await findIncident(tx, page.incident) : null;
    const system = incident ? (deps.context.packs().systems.get(incident.system) ?? null) : null;
    return page && incident ? { page, incident, system, now: tx.now } : null;
  });
}

/** What the paged contact is called. */
function calledIn({ page, system }: Paged): string {
  return system ? contactName(system, page.contact) : page.contact;
}

/** The message of one page to one recipient. */
function slotOf(page: number, ordinal: number, recipient: string): string {
  return `page:${page}:${ordinal}:${recipient}`;
}

/**
 * Sends a page to everybody behind its contact: people by direct message, user groups by a mention where the incident is.
 * It is delivered when at least one was reached; when nobody was, the ladder is told and everybody hears of it.
 */
export async function deliverPage(deps: DeliverDeps, delivery: Of<'page.send'>): Promise<Outcome> {
  const paged = await readPaged(deps, delivery.intent.page);
  if (!paged) return GONE;
  const { incident, page } = paged;
  const over = whyOver(paged, delivery.intent.ordinal);
  // An attempt that broke off may have reached somebody: their message has to say how it stands now.
  if (over !== null && delivery.uncertainSince === null) return { status: 'obsolete', reason: over };
  const recipients = findContact(deps.context.settings, incident.system, page.contact);
  const attempts = await Promise.all(
    recipients.map((recipient) => pageOne(deps, delivery, { paged, recipient, over: over !== null })),
  );
  if (over !== null && !attempts.some((attempt) => attempt.status !== 'not_reached'))
    return { status: 'obsolete', reason: over };
  return judgeAttempts(deps, delivery, { paged, attempts });
}

/** Why this sending is not wanted any more; null while it is. */
function whyOver({ page, incident }: Paged, ordinal: number): string | null {
  if (page.state !== 'open' || incident.status !== 'open') return `the page is ${page.state}`;
  return page.sends > ordinal ? 'a later repeat of it is on its way' : null;
}

type Attempt =
  | { readonly status: 'reached'; readonly recipient: string }
  | { readonly status: 'not_reached'; readonly reason: string }
  | { readonly status: 'again'; readonly outcome: Outcome };

/** A message that Slack may take later is tried again before anybody is called unreachable; whoever got it does not get it twice. */
function judgeAttempts(
  deps: DeliverDeps,
  delivery: Of<'page.send'>,
  result: { paged: Paged; attempts: readonly Attempt[] },
): Outcome {
  const { page, incident } = result.paged;
  const again = result.attempts.find((attempt) => attempt.status === 'again');
  if (again) return again.outcome;
  const reached = result.attempts.flatMap((attempt) => (attempt.status === 'reached' ? [attempt.recipient] : []));
  if (reached.length > 0) {
    return {
      status: 'sent',
      record: async (tx) => {
        await recordFact(tx, incident.number, null, {
          kind: 'page_delivered',
          contact: calledIn(result.paged),
          recipients: reached,
          ordinal: delivery.intent.ordinal,
        });
        await enqueue(tx, { type: 'incident.ladder', incident: incident.number });
      },
    };
  }
  const reasons = result.attempts.flatMap((attempt) => (attempt.status === 'not_reached' ? [attempt.reason] : []));
  const reason = reasons.join('; ') || `nobody is named as “${page.contact}” for ${incident.system} in warroom.yml`;
  return { status: 'failed', reason, record: (tx) => pageUnreachable(tx, deps.context, { page: page.id, reason }) };
}

async function pageOne(
  deps: DeliverDeps,
  delivery: Of<'page.send'>,
  to: { paged: Paged; recipient: string; over: boolean },
): Promise<Attempt> {
  const { paged, recipient, over } = to;
  try {
    const place = recipient.startsWith('S')
      ? await groupPlace(deps, paged, recipient)
      : await directPlace(deps, paged.incident, recipient);
    if ('reason' in place) return { status: 'not_reached', reason: place.reason };
    const message = pageMessage(await noticeOf(deps, paged, { ordinal: delivery.intent.ordinal, recipient }));
    const slot = slotOf(paged.page.id, delivery.intent.ordinal, recipient);
    const outcome = await (over ? editSent : postOnce)(deps, { slot, ...place, message, delivery });
    return await settleOne(deps, recipient, outcome);
  } catch (error) {
    return settleOne(deps, recipient, outcomeOfFailure(error));
  }
}

async function settleOne(deps: DeliverDeps, recipient: string, outcome: Outcome): Promise<Attempt> {
  if (outcome.status === 'retry') return { status: 'again', outcome };
  if (outcome.status !== 'sent') return { status: 'not_reached', reason: `${recipient}: ${outcome.reason}` };
  await recordNow(deps, outcome);
  return { status: 'reached', recipient };
}

type Where = { readonly channel: string; readonly thread?: string } | { readonly reason: string };

/** A direct message, unless Slack says that there is nobody to read it. When Slack cannot be asked, it is sent all the same. */
async function directPlace(deps: DeliverDeps, incident: Incident, recipient: string): Promise<Where> {
  try {
    const person = await fetchPerson(peopleDeps(deps), recipient, 'page');
    if (person.isDeactivated) return { reason: `${person.name} has left the workspace` };
    if (isMember(person)) await letIn(deps, incident, [recipient]);
  } catch (error) {
    if (error instanceof UserError) return { reason: `${recipient} is not known in this workspace` };
    deps.log.warn({ recipient, error }, 'A page goes out although Slack could not be asked about its recipient.');
  }
  return { channel: await openDm(deps, recipient) };
}

async function groupPlace(deps: DeliverDeps, paged: Paged, group: string): Promise<Where> {
  const members = await groupMembers(deps, group, 'page');
  if (members.length === 0) return { reason: `the user group ${group} has no members` };
  const { room } = paged.incident;
  await letIn(deps, paged.incident, members);
  if (room) return room.thread ? { channel: room.channel, thread: room.thread } : { channel: room.channel };
  // A mention needs a place that the group may see: a private incident has none before its room.
  if (paged.incident.private)
    return { reason: `the private room of the incident is not there yet to call ${group} in` };
  return { channel: await deps.hub() };
}

/** Who is paged for a private incident belongs into its room: they could not help otherwise, nor would a mention there reach them. */
async function letIn(deps: DeliverDeps, incident: Incident, people: readonly string[]): Promise<void> {
  if (!incident.private || !incident.room) return;
  try {
    await inviteAll(deps, { channel: incident.room.channel, people, lane: 'page' });
  } catch (error) {
    // The page is what matters; who is not in the room is told so by it.
    deps.log.warn({ error }, 'Somebody who is paged could not be let into the room of a private incident.');
  }
}

async function noticeOf(
  deps: DeliverDeps,
  paged: Paged,
  sending: { ordinal: number; recipient: string },
): Promise<PageNotice> {
  const { page, incident, system, now } = paged;
  return {
    page,
    incident,
    system: system ?? { name: incident.system },
    now,
    ordinal: sending.ordinal,
    rung: system?.escalation.find((rung) => rung.id === page.rung) ?? null,
    contactName: calledIn(paged),
    // Looked up at home: to find the hub in Slack may take minutes, and the page is read without it as well.
    hub: await knownHub(deps.pool, deps.context.settings.hub),
    call: /^S[A-Z0-9]+$/u.test(sending.recipient) ? `<!subteam^${sending.recipient}>` : null,
  };
}

/** Brings every message of one sending up to date: somebody acknowledged, or it is over. */
export async function deliverPageRefresh(deps: DeliverDeps, delivery: Of<'page.refresh'>): Promise<Outcome> {
  const paged = await readPaged(deps, delivery.intent.page);
  if (!paged) return GONE;
  const { ordinal } = delivery.intent;
  const recipients = findContact(deps.context.settings, paged.incident.system, paged.page.contact);
  return sendAll(
    deps,
    recipients.map((recipient) => async () => {
      const message = pageMessage(await noticeOf(deps, paged, { ordinal, recipient }));
      return editSlot(deps, { slot: slotOf(paged.page.id, ordinal, recipient), message, delivery });
    }),
  );
}

/** Says loudly, in the hub and in the room, that nobody was reached. The hub is not told which private incident it is. */
export async function deliverUnreachable(deps: DeliverDeps, delivery: Of<'page.unreachable'>): Promise<Outcome> {
  const paged = await readPaged(deps, delivery.intent.page);
  if (!paged) return GONE;
  const { page, incident } = paged;
  const hub = await hubOf(deps);
  const reason = (await withTransaction(deps.pool, (tx) => findUnreachableReason(tx, page.id))) ?? 'unknown';
  const said = (inRoom: boolean) => unreachableMessage({ incident, contactName: calledIn(paged), reason, inRoom });
  const say = (channel: string, message: Message) => (): Promise<Outcome> =>
    postOnce(deps, { slot: `${delivery.key}:${channel}`, channel, message, delivery });
  const { room } = incident;
  // The room hears of it also when the hub cannot be found.
  const inHub =
    typeof hub === 'string'
      ? say(hub, incident.private ? privateUnreachableMessage() : said(false))
      : () => Promise.resolve(hub);
  if (room) return sendAll(deps, [inHub, ...(room.channel !== hub ? [say(room.channel, said(true))] : [])]);
  return sendAll(
    deps,
    incident.private ? [inHub, () => tellDeclarer(deps, incident, (dm) => say(dm, said(true))())] : [inHub],
  );
}

/** While a private incident has no room, nobody else may know what the hub does not say. */
async function tellDeclarer(
  deps: DeliverDeps,
  incident: Incident,
  say: (channel: string) => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await say(await openDm(deps, incident.declaredBy));
  } catch (error) {
    return outcomeOfFailure(error);
  }
}
