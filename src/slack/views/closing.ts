import type { Update } from '../../db/incidents.ts';
import { describeEvent } from '../../domain/describe-event.ts';
import { durationMs, type Incident, timeToAcknowledgeMs } from '../../domain/incident.ts';
import type { NameOf, TimelineEvent } from '../../domain/timeline.ts';
import { formatDuration } from '../../lib/duration.ts';
import { singleLine, slugify } from '../../lib/text.ts';
import { escapeLine } from '../text-safety.ts';
import { context, fields, quoted, richText, section } from './blocks.ts';
import { headline } from './incident-card.ts';
import { type Message, message } from './message.ts';
import { mention, when } from './time-text.ts';

/** The message after the resolution: how long it took and what was done. The timeline follows as a file. */
export function closingMessage(incident: Incident, now: Date): Message {
  const acknowledged = timeToAcknowledgeMs(incident);
  return message(
    `${headline(incident)}: incident ${incident.number} is over after ${formatDuration(durationMs(incident, now))}`,
    [
      section(
        `✅ *Incident ${incident.number} is resolved*${incident.resolvedBy ? ` by ${mention(incident.resolvedBy)}` : ''}`,
      ),
    ],
    [
      fields([
        ['Duration', formatDuration(durationMs(incident, now))],
        ['Time to acknowledge (MTTA)', acknowledged === null ? 'nobody acknowledged' : formatDuration(acknowledged)],
        ['Opened', when(incident.declaredAt)],
        ['Resolved', incident.resolvedAt ? when(incident.resolvedAt) : 'now'],
      ]),
    ],
    [richText(quoted(incident.summary ?? '', 3_000))],
    [
      context(
        'The timeline is attached as a file. If the runbook was wrong or missing, change it now while you remember.',
      ),
    ],
  );
}

/** A stakeholder update, in the room and the hub. */
export function updateMessage(incident: Incident, update: Update): Message {
  return message(
    `Update on incident ${incident.number}: ${escapeLine(update.text, 300)}`,
    [
      section(
        `📣 *Update* on incident ${incident.number}, ${escapeLine(`${incident.severity} · ${incident.title}`, 200)}`,
      ),
    ],
    [richText(quoted(update.text, 3_000))],
    [context(`${mention(update.author)}, ${when(update.at)}`)],
  );
}

/** The timeline as a Markdown file: UTC times, names instead of ids. */
export function timelineFile(
  incident: Incident,
  events: readonly TimelineEvent[],
  nameOf: NameOf,
): { name: string; text: string } {
  const lines = events.map(
    (event) => `- ${event.at.toISOString().slice(0, 19).replace('T', ' ')} ${singleLine(describeEvent(event, nameOf))}`,
  );
  const slug = slugify(incident.title, 40);
  return {
    name: `incident-${incident.number}${slug ? `-${slug}` : ''}-timeline.md`,
    text: `# Incident ${incident.number}: ${incident.title}\n\nAll times are UTC.\n\n${lines.join('\n')}\n`,
  };
}
