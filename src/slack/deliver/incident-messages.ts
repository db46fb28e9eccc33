import { listUpdates, updateRoom } from '../../db/incidents.ts';
import { findMessage, saveMessage } from '../../db/messages.ts';
import { enqueue } from '../../db/outbox.ts';
import type { Tx } from '../../db/transaction.ts';
import type { Incident } from '../../domain/incident.ts';
import { coalesceKey, type Intent } from '../../domain/intents.ts';
import { readLadder } from '../../escalation/ladder.ts';
import { recordFact } from '../../incidents/actions.ts';
import { readTimeline } from '../../incidents/find.ts';
import { readIncidentCard } from '../../incidents/incident-card.ts';
import type { Delivery, Outcome } from '../../notify/delivery.ts';
import { editSent, outcomeOfFailure, postOnce, postToSlot } from '../send.ts';
import { uploadFile } from '../upload.ts';
import { announcementMessage } from '../views/announcement.ts';
import { closingMessage, timelineFile, updateMessage } from '../views/closing.ts';
import { incidentCardMessage } from '../views/incident-card.ts';
import { ladderMessage } from '../views/ladder-card.ts';
import { also, type DeliverDeps, GONE, NO_PLACE, read, sendAll } from './deliver-context.ts';

type Of<T extends Intent['type']> = Delivery<Extract<Intent, { type: T }>>;
type Place = { readonly channel: string; readonly thread?: string | undefined };

/** The place of an incident's room, or null. */
function roomOf(incident: Incident): Place | null {
  if (!incident.room) return null;
  return { channel: incident.room.channel, ...(incident.room.thread ? { thread: incident.room.thread } : {}) };
}

/** The thread below the announcement in the hub, or null before it was posted. */
async function announcementThread(tx: Tx, incident: number): Promise<Place | null> {
  const message = await findMessage(tx, coalesceKey({ type: 'incident.announcement', incident }));
  return message ? { channel: message.channel, thread: message.ts } : null;
}

/** Posts or edits the announcement. Where the room is a thread of the hub, this message is where the thread begins. */
export async function deliverAnnouncement(deps: DeliverDeps, delivery: Of<'incident.announcement'>): Promise<Outcome> {
  const number = delivery.intent.incident;
  const card = await read(deps, (tx) => readIncidentCard(deps.context, tx, number));
  if (!card) return GONE;
  if (card.incident.private) return { status: 'obsolete', reason: 'the hub does not hear of a private incident' };
  const channel = await hubOf(deps);
  if (typeof channel !== 'string') return channel;
  const outcome = await postToSlot(deps, { slot: delivery.key, channel, message: announcementMessage(card), delivery });
  if (card.incident.warRoom !== 'hub-thread' || card.incident.room) return outcome;
  return also(outcome, (tx) => openThread(tx, number));
}

/** The hub's id, or the outcome of not finding it. */
export async function hubOf(deps: DeliverDeps): Promise<string | Outcome> {
  try {
    return await deps.hub();
  } catch (error) {
    return outcomeOfFailure(error);
  }
}

async function openThread(tx: Tx, incident: number): Promise<void> {
  const thread = await announcementThread(tx, incident);
  if (!thread?.thread) return;
  await updateRoom(tx, incident, { channel: thread.channel, thread: thread.thread });
  await recordFact(tx, incident, null, { kind: 'room_ready', channel: thread.channel });
  await enqueue(tx, { type: 'incident.announcement', incident });
  await enqueue(tx, { type: 'incident.card', incident });
  await enqueue(tx, { type: 'incident.ladder', incident }, afterCard(tx));
}

/** The status card is what people look for first in a new room; one message a second may be posted there. */
export function afterCard(tx: Tx): Date {
  return new Date(tx.now.getTime() + 2_000);
}

