import type { Incident } from './incident.ts';
import type { Rung, RungTrigger } from './system.ts';

/** What became of a rung: it fires once, by its timer or by hand, or is skipped. */
export type RungRecord = { readonly rung: string; readonly state: 'fired' | 'skipped' };

/** A page as it stands: a demand that somebody acknowledge. `sends` counts how often it went out. */
export type Page = {
  readonly id: number;
  readonly incident: number;
  readonly rung: string;
  readonly contact: string;
  readonly state: 'open' | 'acknowledged' | 'closed' | 'unreachable';
  readonly sends: number;
  readonly lastSendAt: Date;
  readonly dueAt: Date;
  readonly createdAt: Date;
  readonly acknowledgedBy: string | null;
  readonly acknowledgedAt: Date | null;
};

/** Everything that the ladder of one incident depends on. */
export type LadderView = {
  readonly rungs: readonly Rung[];
  readonly incident: Incident;
  /** Open incidents of this system at each severity level, this one included. */
  readonly openBySeverity: Readonly<Record<string, number>>;
  readonly records: readonly RungRecord[];
  readonly pages: readonly Page[];
  readonly stopped: boolean;
};

export type Firing = { readonly rung: Rung; readonly dueAt: Date };

/** What has to happen now, and when to look again; `nextAt` null means never by itself. */
export type EscalationPlan = {
  readonly fire: readonly Firing[];
  readonly repeat: readonly { readonly page: Page; readonly dueAt: Date }[];
  readonly nextAt: Date | null;
};

/**
 * Looks at a ladder: rungs that are due and have not fired fire once, however late; unanswered pages are repeated once,
 * however many repeats were missed. A page that reached nobody makes the next rung that waits for an acknowledgement
 * due at once, because nobody is going to acknowledge it.
 */
export function planEscalation(view: LadderView, now: Date): EscalationPlan {
  if (view.stopped || view.incident.status === 'resolved') return { fire: [], repeat: [], nextAt: null };
  const fire: Firing[] = [];
  const repeat: { page: Page; dueAt: Date }[] = [];
  const later: Date[] = [];
  for (const firing of waitingRungs(view, now)) {
    if (firing.dueAt.getTime() <= now.getTime()) fire.push(firing);
    else later.push(firing.dueAt);
  }
  for (const page of view.pages) {
    const dueAt = nextRepeat(page, view);
    if (dueAt === null) continue;
    if (dueAt.getTime() <= now.getTime()) repeat.push({ page, dueAt });
    else later.push(dueAt);
  }
  const nextAt = later.length === 0 ? null : new Date(Math.min(...later.map((date) => date.getTime())));
  return { fire, repeat, nextAt };
}

/** Rungs that can still fire by themselves, with the moment they are due, in the order of the ladder. */
export function waitingRungs(view: LadderView, now: Date): Firing[] {
  const waiting: Firing[] = [];
  let unreached = unreachedAndUnanswered(view);
  for (const rung of view.rungs) {
    if (view.records.some((record) => record.rung === rung.id)) continue;
    const due = rungDue(rung, view, now);
    if (due === null) continue;
    if (unreached && rung.until === 'acknowledged') {
      unreached = false;
      waiting.push({ rung, dueAt: due.getTime() < now.getTime() ? due : now });
    } else {
      waiting.push({ rung, dueAt: due });
    }
  }
  return waiting;
}

function unreachedAndUnanswered(view: LadderView): boolean {
  const last = view.pages.at(-1);
  return last?.state === 'unreachable' && view.incident.acknowledgedAt === null;
}

/** When a rung is due by its triggers; null when none of them can hold as things stand. */
export function rungDue(rung: Rung, view: LadderView, now: Date): Date | null {
  if (rung.until === 'acknowledged' && view.incident.acknowledgedAt !== null) return null;
  const dates = rung.triggers.map((trigger) => triggerDue(trigger, view, now)).filter((date) => date !== null);
  return dates.length === 0 ? null : new Date(Math.min(...dates.map((date) => date.getTime())));
}

function triggerDue(trigger: RungTrigger, view: LadderView, now: Date): Date | null {
  const { incident } = view;
  switch (trigger.kind) {
    case 'elapsed':
      return trigger.severity === incident.severity ? after(incident.declaredAt, trigger.afterMs) : null;
    case 'customer-impact':
      return incident.customerImpactSince === null ? null : after(incident.customerImpactSince, trigger.afterMs);
    case 'several-open':
      return trigger.severity === incident.severity && (view.openBySeverity[trigger.severity] ?? 0) >= trigger.count
        ? now
        : null;
    case 'manual':
      return null;
  }
}

/** A page of a rung that waits for an acknowledgement is answered by any acknowledgement of its incident. */
function nextRepeat(page: Page, view: LadderView): Date | null {
  if (page.state !== 'open') return null;
  const rung = view.rungs.find((candidate) => candidate.id === page.rung);
  if (!rung || rung.repeatEveryMs === null || page.sends >= rung.maxPages) return null;
  if (rung.until === 'acknowledged' && view.incident.acknowledgedAt !== null) return null;
  return after(page.lastSendAt, rung.repeatEveryMs);
}

function after(date: Date, ms: number): Date {
  return new Date(date.getTime() + ms);
}

/** Later than this counts as late and is said so: a tick itself may take some seconds. */
export const LATE_AFTER_MS = 30_000;

/** How late something fired in milliseconds; 0 when it was on time. */
export function latenessMs(dueAt: Date, now: Date): number {
  const late = now.getTime() - dueAt.getTime();
  return late > LATE_AFTER_MS ? late : 0;
}

/** The rung that **Next rung** would fire: the first that neither fired nor was skipped. */
export function nextRung(view: Pick<LadderView, 'rungs' | 'records'>): Rung | null {
  return view.rungs.find((rung) => !view.records.some((record) => record.rung === rung.id)) ?? null;
}
