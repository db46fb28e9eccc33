import type { Button } from '@slack/types';
import type { RungTrigger } from '../../domain/system.ts';
import type { Ladder, RungStatus } from '../../escalation/ladder.ts';
import { formatDuration } from '../../lib/duration.ts';
import { escapeLine } from '../text-safety.ts';
import { actions, type Block, button, context, section } from './blocks.ts';
import { budgetBeside, fitGroups, type Message, message } from './message.ts';
import { mention, when } from './time-text.ts';

/** The escalation ladder: who was paged when, what fires next and when, and the ways to hurry or stop it. */
export function ladderMessage(ladder: Ladder): Message {
  const { incident } = ladder;
  const top = [section(`*Escalation of incident ${incident.number}*\n${state(ladder)}`)];
  const buttons = ladderButtons(ladder);
  const bottom = buttons.length > 0 ? [actions(buttons)] : [];
  const rungs = ladder.rungs.map((status, index) => [rungBlock(status, index + 1, ladder)]);
  const middle = fitGroups(rungs, budgetBeside(top, bottom), (left) => `… and ${left} more rungs`);
  return message(`Escalation of incident ${incident.number}: ${plainState(ladder)}`, top, middle, bottom);
}

function plainState(ladder: Ladder): string {
  if (ladder.incident.status === 'resolved') return 'over';
  return ladder.stopped ? 'stopped' : 'running';
}

function state(ladder: Ladder): string {
  if (ladder.incident.status === 'resolved') return '✅ Over: the incident is resolved.';
  if (ladder.stopped)
    return `⏹ Stopped by ${mention(ladder.stopped.by)}, ${when(ladder.stopped.at)}. *Nobody is paged* until somebody resumes.`;
  const due = ladder.rungs.map((status) => status.dueAt).filter((date) => date !== null);
  if (due.length === 0) {
    return ladder.next ? 'Nothing fires by itself now; press Next rung to page.' : 'Every rung was paged or skipped.';
  }
  return `▶️ Running. Next: ${when(new Date(Math.min(...due.map((date) => date.getTime()))))}`;
}

function rungBlock(status: RungStatus, position: number, ladder: Ladder): Block {
  const { rung } = status;
  const title = rung.title === status.contactName ? '' : ` · ${escapeLine(rung.title, 100)}`;
  const name = `*${position}. ${escapeLine(status.contactName, 100)}*${title}`;
  const rule = describeTriggers(rung.triggers);
  return context(`${icon(status, ladder)} ${name}\n${detail(status, ladder)}\n_${escapeLine(rule, 300)}_`);
}

function icon(status: RungStatus, ladder: Ladder): string {
  if (status.record?.state === 'skipped') return '⏭';
  switch (status.page?.state) {
    case 'acknowledged':
      return '✅';
    case 'unreachable':
      return '🚨';
    case 'open':
      return '📟';
    case 'closed':
      return '⏹';
    default:
      return ladder.next?.id === status.rung.id && ladder.incident.status === 'open' ? '👉' : '▫️';
  }
}

function detail(status: RungStatus, ladder: Ladder): string {
  const { record, page } = status;
  if (record?.state === 'skipped')
    return `skipped by ${record.actor ? mention(record.actor) : 'Warroom'}, ${when(record.at)}`;
  if (!page && ladder.incident.status === 'resolved') return 'was not needed';
  if (!page) return status.dueAt ? `fires ${when(status.dueAt)}` : 'does not fire by itself as things stand';
  const times = page.sends > 1 ? `, ${page.sends} times, last ${when(page.lastSendAt)}` : '';
  const paged = `paged ${when(page.createdAt)}${record?.actor ? ` by ${mention(record.actor)}` : ''}${times}`;
  switch (page.state) {
    case 'acknowledged':
      return `${paged}; acknowledged by ${page.acknowledgedBy ? mention(page.acknowledgedBy) : 'somebody'}`;
    case 'unreachable':
      return `${paged}; *nobody was reached*`;
    case 'closed':
      return `${paged}; closed`;
    case 'open':
      return `${paged}; no answer yet`;
  }
}

/** When a rung fires, in words; levels that share a time are named together. */
export function describeTriggers(triggers: readonly RungTrigger[]): string {
  const elapsed = new Map<number, string[]>();
  const others: string[] = [];
  for (const trigger of triggers) {
    if (trigger.kind === 'elapsed')
      elapsed.set(trigger.afterMs, [...(elapsed.get(trigger.afterMs) ?? []), trigger.severity]);
    else others.push(describeOther(trigger));
  }
  const timed = [...elapsed].map(([afterMs, levels]) => {
    return `${levels.join(', ')}: ${afterMs === 0 ? 'at once' : `${formatDuration(afterMs)} after opening`}`;
  });
  return [...timed, ...others].join(' or ');
}

function describeOther(trigger: Exclude<RungTrigger, { kind: 'elapsed' }>): string {
  switch (trigger.kind) {
    case 'several-open':
      return `${trigger.count} or more ${trigger.severity} open at once`;
    case 'customer-impact':
      return `customers affected for ${formatDuration(trigger.afterMs)}`;
    case 'manual':
      return 'by hand';
  }
}

function ladderButtons(ladder: Ladder): Button[] {
  if (ladder.incident.status === 'resolved') return [];
  const value = String(ladder.incident.number);
  const next = ladder.next
    ? [
        button({ action: 'ladder.next', text: 'Next rung', value, style: 'primary' }),
        button({ action: 'ladder.skip', text: 'Skip next rung', value }),
      ]
    : [];
  const pause = ladder.stopped
    ? button({ action: 'ladder.resume', text: 'Resume', value })
    : button({
        action: 'ladder.stop',
        text: 'Stop',
        value,
        style: 'danger',
        confirm: {
          title: 'Stop the escalation?',
          text: 'Nobody will be paged for this incident any more until somebody resumes it.',
          yes: 'Stop paging',
        },
      });
  return [...next, pause];
}