/** Posts or edits the status card; in a channel of its own it is pinned after the first time. */
export async function deliverCard(deps: DeliverDeps, delivery: Of<'incident.card'>): Promise<Outcome> {
  const { incident } = delivery.intent;
  const { card, standing } = await read(deps, async (tx) => ({
    card: await readIncidentCard(deps.context, tx, incident),
    standing: await findMessage(tx, delivery.key),
  }));
  if (!card) return GONE;
  const room = roomOf(card.incident);
  if (!room) return NO_PLACE;
  const outcome = await postToSlot(deps, { slot: delivery.key, ...room, message: incidentCardMessage(card), delivery });
  if (standing || room.thread) return outcome;
  return also(outcome, (tx) => enqueue(tx, { type: 'incident.pin', incident }));
}

/** Posts or edits the ladder card. */
export async function deliverLadder(deps: DeliverDeps, delivery: Of<'incident.ladder'>): Promise<Outcome> {
  const ladder = await read(deps, (tx) => readLadder(deps.context, tx, delivery.intent.incident));
  if (!ladder) return GONE;
  const room = roomOf(ladder.incident);
  if (!room) return NO_PLACE;
  if (ladder.rungs.length === 0) return { status: 'obsolete', reason: 'the system has no ladder' };
  const message = ladderMessage(ladder);
  // A ladder that was never shown is not shown once everything is over.
  if (ladder.incident.status === 'resolved') return editSent(deps, { slot: delivery.key, ...room, message, delivery });
  return postToSlot(deps, { slot: delivery.key, ...room, message, delivery });
}

/** Posts an update in the room, and below the announcement for those who only follow the hub. */
export async function deliverUpdate(deps: DeliverDeps, delivery: Of<'incident.update'>): Promise<Outcome> {
  const { incident: number, update: id } = delivery.intent;
  const found = await read(deps, async (tx) => ({
    card: await readIncidentCard(deps.context, tx, number),
    update: (await listUpdates(tx, number)).find((candidate) => candidate.id === id),
    thread: await announcementThread(tx, number),
  }));
  if (!found.card || !found.update) return GONE;
  const message = updateMessage(found.card.incident, found.update);
  return sendAll(
    deps,
    placesOf(found.card.incident, found.thread).map((place) => () => {
      return postOnce(deps, { slot: `${delivery.key}:${place.channel}`, ...place, message, delivery });
    }),
  );
}

/** The room and the announcement's thread; one place when they are the same. What is private is said in its room alone. */
function placesOf(incident: Incident, thread: Place | null): Place[] {
  const room = roomOf(incident);
  return [room, room?.thread || incident.private ? null : thread].filter((place) => place !== null);
}

/** Posts what it came to, with the timeline as a file, in the room or below the announcement. */
export async function deliverClosing(deps: DeliverDeps, delivery: Of<'incident.closing'>): Promise<Outcome> {
  const number = delivery.intent.incident;
  const timeline = await readTimeline(deps.context, number);
  const { thread, now, uploaded } = await read(deps, async (tx) => ({
    thread: await announcementThread(tx, number),
    now: tx.now,
    uploaded: await findMessage(tx, `${delivery.key}:file`),
  }));
  const place = placesOf(timeline.incident, thread)[0];
  if (!place) return NO_PLACE;
  const message = closingMessage(timeline.incident, now);
  const nameOf = (person: string) => timeline.names.get(person) ?? (person.startsWith('S') ? 'a user group' : person);
  const file = timelineFile(timeline.incident, timeline.events, nameOf);
  return sendAll(deps, [
    () => postOnce(deps, { slot: delivery.key, ...place, message, delivery }),
    async () =>
      uploaded ? { status: 'sent' } : await uploadTimeline(deps, place, { file, slot: `${delivery.key}:file` }),
  ]);
}

async function uploadTimeline(
  deps: DeliverDeps,
  place: Place,
  upload: { file: { name: string; text: string }; slot: string },
): Promise<Outcome> {
  try {
    const { name, text } = upload.file;
    await uploadFile(deps.call, { ...place, filename: name, title: 'Timeline', content: text, lane: 'interactive' });
  } catch (error) {
    return outcomeOfFailure(error);
  }
  return {
    status: 'sent',
    record: (tx) => saveMessage(tx, upload.slot, { channel: place.channel, ts: '', contentHash: '' }),
  };
}
