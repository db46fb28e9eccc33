import type { Milestone, Rank, Severity, SystemDefinition } from './system.ts';

/** Where the people of an incident meet: a channel, or a thread of the hub. */
export type Room = { readonly channel: string; readonly thread: string | null };

/** One incident as it stands. Times are instants; people are Slack user ids. */
export type Incident = {
  readonly number: number;
  readonly title: string;
  readonly system: string;
  readonly severity: string;
  readonly rank: Rank;
  readonly status: 'open' | 'resolved';
  /** What customers notice, in the words of whoever declared it; may be empty. */
  readonly impact: string;
  readonly customerImpactSince: Date | null;
  /** Suggested runbook as `<system>/<id>`. */
  readonly runbook: string | null;
  readonly declaredBy: string;
  readonly declaredAt: Date;
  readonly acknowledgedBy: string | null;
  readonly acknowledgedAt: Date | null;
  readonly commander: string | null;
  readonly resolvedBy: string | null;
  readonly resolvedAt: Date | null;
  readonly summary: string | null;
  readonly warRoom: Severity['warRoom'];
  /** Only its room may see it: in lists, search, the Home tab and files as well. */
  readonly private: boolean;
  /** Null until the room is there; stays null for severities without one. */
  readonly room: Room | null;
};

/** Title length that fits a modal, a header block and a channel topic with room to spare. */
export const MAX_TITLE = 120;
/** Free text of impact, update and summary; the limit of a Slack text input. */
export const MAX_PROSE = 3000;

/** Milliseconds from the opening to the resolution, or to now while it is open. */
export function durationMs(incident: Incident, now: Date): number {
  return (incident.resolvedAt ?? now).getTime() - incident.declaredAt.getTime();
}

/** Milliseconds from the opening to the acknowledgement; null while nobody has acknowledged. */
export function timeToAcknowledgeMs(incident: Incident): number | null {
  return incident.acknowledgedAt === null ? null : incident.acknowledgedAt.getTime() - incident.declaredAt.getTime();
}

/** A deadline of one incident. */
export type Deadline = { readonly milestone: Milestone; readonly due: Date; readonly settled: boolean };

/** The facts that settle milestones by themselves. */
export type Progress = {
  readonly assessed: boolean;
  readonly stakeholdersUpdated: boolean;
  readonly mitigated: boolean;
};

/** All deadlines of an incident by its system's milestones, earliest first. */
export function deadlines(system: SystemDefinition, incident: Incident, progress: Progress): Deadline[] {
  const settledBy: Record<Milestone['settledBy'], boolean> = {
    acknowledged: incident.acknowledgedAt !== null,
    assessed: progress.assessed,
    'stakeholders-updated': progress.stakeholdersUpdated,
    mitigated: progress.mitigated,
    resolved: incident.status === 'resolved',
    manual: false,
  };
  return system.milestones
    .filter((milestone) => milestone.severities.length === 0 || milestone.severities.includes(incident.severity))
    .map((milestone) => ({
      milestone,
      due: new Date(incident.declaredAt.getTime() + milestone.afterMs),
      settled: incident.status === 'resolved' || settledBy[milestone.settledBy],
    }))
    .sort((a, b) => a.due.getTime() - b.due.getTime());
}

/** The deadline that matters now: the earliest unsettled one, overdue or not. */
export function nextDeadline(all: readonly Deadline[]): Deadline | null {
  return all.find((deadline) => !deadline.settled) ?? null;
}
