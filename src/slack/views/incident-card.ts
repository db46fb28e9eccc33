import type { Button } from '@slack/types';
import { durationMs, type Incident } from '../../domain/incident.ts';
import type { BlastItem } from '../../domain/runbook.ts';
import type { IncidentCard } from '../../incidents/incident-card.ts';
import { formatDuration } from '../../lib/duration.ts';
import { escapeLine } from '../text-safety.ts';
import { actions, type Block, button, context, fields, header, line, quoted, richText, section } from './blocks.ts';
import { blastEmoji, severityEmoji } from './looks.ts';
import { type Message, message } from './message.ts';
import { temporaryBlocks } from './temporary.ts';
import { mention, since, when } from './time-text.ts';

const BLAST_SHOWN = 8;

/** The status card in the war room: one message that is always current. Its buttons are those that make sense now. */
export function incidentCardMessage(card: IncidentCard): Message {
  const { incident } = card;
  const resolved = incident.status === 'resolved';
  return message(
    `${headline(incident)} (incident ${incident.number})`,
    [header(`${resolved ? '✅ Resolved' : severityEmoji(incident.rank)} ${incident.severity} · ${incident.title}`)],
    [context(escapeLine(`${incident.severity} means: ${card.severity.definition}`, 500))],
    [fields(facts(card))],
    [richText(line('What customers notice'), quoted(incident.impact || 'Nobody has said so far.'))],
    blastRadius(card.runbook?.blastRadius ?? []),
    temporaryBlocks(card.temporary),
    latestUpdate(card),
    resolved ? [resolution(card)] : [deadlineLine(card)],
    resolved ? [] : [actions(buttons(card))],
  );
}

/** `🔴 SEV1 · Database down`, for texts and notifications; safe in markup. */
export function headline(incident: Incident): string {
  const mark = incident.status === 'resolved' ? '✅ Resolved' : severityEmoji(incident.rank);
  return `${mark} ${escapeLine(`${incident.severity} · ${incident.title}`, 200)}`;
}

function facts(card: IncidentCard): (readonly [string, string])[] {
  const { incident, runbook } = card;
  const stakeholders = [...new Set([...card.system.stakeholders, ...(runbook?.stakeholders ?? [])])];
  return [
    ['System', escapeLine(card.system.name)],
    ['Opened', since(incident.declaredAt)],
    ['Commander', incident.commander ? mention(incident.commander) : 'nobody yet'],
    ['Acknowledged', acknowledged(incident)],
    [
      'Customers',
      incident.customerImpactSince ? `affected since ${when(incident.customerImpactSince)}` : 'not reported affected',
    ],
    ['Stakeholders', stakeholders.length > 0 ? escapeLine(stakeholders.join(', '), 400) : 'none named'],
    ['Runbook', runbook ? escapeLine(`${runbook.id} ${runbook.title}`, 150) : 'none chosen'],
    ['Recovery objective (RTO)', recoveryObjective(card)],
  ];
}

function acknowledged(incident: Incident): string {
  if (incident.acknowledgedBy === null || incident.acknowledgedAt === null) return '⏳ not yet';
  const after = incident.acknowledgedAt.getTime() - incident.declaredAt.getTime();
  return `${mention(incident.acknowledgedBy)} after ${formatDuration(after)}`;
}

function recoveryObjective(card: IncidentCard): string {
  const parts = [];
  if (card.runbook?.rtoMs) parts.push(`${formatDuration(card.runbook.rtoMs)} by the runbook`);
  if (card.resolveBy) parts.push(`resolve by ${when(card.resolveBy)}`);
  return parts.join('; ') || 'none set';
}

function blastRadius(items: readonly BlastItem[]): Block[] {
  if (items.length === 0) return [];
  const shown = items.slice(0, BLAST_SHOWN).map((item) => `${blastEmoji(item.level)} ${escapeLine(item.text, 200)}`);
  if (items.length > shown.length) shown.push(`… and ${items.length - shown.length} more in the runbook`);
  return [section(`*Blast radius*\n${shown.join('\n')}`)];
}

function latestUpdate(card: IncidentCard): Block[] {
  const update = card.latestUpdate;
  if (!update) return [];
  return [context(`*Latest update* by ${mention(update.author)}, ${when(update.at)}`), richText(quoted(update.text))];
}

function deadlineLine(card: IncidentCard): Block {
  const next = card.nextDeadline;
  if (!next) return section('*Next deadline*\nNone is left in this process.');
  const title = escapeLine(next.milestone.title, 200);
  if (next.due.getTime() > card.now.getTime()) return section(`*Next deadline*\n⏰ ${title}, by ${when(next.due)}`);
  return section(`*Next deadline*\n🚨 *Overdue* since ${when(next.due)}: ${title}`);
}

function resolution(card: IncidentCard): Block {
  const { incident } = card;
  const by = incident.resolvedBy ? ` by ${mention(incident.resolvedBy)}` : '';
  return section(`✅ *Resolved*${by} after ${formatDuration(durationMs(incident, card.now))}`);
}

function buttons(card: IncidentCard): Button[] {
  const { incident, runbook } = card;
  const value = String(incident.number);
  const all: (Button | null)[] = [
    incident.acknowledgedAt === null
      ? button({ action: 'incident.acknowledge', text: 'Acknowledge', value, style: 'primary' })
      : null,
    button({ action: 'incident.command', text: 'Take command', value }),
    button({ action: 'incident.severity', text: 'Change severity', value }),
    button({ action: 'incident.update', text: 'Post update', value }),
    card.system.escalation.length > 0 ? button({ action: 'incident.escalate', text: 'Escalate', value }) : null,
    runbook
      ? button({
          action: 'runbook.open',
          text: `Open ${runbook.id}`,
          value: `${runbook.system}/${runbook.id}/${incident.number}`,
        })
      : button({ action: 'runbook.search', text: 'Find a runbook', value }),
    button({ action: 'incident.resolve', text: 'Resolve', value }),
  ];
  return all.filter((candidate) => candidate !== null);
}
