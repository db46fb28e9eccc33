import { findContact } from '../../config/settings.ts';
import { findIncident, updateRoom } from '../../db/incidents.ts';
import { findMessage } from '../../db/messages.ts';
import { enqueue } from '../../db/outbox.ts';
import type { Tx } from '../../db/transaction.ts';
import type { Incident } from '../../domain/incident.ts';
import { coalesceKey, type Intent, type Lane } from '../../domain/intents.ts';
import { recordFact } from '../../incidents/actions.ts';
import { readIncidentCard } from '../../incidents/incident-card.ts';
import { slugify } from '../../lib/text.ts';
import type { Delivery, Outcome } from '../../notify/delivery.ts';
import { isSlackError } from '../client.ts';
import { createChannel, findChannel } from '../hub.ts';
import { outcomeOfFailure } from '../send.ts';
import { groupMembers } from '../user-groups.ts';
import { roomTopic } from '../views/announcement.ts';
import { type DeliverDeps, GONE, NO_PLACE, read } from './deliver-context.ts';
import { afterCard } from './incident-messages.ts';

type Of<T extends Intent['type']> = Delivery<Extract<Intent, { type: T }>>;

/** Channel names: lower case, digits and dashes, at most 80 characters. */
const MAX_NAME = 80;
const SUFFIXES = ['', '-2', '-3', '-4', '-5'];
/** conversations.invite takes 100 people per call. */
const INVITED_AT_ONCE = 100;

/** `inc-7-quotes-fail`, with a suffix where somebody else has that name. */
export function roomName(incident: Pick<Incident, 'number' | 'title' | 'private'>, suffix: string): string {
  const start = `inc-${incident.number}`;
  // Names of private channels show up in other places: what happened stays inside.
  if (incident.private) return `${start}${suffix}`;
  const slug = slugify(incident.title, MAX_NAME - start.length - 1 - suffix.length);
  return `${slug === '' ? start : `${start}-${slug}`}${suffix}`;
}

/** Creates the incident's own channel. After a crash in the middle the channel that we created is found by its name. */
export async function deliverRoom(deps: DeliverDeps, delivery: Of<'incident.room'>): Promise<Outcome> {
  const incident = await read(deps, (tx) => findIncident(tx, delivery.intent.incident));
  if (!incident) return GONE;
  if (incident.room) return { status: 'obsolete', reason: 'the incident has a room already' };
  try {
    const channel = await createRoom(deps, incident);
    return { status: 'sent', record: (tx) => recordRoom(deps, tx, { incident, channel }) };
  } catch (error) {
    return outcomeOfFailure(error);
  }
}

async function createRoom(deps: DeliverDeps, incident: Incident): Promise<string> {
  for (const suffix of SUFFIXES) {
    const name = roomName(incident, suffix);
    try {
      return await createChannel(deps.call, name, incident.private);
    } catch (error) {
      if (!isSlackError(error, 'name_taken')) throw error;
      const taken = await findChannel(deps.call, name, incident.private ? 'private_channel' : 'public_channel');
      if (taken && taken.creator === (await deps.identity()).botUserId) return taken.id;
    }
  }
  const name = roomName(incident, `-${Date.parse(incident.declaredAt.toISOString())}`);
  return createChannel(deps.call, name, incident.private);
}

async function recordRoom(deps: DeliverDeps, tx: Tx, room: { incident: Incident; channel: string }): Promise<void> {
  const { number } = room.incident;
  await updateRoom(tx, number, { channel: room.channel, thread: null });
  await recordFact(tx, number, null, { kind: 'room_ready', channel: room.channel });
  for (const type of ['incident.card', 'incident.topic', 'incident.announcement'] as const) {
    await enqueue(tx, { type, incident: number });
  }
  await enqueue(tx, { type: 'incident.ladder', incident: number }, afterCard(tx));
  await enqueue(tx, { type: 'incident.invite', incident: number, people: respondersOf(deps, room.incident) });
}

/** Slack ids of those who belong into the room: the declarer and the system's responders, people and user groups. */
function respondersOf(deps: DeliverDeps, incident: Incident): string[] {
  const system = deps.context.packs().systems.get(incident.system);
  const contacts = system?.responders ?? [];
  const ids = contacts.flatMap((contact) => findContact(deps.context.settings, incident.system, contact));
  return [...new Set([incident.declaredBy, ...ids])];
}

/** Invites people and the members of user groups; whoever cannot be invited does not stand in the way of the others. */
export async function deliverInvite(deps: DeliverDeps, delivery: Of<'incident.invite'>): Promise<Outcome> {
  const incident = await read(deps, (tx) => findIncident(tx, delivery.intent.incident));
  if (!incident) return GONE;
  if (!incident.room || incident.room.thread) return NO_PLACE;
  try {
    const people = await expandGroups(deps, delivery.intent.people);
    await inviteAll(deps, { channel: incident.room.channel, people, lane: 'card' });
    return { status: 'sent' };
  } catch (error) {
    return outcomeOfFailure(error);
  }
}

async function expandGroups(deps: DeliverDeps, ids: readonly string[]): Promise<string[]> {
  const people: string[] = [];
  for (const id of ids) {
    if (!id.startsWith('S')) people.push(id);
    else people.push(...(await groupMembers(deps, id, 'card')));
  }
  const { botUserId } = await deps.identity();
  return [...new Set(people)].filter((id) => id !== botUserId);
}

const ALREADY_THERE = ['already_in_channel', 'cant_invite_self', 'no_user'] as const;

/** Invites people into a channel; who is there already, or is nobody, does not stand in the way. Throws SlackCallError. */
export async function inviteAll(
  deps: DeliverDeps,
  wanted: { readonly channel: string; readonly people: readonly string[]; readonly lane: Lane },
): Promise<void> {
  const { channel, people, lane } = wanted;
  for (let start = 0; start < people.length; start += INVITED_AT_ONCE) {
    const users = people.slice(start, start + INVITED_AT_ONCE).join(',');
    try {
      await deps.call(lane, 'conversations.invite', { channel, users, force: true });
    } catch (error) {
      if (!isSlackError(error, ...ALREADY_THERE)) throw error;
    }
  }
}

/** Pins the status card. */
export async function deliverPin(deps: DeliverDeps, delivery: Of<'incident.pin'>): Promise<Outcome> {
  const slot = coalesceKey({ type: 'incident.card', incident: delivery.intent.incident });
  const card = await read(deps, (tx) => findMessage(tx, slot));
  if (!card) return { status: 'obsolete', reason: 'there is no card to pin' };
  try {
    await deps.call('cosmetic', 'pins.add', { channel: card.channel, timestamp: card.ts });
  } catch (error) {
    if (!isSlackError(error, 'already_pinned')) return outcomeOfFailure(error);
  }
  return { status: 'sent' };
}

/** Sets the topic of the room to what the incident is now. */
export async function deliverTopic(deps: DeliverDeps, delivery: Of<'incident.topic'>): Promise<Outcome> {
  const card = await read(deps, (tx) => readIncidentCard(deps.context, tx, delivery.intent.incident));
  if (!card) return GONE;
  const { room } = card.incident;
  if (!room || room.thread) return NO_PLACE;
  try {
    await deps.call('cosmetic', 'conversations.setTopic', { channel: room.channel, topic: roomTopic(card) });
    return { status: 'sent' };
  } catch (error) {
    return outcomeOfFailure(error);
  }
}
