import { formatDuration } from '../lib/duration.ts';
import type { NameOf, TimelineEvent, TimelineFact } from './timeline.ts';

/** One plain sentence for one event, without its time. Text of people is included as it was written: escape it where it is shown. */
export function describeEvent(event: TimelineEvent, nameOf: NameOf): string {
  const who = event.actor === null ? 'Warroom' : nameOf(event.actor);
  return `${event.fact.rehearsal ? '[REHEARSAL] ' : ''}${who} ${describeFact(event.fact, nameOf)}`;
}

function describeFact(fact: TimelineFact, nameOf: NameOf): string {
  switch (fact.kind) {
    case 'declared':
      return `declared ${fact.severity}: ${fact.title}${fact.impact ? ` (customers: ${fact.impact})` : ''}`;
    case 'acknowledged':
      return `acknowledged after ${formatDuration(fact.afterMs)}`;
    case 'commander_taken':
      return fact.before === null ? 'took command' : `took command from ${nameOf(fact.before)}`;
    case 'severity_changed':
      if (fact.from === fact.to) return `confirmed the severity ${fact.to}${fact.reason ? `: ${fact.reason}` : ''}`;
      return `changed the severity from ${fact.from} to ${fact.to}${fact.reason ? `: ${fact.reason}` : ''}`;
    case 'room_ready':
      return 'opened the war room';
    case 'update_posted':
      return `posted an update: ${fact.text}`;
    case 'resolved':
      return `resolved the incident after ${formatDuration(fact.afterMs)}: ${fact.summary}`;
    case 'drill_started':
      return `started the drill ${fact.scenario}`;
    default:
      return describeEscalationFact(fact, nameOf) ?? describeRunFact(fact);
  }
}

function describeEscalationFact(fact: TimelineFact, nameOf: NameOf): string | null {
  switch (fact.kind) {
    case 'paged': {
      const late = fact.lateMs > 0 ? `${formatDuration(fact.lateMs)} late` : '';
      const notes = [fact.rung === fact.contact ? '' : fact.rung, late].filter((note) => note !== '').join(', ');
      return `escalated to ${fact.contact}${notes ? ` (${notes})` : ''}${fact.by ? ' by hand' : ''}`;
    }
    case 'page_delivered':
      return `paged ${fact.recipients.map(nameOf).join(', ')} as ${fact.contact}${fact.ordinal > 1 ? ` (page ${fact.ordinal})` : ''}`;
    case 'page_acknowledged':
      return `acknowledged the page to ${fact.contact} (${fact.rung})`;
    case 'nobody_reached':
      return `could not reach anybody as ${fact.contact}: ${fact.reason}`;
    case 'rung_skipped':
      return `skipped the rung ${fact.rung} (${fact.contact})`;
    case 'ladder_stopped':
      return 'stopped the escalation';
    case 'ladder_resumed':
      return 'resumed the escalation';
    default:
      return null;
  }
}

function describeRunFact(fact: TimelineFact): string {
  switch (fact.kind) {
    case 'run_started':
      return `opened ${fact.runbook}: ${fact.title}${fact.commit ? ` at commit ${fact.commit.slice(0, 7)}` : ''}`;
    case 'diagnosed':
      return `finished the diagnostics of ${fact.runbook}: ${fact.passed} as expected, ${fact.failed} not`;
    case 'approval_requested':
      return `asked to run “${fact.step}” on ${fact.target}: ${fact.command}${fact.reason ? ` (${fact.reason})` : ''}`;
    case 'approved':
      return `approved “${fact.step}”: ${fact.command}`;
    case 'approved_alone':
      return `went on alone with “${fact.step}”${fact.how === 'break_glass' ? ' (break-glass)' : ''}: ${fact.command} (${fact.reason})`;
    case 'denied':
      return `denied “${fact.step}”${fact.reason ? `: ${fact.reason}` : ''}`;
    case 'approval_expired':
      return `let the approval of “${fact.step}” expire unanswered`;
    case 'step_started':
      return `started “${fact.step}” on ${fact.target}: ${fact.command}`;
    case 'step_finished':
      return `finished “${fact.step}”: ${fact.state}${fact.error ? ` (${fact.error})` : ''}`;
    case 'secret_given':
      return `gave a secret for “${fact.step}”: ${fact.given} of ${fact.wanted}`;
    case 'secrets_lost':
      return `lost what ${fact.given === 1 ? 'a person' : `${fact.given} people`} had given for “${fact.step}”, because the process that held it ended: it has to be given again`;
    case 'step_ticked':
      return `ticked “${fact.text}”`;
    case 'step_cancelled':
      return `cancelled “${fact.step}” ${CANCELLED_WHILE[fact.state]}`;
    case 'target_released':
      return `released ${fact.target} after “${fact.step}”, whose outcome was not known`;
    case 'temporary_begun':
      return `${fact.certain ? 'left' : 'may have left'} something temporary behind with “${fact.step}”`;
    case 'temporary_ended':
      return `took back what “${fact.step}” left behind`;
    case 'temporary_left':
      return `closed the incident with something temporary in place (${fact.steps.map((step) => `“${step}”`).join(', ')}): ${fact.reason}`;
    default:
      throw new TypeError(`describeEvent: no sentence for ${fact.kind}`);
  }
}

const CANCELLED_WHILE = {
  queued: 'before it began',
  approved: 'after its approval, before it began',
  running: 'while it ran',
} as const;
