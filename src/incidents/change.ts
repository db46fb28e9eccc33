import { insertAudit } from '../db/audit.ts';
import { acknowledgePages, closePages } from '../db/escalations.ts';
import {
  findIncident,
  insertUpdate,
  acknowledgeIncident as markAcknowledged,
  markProgress,
  resolveIncident as markResolved,
  readProgress,
  updateCommander,
  updateSeverity,
} from '../db/incidents.ts';
import { enqueue } from '../db/outbox.ts';
import { claimRequest } from '../db/requests.ts';
import { forgetValuesOf } from '../db/sensitive-outputs.ts';
import { leaveTemporary, listTemporaryOf } from '../db/temporary-states.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob, removeTypedJob } from '../db/typed-jobs.ts';
import type { Page } from '../domain/escalation.ts';
import { parseProse } from '../domain/free-text.ts';
import { type Incident, MAX_PROSE } from '../domain/incident.ts';
import type { Person } from '../domain/person.ts';
import type { Role } from '../domain/roles.ts';
import type { Json } from '../lib/canonical-json.ts';
import { UserError } from '../lib/errors.ts';
import {
  getSeverity,
  getSystem,
  lockOpenIncident,
  recordFact,
  refreshCards,
  requireMember,
  requireRole,
} from './actions.ts';
import type { Context } from './context.ts';
import { lookAtLadders, scheduleMilestones } from './timers.ts';

/** A reason is one or two sentences. */
const MAX_REASON = 500;

type Target = { readonly incident: number; readonly actor: Person };

type Change<T> = (tx: Tx, incident: Incident) => Promise<T>;

/** Runs a change of one open incident: locked, recorded, cards brought up to date. */
async function changing<T>(
  context: Pick<Context, 'pool' | 'settings'>,
  target: Target,
  work: Change<T>,
  role: Role = 'responder',
): Promise<T> {
  requireMember(target.actor);
  return withTransaction(context.pool, (tx) => change(context, tx, target, { work, role }));
}

async function change<T>(
  context: Pick<Context, 'settings'>,
  tx: Tx,
  target: Target,
  { work, role }: { work: Change<T>; role: Role },
): Promise<T> {
  const incident = await lockOpenIncident(tx, target.incident);
  requireRole(context, incident.system, target.actor, role);
  const result = await work(tx, incident);
  await refreshCards(tx, incident);
  return result;
}

/** The same for what a person submits: a repeated submission changes nothing and is no mistake, also when it resolved. */
async function once(
  context: Context,
  target: Target & { readonly requestKey: string },
  work: Change<Incident>,
): Promise<Incident> {
  requireMember(target.actor);
  return withTransaction(context.pool, async (tx) => {
    if (await claimRequest(tx, target.requestKey)) return change(context, tx, target, { work, role: 'responder' });
    return (await findIncident(tx, target.incident)) ?? lockOpenIncident(tx, target.incident);
  });
}

/** Acknowledges an incident: its open pages stop repeating. `first` is false when somebody had done so before. */
export async function acknowledgeIncident(
  context: Pick<Context, 'pool' | 'settings'>,
  target: Target & {
    /** What the audit log says besides, when it was done at a terminal. */
    readonly origin?: { readonly [key: string]: Json };
  },
): Promise<{ incident: Incident; first: boolean }> {
  return changing(context, target, async (tx, incident) => {
    const first = await recordAcknowledgement(tx, incident, target.actor);
    const { actor, origin } = target;
    if (first && origin)
      await insertAudit(tx, {
        ...{ actor: actor.id, action: 'incident.acknowledged_at_terminal', incident: incident.number },
        data: origin,
      });
    await refreshPages(
      tx,
      await acknowledgePages(tx, { incident: incident.number, page: null, person: target.actor.id }),
    );
    await enqueue(tx, { type: 'incident.ladder', incident: incident.number });
    await addTypedJob(tx, { task: 'escalation.tick', incident: incident.number });
    return { incident, first };
  });
}

/** Marks the incident as acknowledged with its timeline event; false when it was already. */
export async function recordAcknowledgement(tx: Tx, incident: Incident, actor: Person): Promise<boolean> {
  if (!(await markAcknowledged(tx, incident.number, actor.id))) return false;
  const afterMs = tx.now.getTime() - incident.declaredAt.getTime();
  await recordFact(tx, incident.number, actor.id, { kind: 'acknowledged', afterMs });
  return true;
}

/** Pages that were sent show who acknowledged them, on every message that went out. */
export async function refreshPages(tx: Tx, pages: readonly Page[]): Promise<void> {
  for (const page of pages) {
    for (let ordinal = 1; ordinal <= page.sends; ordinal += 1) {
      await enqueue(tx, { type: 'page.refresh', page: page.id, ordinal });
    }
  }
}

