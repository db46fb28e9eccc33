import { insertApproval } from '../db/approvals.ts';
import { enqueue } from '../db/outbox.ts';
import { claimRequest } from '../db/requests.ts';
import { findRun, insertStepRun, listStepRuns, updateRunParams } from '../db/runs.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import { approvalHash } from '../domain/approval.ts';
import type { Effect } from '../domain/effect.ts';
import { parseProse } from '../domain/free-text.ts';
import { parseParam } from '../domain/params.ts';
import type { Person } from '../domain/person.ts';
import { FINAL_STATES, latestByStep, type Run } from '../domain/run.ts';
import type { ExecutableStep, Param, ParamValue, Runbook } from '../domain/runbook.ts';
import { requireMember } from '../incidents/actions.ts';
import { UserError } from '../lib/errors.ts';
import type { RunsContext } from './context.ts';
import { getLockedRun } from './diagnose.ts';
import { pinnedRunbook } from './pinned-runbook.ts';
import { recordRunFact, refreshRun } from './record.ts';
import { getRunnableStep, missingNames, prepareStatement } from './statement.ts';
import { subjectOf } from './subject.ts';

/** A reason is one or two sentences; the card has room for these. */
const MAX_REASON = 500;

export type StepRequest = {
  readonly run: number;
  readonly step: string;
  readonly actor: Person;
  readonly reason: string;
  /** Values of parameters as they were typed. */
  readonly params: Readonly<Record<string, string>>;
  readonly requestKey: string;
};

/**
 * Asks for the approval of a changing step: the statement is rendered and pinned by its hash, the card goes out, the
 * expiry is set. Null when the same request was made before (a double submission).
 */
export async function requestStep(context: RunsContext, request: StepRequest): Promise<{ approval: number } | null> {
  requireMember(request.actor);
  const reason = parseProse(request.reason, { name: 'reason', max: MAX_REASON, required: true });
  return withTransaction(context.pool, async (tx) => {
    if (!(await claimRequest(tx, request.requestKey))) return null;
    const run = await getLockedRun(tx, request.run);
    const runbook = await pinnedRunbook(context, run);
    const step = getChangingStep(context, runbook, request.step);
    const active = latestByStep(await listStepRuns(tx, run.id)).get(step.id);
    if (active && !FINAL_STATES.includes(active.state)) {
      throw new UserError('step_active', `“${step.title}” is ${active.state.replace('_', ' ')} already; see its card.`);
    }
    const params = parseParams(runbook, request.params);
    await updateRunParams(tx, run.id, params);
    const approval = await openApproval(context, tx, {
      run: { ...run, params: { ...run.params, ...params } },
      runbook,
      step,
      actor: request.actor,
      reason,
    });
    return { approval };
  });
}

function getChangingStep(
  context: RunsContext,
  runbook: Runbook,
  id: string,
): ExecutableStep & { effect: Exclude<Effect, 'read'> } {
  const step = getRunnableStep(context, runbook, id);
  if (step.effect === 'read') throw new UserError('step_reads', `“${step.title}” only reads: it needs no approval.`);
  return { ...step, effect: step.effect };
}

function parseParams(runbook: Runbook, texts: Readonly<Record<string, string>>): Record<string, ParamValue> {
  const values: Record<string, ParamValue> = {};
  for (const [name, text] of Object.entries(texts)) {
    const param = runbook.params.find((candidate) => candidate.name === name);
    if (!param) throw new UserError('param_unknown', `Runbook ${runbook.id} has no parameter “${name}”.`);
    values[name] = parseParam(param, text);
  }
  return values;
}

async function openApproval(
  context: RunsContext,
  tx: Tx,
  asked: {
    run: Run;
    runbook: Runbook;
    step: ExecutableStep & { effect: Exclude<Effect, 'read'> };
    actor: Person;
    reason: string;
  },
): Promise<number> {
  const { run, runbook, step, actor, reason } = asked;
  const statement = await prepareStatement(context, runbook, step, run);
  const policy = context.settings.approvals[step.effect];
  const expiresAt = new Date(tx.now.getTime() + policy.expiresAfterMs);
  const stepRun = await insertStepRun(tx, {
    run: run.id,
    step: step.id,
    title: step.title,
    purpose: 'change',
    verifies: null,
    state: 'awaiting_approval',
    effect: step.effect,
    target: step.target,
    display: statement.display,
    requestedBy: actor.id,
    reason,
    error: null,
  });
  const hash = approvalHash(
    subjectOf(context, { run, runbook, step, stepRun: stepRun.id, statement, policy, expiresAt }),
  );
  const approval = await insertApproval(tx, {
    stepRun: stepRun.id,
    hash,
    policy,
    requestedBy: actor.id,
    reason,
    expiresAt,
  });
  await recordRunFact(tx, run, actor.id, {
    kind: 'approval_requested',
    step: step.title,
    command: statement.display,
    target: step.target,
    reason,
  });
  await addTypedJob(tx, { task: 'approval.expire', approval }, expiresAt);
  await enqueue(tx, { type: 'approval.card', approval });
  await refreshRun(tx, run);
  return approval;
}

/** Parameters of a step that have no value yet, for the modal; names that only a diagnostic can fill are refused with a hint. */
export async function missingParams(context: RunsContext, asked: { run: number; step: string }): Promise<Param[]> {
  const { runbook, step, run } = await readStep(context, asked);
  const executor = context.executors.get(step.language);
  if (!executor) return [];
  const names = await missingNames(executor, runbook, step, run);
  return names.map((name) => {
    const param = runbook.params.find((candidate) => candidate.name === name);
    if (param) return param;
    throw new UserError(
      'values_missing',
      `“${step.title}” needs ${name}, which a diagnostic step finds: run the diagnostics first.`,
    );
  });
}

/** What would be asked for, as far as it can be rendered now. */
export async function previewStep(
  context: RunsContext,
  asked: { run: number; step: string },
): Promise<{ title: string; display: string; effect: Effect; target: string }> {
  const { runbook, step, run } = await readStep(context, asked);
  const executor = context.executors.get(step.language);
  const complete = executor !== undefined && (await missingNames(executor, runbook, step, run)).length === 0;
  const display = complete ? (await prepareStatement(context, runbook, step, run)).display : step.text;
  return { title: step.title, display, effect: step.effect, target: step.target };
}

async function readStep(
  context: RunsContext,
  asked: { run: number; step: string },
): Promise<{ run: Run; runbook: Runbook; step: ExecutableStep }> {
  const run = await withTransaction(context.pool, (tx) => findRun(tx, asked.run));
  if (!run)
    throw new UserError('run_unknown', 'This run does not exist any more; open the runbook again with /runbook.');
  const runbook = await pinnedRunbook(context, run);
  return { run, runbook, step: getRunnableStep(context, runbook, asked.step) };
}
