import { listPlanHashes } from '../db/approvals.ts';
import type { Tx } from '../db/transaction.ts';
import { approvalHash, hashOfPlan } from '../domain/approval.ts';
import { type ApprovalPolicy, strictest } from '../domain/approval-policy.ts';
import type { StepRun } from '../domain/run.ts';
import type { ExecutableStep, Runbook } from '../domain/runbook.ts';
import type { Statement } from '../executors/executor.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import { UserError } from '../lib/errors.ts';
import type { Asked } from './asked.ts';
import type { RunsContext } from './context.ts';
import { pinnedRunbook } from './pinned-runbook.ts';
import { policyOf } from './policy.ts';
import type { GivenValues } from './secret-shelf.ts';
import { getRunnableStep, prepareStatement } from './statement.ts';
import { subjectOf } from './subject.ts';

const CHANGED = 'Something changed after the approval (command, values, target or policy): ask for it again.';

type Rendered = { readonly stepRun: StepRun; readonly step: ExecutableStep; readonly statement: Statement };

/**
 * Renders what a request covers again, from `from` on, as it stands now, and compares its hash with the one that was asked
 * for. Steps of a plan before `from` are over: their part of the hash is the one of the request, because what they found
 * since may be other values than those that they were approved with.
 */
export async function renderAsked(
  context: RunsContext,
  tx: Tx,
  { approval, covered, run }: Asked,
  from: StepRun,
): Promise<{ runbook: Runbook; rendered: readonly Rendered[] } | { problem: string }> {
  try {
    const runbook = await pinnedRunbook(context, run);
    const first = covered.findIndex(({ id }) => id === from.id);
    const steps = covered.map((stepRun) => ({ stepRun, step: getRunnableStep(context, runbook, stepRun.step) }));
    const policies: ApprovalPolicy[] = [];
    for (const { step } of steps) {
      if (step.effect === 'read') return { problem: CHANGED };
      // The policy of now, not the one of the request: a stricter warroom.yml voids what the old one allowed.
      const requester = [approval.requestedBy, ...approval.requesterGroups];
      const { effect, target } = step;
      policies.push(await policyOf(context, tx, { run, effect, target, requester, at: approval.createdAt }));
    }
    const common = { run, runbook, policy: strictest(policies), expiresAt: approval.expiresAt };
    const asked = await listPlanHashes(tx, approval.id);
    const rendered: Rendered[] = [];
    const hashes: string[] = [];
    for (const [index, { stepRun, step }] of steps.entries()) {
      const then = asked.get(stepRun.id) ?? null;
      if (index < first && then !== null) {
        hashes.push(then);
        continue;
      }
      const statement = await prepareStatement(context, runbook, step, run);
      rendered.push({ stepRun, step, statement });
      hashes.push(approvalHash(subjectOf(context, { ...common, step, stepRun: stepRun.id, statement })));
    }
    const [only = ''] = hashes;
    const hash = hashes.length === 1 ? only : hashOfPlan(hashes);
    return hash === approval.hash ? { runbook, rendered } : { problem: CHANGED };
  } catch (error) {
    if (error instanceof UserError) return { problem: error.message };
    throw error;
  }
}

/** A step as it was approved, ready to be sent: one statement, or one for each person's secret. */
export type Prepared = {
  readonly runbook: Runbook;
  readonly step: ExecutableStep;
  readonly statements: readonly Statement[];
};

/** The statements of a step whose turn it is, with what people gave; or why it is not what was approved. */
export async function prepareApproved(
  context: RunsContext,
  tx: Tx,
  asked: Asked,
  wanted: { readonly stepRun: StepRun; readonly gifts: readonly GivenValues[] },
): Promise<Prepared | { problem: string }> {
  const found = await renderAsked(context, tx, asked, wanted.stepRun);
  if ('problem' in found) return found;
  const { runbook, rendered } = found;
  const own = rendered.find(({ stepRun }) => stepRun.id === wanted.stepRun.id);
  if (!own) return { problem: CHANGED };
  const { step, statement } = own;
  try {
    const statements = await Promise.all(
      wanted.gifts.map((given) => prepareStatement(context, runbook, step, { ...asked.run, given })),
    );
    // What people give fills its places and changes nothing else of what was approved.
    const approved = canonicalJson(statement.canonical);
    const same = statements.every(({ canonical }) => canonicalJson(canonical) === approved);
    return same ? { runbook, step, statements } : { problem: CHANGED };
  } catch (error) {
    if (error instanceof UserError) return { problem: error.message };
    throw error;
  }
}
