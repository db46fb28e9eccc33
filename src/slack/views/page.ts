import { latenessMs, type Page } from '../../domain/escalation.ts';
import type { Incident } from '../../domain/incident.ts';
import type { Rung, SystemDefinition } from '../../domain/system.ts';
import { formatDuration } from '../../lib/duration.ts';
import { escapeLine } from '../text-safety.ts';
import { actions, type Block, button, context, fields, header, section } from './blocks.ts';
import { severityEmoji } from './looks.ts';
import { type Message, message } from './message.ts';
import { mention, since, when } from './time-text.ts';

/** One sending of a page, as of `now`. */
export type PageNotice = {
  readonly page: Page;
  readonly ordinal: number;
  readonly incident: Incident;
  readonly system: Pick<SystemDefinition, 'name'>;
  readonly rung: Rung | null;
  readonly contactName: string;
  /** Where the hub is, for when there is no room; null when it is not known now: a page never waits for that. */
  readonly hub: string | null;
  /** Markup that calls the recipients in a shared channel; null in a direct message. */
  readonly call: string | null;
  readonly now: Date;
};

/** A page: what, where, how late, which repeat. After it is answered it says by whom, without a button. */
export function pageMessage(notice: PageNotice): Message {
  const { incident, page } = notice;
  const title = isHidden(notice) ? 'a private incident' : incident.title;
  const what = escapeLine(`${incident.severity} · ${title}`, 200);
  const open = isOpen(notice);
  const call = notice.call ? `${notice.call} ` : '';
  return message(
    `${open ? `📟 ${call}Page for ${escapeLine(notice.contactName)}` : `${answer(notice)}`}: ${what} (incident ${incident.number})`,
    [header(`📟 ${severityEmoji(incident.rank)} ${incident.severity} · ${title}`)],
    [
      section(
        `${call}You are paged as *${escapeLine(notice.contactName)}*. ${open ? 'Acknowledge so that Warroom stops looking for somebody else.' : answer(notice)}`,
      ),
    ],
    [
      fields([
        ['Incident', `${incident.number} · ${escapeLine(notice.system.name)}`],
        ['Opened', since(incident.declaredAt)],
        ['Where', where(notice)],
        ['Customers notice', impact(notice)],
      ]),
    ],
    remarks(notice),
    open
      ? [
          actions([
            button({ action: 'page.acknowledge', text: 'Acknowledge', value: String(page.id), style: 'primary' }),
          ]),
        ]
      : [],
  );
}

/** A direct message is read on lock screens: what a private incident is about stands in its room alone. */
function isHidden({ incident, call }: PageNotice): boolean {
  return incident.private && call === null;
}

function impact(notice: PageNotice): string {
  if (isHidden(notice)) return 'see its room';
  return notice.incident.impact ? escapeLine(notice.incident.impact, 300) : 'not said';
}

function isOpen(notice: PageNotice): boolean {
  return notice.page.state === 'open' && notice.incident.status === 'open';
}

function answer(notice: PageNotice): string {
  const { page, incident } = notice;
  if (page.acknowledgedBy && page.acknowledgedAt) {
    return `✅ ${mention(page.acknowledgedBy)} acknowledged this page at ${when(page.acknowledgedAt)}.`;
  }
  if (incident.status === 'resolved') return '✅ The incident is resolved; nothing is left to do.';
  return '⏹ This page is closed; nobody waits for an answer.';
}

function where(notice: PageNotice): string {
  const { room } = notice.incident;
  if (!room) return notice.hub ? `<#${notice.hub}>` : 'no room yet';
  return room.thread ? `<#${room.channel}>, in the incident's thread` : `<#${room.channel}>`;
}

function remarks(notice: PageNotice): Block[] {
  const late = latenessMs(notice.ordinal === 1 ? notice.page.dueAt : notice.page.lastSendAt, notice.now);
  const parts = [
    ...(late > 0 && isOpen(notice)
      ? [`⚠️ This page is *${formatDuration(late)} late*: it was due ${when(notice.page.dueAt)}.`]
      : []),
    ...(notice.ordinal > 1
      ? [
          `🔁 Page ${notice.ordinal}${notice.rung ? ` of at most ${notice.rung.maxPages}` : ''}: the earlier ones were not answered.`,
        ]
      : []),
  ];
  return parts.length > 0 ? [context(...parts)] : [];
}

/** Says loudly that nobody was reached. The mention is Warroom's own and on purpose. */
export function unreachableMessage(failure: {
  readonly incident: Incident;
  readonly contactName: string;
  readonly reason: string;
  readonly inRoom: boolean;
}): Message {
  const { incident } = failure;
  const what = escapeLine(`${incident.severity} · ${incident.title}`, 200);
  const contact = escapeLine(failure.contactName);
  return message(
    `<!channel> 🚨 Nobody could be paged as ${contact} for incident ${incident.number}: ${what}`,
    [
      section(
        `<!channel> 🚨 *Nobody was reached* as *${contact}* for incident ${incident.number}, ${what}.\n` +
          `Why: ${escapeLine(failure.reason, 500)}\n` +
          `If you can help, press Acknowledge${failure.inRoom ? '' : ' here'}; otherwise call somebody who can. Nobody else knows yet.`,
      ),
    ],
    incident.status === 'open'
      ? [
          actions([
            button({
              action: 'incident.acknowledge',
              text: 'Acknowledge',
              value: String(incident.number),
              style: 'primary',
            }),
            button({ action: 'ladder.next', text: 'Page the next rung', value: String(incident.number) }),
          ]),
        ]
      : [],
  );
}

/** The same in the hub about a private incident: nothing of it, and the way to it for those who may answer. */
export function privateUnreachableMessage(): Message {
  return message(
    '<!channel> 🚨 A page was not delivered: nobody was reached for a private incident',
    [
      section(
        '<!channel> 🚨 *A page was not delivered*: nobody was reached for a private incident.\n' +
          'If you are in its room, press *Open incidents* here or open the Home tab, and acknowledge it; otherwise call somebody of security. Nobody else knows yet.',
      ),
    ],
    [actions([button({ action: 'incident.list', text: 'Open incidents', value: 'open', style: 'primary' })])],
  );
}
