import { durationMs, type Incident } from '../../domain/incident.ts';
import type { IncidentCard } from '../../incidents/incident-card.ts';
import { formatDuration } from '../../lib/duration.ts';
import { escapeLine, inert, plainLine } from '../text-safety.ts';
import { actions, type Block, button, context, fields, header } from './blocks.ts';
import { headline } from './incident-card.ts';
import { severityEmoji } from './looks.ts';
import { type Message, message } from './message.ts';
import { mention, since } from './time-text.ts';

/** The announcement in the hub: enough to decide whether it concerns me, and where to go. Kept current by edits. */
export function announcementMessage(card: IncidentCard): Message {
  const { incident } = card;
  const open = incident.status === 'open';
  const value = String(incident.number);
  const mark = open ? severityEmoji(incident.rank) : '✅ Resolved';
  const buttons = [
    ...(open && incident.acknowledgedAt === null
      ? [button({ action: 'incident.acknowledge', text: 'Acknowledge', value, style: 'primary' })]
      : []),
    button({ action: 'incident.status', text: 'Status', value }),
  ];
  return message(
    `${headline(incident)}: incident ${incident.number}, ${place(incident)}`,
    [header(`${mark} ${incident.severity} · ${incident.title}`)],
    [
      fields([
        ['Incident', `${incident.number} · ${escapeLine(card.system.name)}`],
        ['Opened', `${since(incident.declaredAt)} by ${mention(incident.declaredBy)}`],
        ['State', state(card)],
        ['Where', place(incident)],
      ]),
    ],
    impact(incident),
    [actions(buttons)],
  );
}

function impact(incident: Incident): Block[] {
  return incident.impact ? [context(`Customers notice: ${escapeLine(incident.impact, 400)}`)] : [];
}

function state(card: IncidentCard): string {
  const { incident } = card;
  if (incident.status === 'resolved') return `resolved after ${formatDuration(durationMs(incident, card.now))}`;
  const commander = incident.commander ? `, ${mention(incident.commander)} in command` : '';
  if (incident.acknowledgedBy) return `acknowledged by ${mention(incident.acknowledgedBy)}${commander}`;
  return `⏳ not acknowledged${commander}`;
}

function place(incident: Incident): string {
  if (incident.room?.thread) return 'in the thread of this message';
  if (incident.room) return `<#${incident.room.channel}>`;
  return incident.warRoom === 'none' ? 'no war room for this severity' : 'the war room is being opened';
}

/** The topic of a war room: plain, one line, at most 250 characters (conversations.setTopic). */
export function roomTopic(card: IncidentCard): string {
  const { incident } = card;
  const state = incident.status === 'resolved' ? 'resolved' : 'open';
  return plainLine(
    inert(`${incident.severity} ${state} · ${incident.title} · ${card.system.name} · incident ${incident.number}`),
    250,
  );
}