/** The actor becomes commander, from nobody or from somebody else. */
export async function takeCommand(context: Context, target: Target): Promise<Incident> {
  return changing(
    context,
    target,
    async (tx, incident) => {
      if (incident.commander === target.actor.id) {
        throw new UserError('already_commander', `You are already in command of incident ${incident.number}.`);
      }
      await updateCommander(tx, incident.number, target.actor.id);
      await recordFact(tx, incident.number, target.actor.id, {
        kind: 'commander_taken',
        commander: target.actor.id,
        before: incident.commander,
      });
      return incident;
    },
    'commander',
  );
}

/**
 * Changes the severity within the system's own scheme; the ladder, the deadlines and the war room follow it. To confirm
 * the severity that it has is an assessment too, once.
 */
export async function changeSeverity(
  context: Context,
  change: Target & { readonly severity: string; readonly reason: string; readonly requestKey: string },
): Promise<Incident> {
  const reason = parseProse(change.reason, { name: 'reason', max: MAX_PROSE, required: false });
  return once(context, change, async (tx, incident) => {
    const system = getSystem(context, incident.system);
    const severity = getSeverity(system, change.severity);
    if (severity.level === incident.severity && (await readProgress(tx, incident.number)).assessed) {
      throw new UserError('severity_unchanged', `Incident ${incident.number} is ${severity.level} already.`);
    }
    await markProgress(tx, incident.number, 'assessed');
    // A room that is there stays where it is; a milder level never takes it away.
    await updateSeverity(
      tx,
      incident.number,
      incident.room || incident.private ? { ...severity, warRoom: incident.warRoom } : severity,
    );
    await recordFact(tx, incident.number, change.actor.id, {
      kind: 'severity_changed',
      from: incident.severity,
      to: severity.level,
      reason,
    });
    if (!incident.room && severity.warRoom === 'channel') {
      await enqueue(tx, { type: 'incident.room', incident: incident.number });
    }
    if (incident.room) await enqueue(tx, { type: 'incident.topic', incident: incident.number });
    await enqueue(tx, { type: 'incident.ladder', incident: incident.number });
    await scheduleMilestones(tx, system, { ...incident, severity: severity.level });
    await lookAtLadders(tx, system.id);
    return incident;
  });
}

/** Posts an update for stakeholders. */
export async function postUpdate(
  context: Context,
  update: Target & { readonly text: string; readonly requestKey: string },
): Promise<void> {
  const text = parseProse(update.text, { name: 'update', max: MAX_PROSE, required: true });
  await once(context, update, async (tx, incident) => {
    const id = await insertUpdate(tx, incident.number, update.actor.id, text);
    await recordFact(tx, incident.number, update.actor.id, { kind: 'update_posted', text });
    await enqueue(tx, { type: 'incident.update', incident: incident.number, update: id });
    return incident;
  });
}

/** Nothing temporary is forgotten: it is taken back first, or left with a reason that stands on the timeline. */
async function settleTemporary(tx: Tx, incident: Incident, left: { by: string; reason: string }): Promise<void> {
  const states = await listTemporaryOf(tx, incident.number);
  if (states.length === 0) return;
  const steps = states.map(({ title }) => title);
  if (left.reason === '') {
    throw new UserError(
      'temporary_open',
      `Something temporary is still in place: ${steps.map((step) => `“${step}”`).join(', ')}; revert it on the incident's card, or say why it is left.`,
      { field: 'leave' },
    );
  }
  await leaveTemporary(tx, { incident: incident.number, ...left });
  await recordFact(tx, incident.number, left.by, { kind: 'temporary_left', steps, reason: left.reason });
}

/** Resolves an incident: every timer and page of it ends, the closing message and the timeline go out. */
export async function resolveIncident(
  context: Context,
  target: Target & {
    readonly summary: string;
    readonly requestKey: string;
    /** Why something temporary may stay as it is; without it the incident cannot be closed over that. */
    readonly leave?: string;
  },
): Promise<Incident> {
  const summary = parseProse(target.summary, { name: 'summary', max: MAX_PROSE, required: true });
  const leave = parseProse(target.leave ?? '', { name: 'reason', max: MAX_REASON, required: false });
  return once(context, target, async (tx, incident) => {
    await settleTemporary(tx, incident, { by: target.actor.id, reason: leave });
    await markResolved(tx, incident.number, target.actor.id, summary);
    await recordFact(tx, incident.number, target.actor.id, {
      kind: 'resolved',
      summary,
      afterMs: tx.now.getTime() - incident.declaredAt.getTime(),
    });
    await forgetValuesOf(tx, incident.number);
    await refreshPages(tx, await closePages(tx, incident.number));
    await removeTypedJob(tx, { task: 'escalation.tick', incident: incident.number });
    // Not getSystem: an incident can be resolved when its system has left the packs.
    for (const milestone of context.packs().systems.get(incident.system)?.milestones ?? []) {
      await removeTypedJob(tx, { task: 'incident.milestone', incident: incident.number, milestone: milestone.id });
    }
    await enqueue(tx, { type: 'incident.ladder', incident: incident.number });
    await enqueue(tx, { type: 'incident.closing', incident: incident.number });
    return incident;
  });
}
