import { describeEvent } from '../../domain/describe-event.ts';
import { durationMs, type Incident } from '../../domain/incident.ts';
import type { Runbook } from '../../domain/runbook.ts';
import type { NameOf, TimelineEvent } from '../../domain/timeline.ts';
import { formatDuration } from '../../lib/duration.ts';
import { plural, singleLine, truncate } from '../../lib/text.ts';
import { escapeLine } from '../text-safety.ts';
import type { ActionId } from './action-ids.ts';
import { actions, type Block, button, context, line, plain, richText, section } from './blocks.ts';
import { severityEmoji } from './looks.ts';
import { budgetBeside, fitGroups, type Message, message } from './message.ts';
import { whenElement } from './time-text.ts';

/** One line about an incident, in markup. */
export function incidentLine(incident: Incident, now: Date): string {
  const room = incident.room ? ` · <#${incident.room.channel}>` : '';
  const state = incident.acknowledgedAt === null ? '⏳ not acknowledged' : 'acknowledged';
  return `${severityEmoji(incident.rank)} *${incident.number}* ${escapeLine(`${incident.severity} · ${incident.title}`, 160)}\n${state} · open for ${formatDuration(durationMs(incident, now))}${room}`;
}

/** The open incidents, worst first, each with a button. */
export function openList(open: readonly Incident[], now: Date): Message {
  if (open.length === 0) return message('No incident is open.', [section('✅ No incident is open.')]);
  const top = [section(`*${plural(open.length, 'open incident')}*`)];
  const rows = open.map((incident) => [
    section(
      incidentLine(incident, now),
      button({ action: 'incident.status', text: 'Status', value: String(incident.number) }),
    ),
  ]);
  return message(
    `${plural(open.length, 'open incident')}`,
    top,
    fitGroups(rows, budgetBeside(top), (left) => `… and ${left} more`),
  );
}

/** Asks which of several incidents a verb means. */
export function incidentPicker(verb: string, open: readonly Incident[]): Message {
  const options = open.slice(0, 100).map((incident) => ({
    text: plain(singleLine(`${incident.number} ${incident.severity} ${incident.title}`), 75),
    value: `${verb}/${incident.number}`,
  }));
  const text =
    'Which incident do you mean? In its own channel the verb means that one; here, choose or give its number.';
  return message(text, [
    section(text),
    actions([
      {
        type: 'static_select',
        action_id: 'incident.pick' satisfies ActionId,
        placeholder: plain('Choose an incident', 150),
        options,
      },
    ]),
  ]);
}

/** Runbooks that a search found, each with the reason and a button that opens it. */
export function runbookList(
  query: string,
  found: readonly { readonly runbook: Runbook; readonly why: string }[],
): Message {
  const asked = query ? ` for “${escapeLine(query, 100)}”` : '';
  if (found.length === 0) {
    const text = `No runbook was found${asked}; try fewer words, or search all of them.`;
    return message(text, [section(text), actions([searchButton('Search all runbooks')])]);
  }
  const top = [section(`*${plural(found.length, 'runbook')}*${asked}`)];
  const bottom = [actions([searchButton('Search again')])];
  const rows = found.map(({ runbook, why }) => [runbookRow(runbook, why)]);
  const middle = fitGroups(
    rows,
    budgetBeside(top, bottom),
    (left) => `… and ${left} more; add a word to narrow it down`,
  );
  return message(`${plural(found.length, 'runbook')} found${asked}`, top, middle, bottom);
}

function runbookRow(runbook: Runbook, why: string): Block {
  const draft = runbook.status === 'draft' ? ' · 📝 draft' : '';
  const reason = why || (runbook.symptoms[0] ?? '');
  return section(
    `*${escapeLine(runbook.id, 40)}* ${escapeLine(runbook.title, 150)}${draft}\n${escapeLine(runbook.system, 60)}${reason ? ` · ${escapeLine(reason, 150)}` : ''}`,
    button({ action: 'runbook.open', text: `Open ${runbook.id}`, value: `${runbook.system}/${runbook.id}` }),
  );
}

function searchButton(text: string) {
  return button({ action: 'runbook.search', text, value: 'search' });
}

const EVENTS_SHOWN = 40;

/** The latest events of a timeline, in rich text, where nothing that people wrote acts. */
export function timelineMessage(timeline: {
  incident: Incident;
  events: readonly TimelineEvent[];
  nameOf: NameOf;
}): Message {
  const { incident, events, nameOf } = timeline;
  const shown = events.slice(-EVENTS_SHOWN);
  const hidden = events.length - shown.length;
  const top = [section(`*Timeline of incident ${incident.number}* ${escapeLine(incident.title, 150)}`)];
  const rows = shown.map((event) => [
    richText(line(whenElement(event.at), ' ', truncate(singleLine(describeEvent(event, nameOf)), 240))),
  ]);
  return message(
    `Timeline of incident ${incident.number}: ${plural(events.length, 'event')}`,
    top,
    hidden > 0
      ? [context(`${plural(hidden, 'earlier event')} are in the file that is posted when the incident is resolved.`)]
      : [],
    fitGroups(rows, budgetBeside(top), (left) => `… and ${plural(left, 'more event')}`),
  );
}
