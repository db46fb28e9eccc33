import { findApproval, listCovered } from '../db/approvals.ts';
import { findIncident } from '../db/incidents.ts';
import { findRun, findStepRun } from '../db/runs.ts';
import type { Tx } from '../db/transaction.ts';
import { type Approval, targetToType } from '../domain/approval.ts';
import type { Incident } from '../domain/incident.ts';
import { holdersOf, namedFor, type RoleHolders } from '../domain/roles.ts';
import type { Run, StepRun } from '../domain/run.ts';
import type { RunsContext } from './context.ts';

/** What an approver sees: the exact commands, the target, the effect, who asked and why, until when, who can decide. */
export type ApprovalCard = {
  readonly approval: Approval;
  /** The (first) step. */
  readonly stepRun: StepRun;
  /** Every step that the approval covers, in the order in which they run; one unless it is a plan. */
  readonly covered: readonly StepRun[];
  readonly run: Run;
  readonly incident: Incident | null;
  /** Slack ids of people and user groups who may approve; empty: every member of the workspace. */
  readonly approvers: readonly string[];
  /** The name that one approver types, when the policy wants that. */
  readonly targetToType: string;
  readonly now: Date;
};

/** Reads the card of an approval; null when there is no such approval. */
export async function readApprovalCard(
  context: Pick<RunsContext, 'settings'>,
  tx: Tx,
  id: number,
): Promise<ApprovalCard | null> {
  const approval = await findApproval(tx, id);
  if (!approval) return null;
  const covered: StepRun[] = [];
  for (const one of await listCovered(tx, approval)) {
    const found = await findStepRun(tx, one);
    if (found) covered.push(found);
  }
  const stepRun = covered.find((one) => one.id === approval.stepRun);
  const run = stepRun ? await findRun(tx, stepRun.run) : null;
  if (!stepRun || !run) return null;
  const { from, quorum } = approval.policy;
  const named = [...new Set([...from, ...quorum.flatMap((part) => part.from)])];
  return {
    approval,
    stepRun,
    covered,
    run,
    incident: run.incident === null ? null : await findIncident(tx, run.incident),
    approvers: named.length > 0 ? named : approversByRole(context.settings.roles, run.system),
    targetToType: targetToType(covered),
    now: tx.now,
  };
}

/** Whoever is named for the role; where nobody is, it belongs to the holders of the one before it. */
function approversByRole(roles: RoleHolders, system: string): readonly string[] {
  return namedFor(roles, system, 'approver') ?? holdersOf(roles, system, 'approver') ?? [];
}
