import { findIncident } from '../db/incidents.ts';
import type { Tx } from '../db/transaction.ts';
import { type ActingEffect, type ApprovalPolicy, policyFor } from '../domain/approval-policy.ts';
import type { Run } from '../domain/run.ts';
import type { RunsContext } from './context.ts';
import { findTarget } from './statement.ts';

/** A request as far as policies look at it. `requester`: their id and those of their groups. */
export type PolicyQuestion = {
  readonly run: Run;
  readonly effect: ActingEffect;
  readonly target: string;
  readonly requester: readonly string[];
  readonly at: Date;
};

/** The policy in force for a request: warroom.yml as it is now, the incident's severity as it is now, the pack's target. */
export async function policyOf(
  context: Pick<RunsContext, 'settings' | 'packs'>,
  tx: Tx,
  { run, effect, target, requester, at }: PolicyQuestion,
): Promise<ApprovalPolicy> {
  const incident = run.incident === null ? null : await findIncident(tx, run.incident);
  const system = context.packs().systems.get(run.system);
  const asked = { effect, system: run.system, target, severity: incident?.severity ?? null, requester, at };
  return policyFor(context.settings.approvals, asked, (system && findTarget(system, target))?.approvals ?? null);
}
