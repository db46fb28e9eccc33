import { insertAudit } from '../db/audit.ts';
import { type LockFault, startLockFault } from '../db/lock-fault.ts';
import type { Connection } from '../db/pool.ts';
import { withTransaction } from '../db/transaction.ts';
import type { Incident } from '../domain/incident.ts';
import type { Person } from '../domain/person.ts';
import { recordFact, requireRole } from '../incidents/actions.ts';
import { declareIncident } from '../incidents/declare.ts';
import { UserError } from '../lib/errors.ts';
import type { RunsContext } from './context.ts';

/** A drill that can be started: a real fault with the runbook that finds and ends it. */
type Scenario = {
  readonly runbook: string;
  readonly title: string;
  readonly severity: string;
  readonly impact: string;
};

/** Drills break Warroom's own database. */
const SYSTEM = 'warroom';

/** What `/drill start` offers. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'WR-001': {
    runbook: 'warroom/WR-001',
    title: 'Drill: an idle transaction holds locks',
    severity: 'SEV3',
    impact: 'None: this is a drill with a real fault in the schema “drill”.',
  },
};

/** The fault of the drill that runs in this process; it ends with the process, because its session does. */
export type DrillGround = { readonly connection: Connection; fault: LockFault | null };

/** Makes the fault for real and declares its incident. One drill at a time. */
export async function startDrill(
  context: RunsContext & { readonly drills: DrillGround },
  start: { scenario: string; actor: Person; requestKey: string },
): Promise<Incident> {
  requireRole(context, SYSTEM, start.actor, 'responder');
  const id = start.scenario.toUpperCase();
  const scenario = SCENARIOS[id];
  if (!scenario) {
    throw new UserError(
      'drill_unknown',
      `There is no drill “${start.scenario}”; there is ${Object.keys(SCENARIOS).join(', ')}.`,
    );
  }
  if (context.drills.fault && !context.drills.fault.ended()) throw running();
  await context.drills.fault?.release();
  context.drills.fault = null;
  const fault = await startLockFault(context.drills.connection);
  if (!fault) throw running();
  context.drills.fault = fault;
  const incident = await declareDrill(context, scenario, start);
  await withTransaction(context.pool, (tx) =>
    recordFact(tx, incident.number, start.actor.id, { kind: 'drill_started', scenario: id }),
  );
  return incident;
}

function running(): UserError {
  return new UserError(
    'drill_running',
    'A drill is running already: work on it with its runbook, or end it with /drill stop.',
  );
}

/** Without its incident nobody would look for the fault: it is taken back when declaring fails. */
async function declareDrill(
  context: RunsContext & { readonly drills: DrillGround },
  scenario: Scenario,
  start: { actor: Person; requestKey: string },
): Promise<Incident> {
  try {
    return await declareIncident(context, {
      requestKey: start.requestKey,
      actor: start.actor,
      title: scenario.title,
      system: SYSTEM,
      severity: scenario.severity,
      impact: scenario.impact,
      customerImpact: false,
      runbook: scenario.runbook,
    });
  } catch (error) {
    await context.drills.fault?.release();
    context.drills.fault = null;
    throw error;
  }
}

/** Takes the fault back without the mitigation; false when no drill runs. */
export async function stopDrill(
  context: Pick<RunsContext, 'pool' | 'settings'> & { readonly drills: DrillGround },
  actor: Person,
): Promise<boolean> {
  requireRole(context, SYSTEM, actor, 'responder');
  const fault = context.drills.fault;
  context.drills.fault = null;
  if (!fault || fault.ended()) {
    await fault?.release();
    return false;
  }
  await fault.release();
  await withTransaction(context.pool, (tx) => insertAudit(tx, { actor: actor.id, action: 'drill.stopped' }));
  return true;
}
