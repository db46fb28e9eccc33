import { insertApproval, insertPlan } from '../db/approvals.ts';
import { enqueue } from '../db/outbox.ts';
import { claimRequest } from '../db/requests.ts';
import { findRun, insertStepRun, listStepRuns, updateRunParams } from '../db/runs.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import { type ApprovalSubject, approvalHash, planHash } from '../domain/approval.ts';
import { type ActingEffect, strictest } from '../domain/approval-policy.ts';
import type { Effect } from '../domain/effect.ts';
import { parseProse } from '../domain/free-text.ts';
import { parseParams } from '../domain/params.ts';
import type { Person } from '../domain/person.ts';
import { FINAL_STATES, latestByStep, type Run, type StepRun } from '../domain/run.ts';
import type { ExecutableStep, Param, Runbook } from '../domain/runbook.ts';
import { unknownRun } from '../domain/unknown.ts';
import { requireRole } from '../incidents/actions.ts';
import { UserError } from '../lib/errors.ts';
import { scheduleTimers } from './approval-timers.ts';
import type { RunsContext } from './context.ts';
import { getLockedRun } from './diagnose.ts';
import { pinnedRunbook } from './pinned-runbook.ts';
import { findCut, requireValuesNow } from './plan-values.ts';
import { policyOf } from './policy.ts';
import { recordRunFact, refreshRun } from './record.ts';
import { requireFreshFor } from './run-age.ts';
import { readRunCard } from './run-card.ts';
import { getRunnableStep, missingNames, prepareStatement, secretNames } from './statement.ts';
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

export type PlanRequest = Omit<StepRequest, 'step'> & {
  /** They run in the order of the runbook, whatever order they stand in here. */
  readonly steps: readonly string[];
};

/** More steps than that nobody reads before they approve. */
const MAX_PLAN = 10;

/**
 * Asks for the approval of a changing step: the statement is rendered and pinned by its hash, the card goes out, the
 * expiry is set. Null when the same request was made before (a double submission).
 */
export async function requestStep(context: RunsContext, request: StepRequest): Promise<{ approval: number } | null> {
  return requestPlan(context, { ...request, steps: [request.step] });
}

/**
 * Asks for one approval of several steps, whose hash covers all of them. They run one after the other, and the plan stops
 * at the first that does not end well or whose verify step says that it did not help.
 */
export async function requestPlan(context: RunsContext, request: PlanRequest): Promise<{ approval: number } | null> {
  const reason = parseProse(request.reason, { name: 'reason', max: MAX_REASON, required: true });
  return withTransaction(context.pool, async (tx) => {
    const run = await getLockedRun(tx, request.run);
    requireRole(context, run.system, request.actor, 'responder');
    if (!(await claimRequest(tx, request.requestKey))) return null;
    const runbook = await pinnedRunbook(context, run);
    const steps = planSteps(context, runbook, request.steps);
    await requireFreshFor(tx, run, runbook, steps);
    await requireValuesNow(context, runbook, steps);
    const latest = latestByStep(await listStepRuns(tx, run.id));
    for (const step of steps) {
      const active = latest.get(step.id);
      if (active && !FINAL_STATES.includes(active.state)) {
        throw new UserError(
          'step_active',
          `“${step.title}” is ${active.state.replace('_', ' ')} already; see its card.`,
        );
      }
    }
    const params = parseParams(runbook, request.params);
    await updateRunParams(tx, run.id, params);
    const filled = { ...run, params: { ...run.params, ...params } };
    const approval = await openApproval(context, tx, { run: filled, runbook, steps, actor: request.actor, reason });
    return { approval };
  });
}

function planSteps(context: RunsContext, runbook: Runbook, ids: readonly string[]): ActingStep[] {
  if (ids.length === 0) throw new UserError('plan_empty', 'Choose at least one step.');
  if (ids.length > MAX_PLAN) {
    throw new UserError(
      'plan_too_long',
      `A plan has at most ${MAX_PLAN} steps, so that people can read what they approve.`,
    );
  }
  if (new Set(ids).size < ids.length) throw new UserError('plan_repeats', 'A plan runs each step once.');
  const order = runbook.steps.map(({ id }) => id);
  const steps = ids
    .map((id) => getActingStep(context, runbook, id))
    // Whatever order they were chosen in, they run in that of the runbook.
    .sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
  const options = new Set(steps.flatMap(({ option }) => (option === null ? [] : [option])));
  if (options.size > 1) {
    throw new UserError('plan_alternatives', `${[...options].join(' and ')} are alternatives: choose one of them.`);
  }
  return steps;
}

type ActingStep = ExecutableStep & { readonly effect: ActingEffect };

function getActingStep(context: RunsContext, runbook: Runbook, id: string): ActingStep {
  const step = getRunnableStep(context, runbook, id);
  if (step.effect === 'read') throw new UserError('step_reads', `“${step.title}” only reads: it needs no approval.`);
  return { ...step, effect: step.effect };
}

type Opening = { run: Run; runbook: Runbook; steps: readonly ActingStep[]; actor: Person; reason: string };

async function openApproval(context: RunsContext, tx: Tx, asked: Opening): Promise<number> {
  const { run, runbook, steps, actor, reason } = asked;
  const requesterGroups = actor.groups;
  const policies = await Promise.all(
    steps.map(({ effect, target }) =>
      policyOf(context, tx, { run, effect, target, requester: [actor.id, ...requesterGroups], at: tx.now }),
    ),
  );
  const policy = strictest(policies);
  const expiresAt = new Date(tx.now.getTime() + policy.expiresAfterMs);
  const subjects: ApprovalSubject[] = [];
  const stepRuns: StepRun[] = [];
  let previews = false;
  for (const step of steps) {
    const statement = await prepareStatement(context, runbook, step, run);
    const secrets = await secretNames(context, runbook, step);
    // A rehearsal sends nothing, so nobody has to give anything.
    const secretsWanted = secrets.length === 0 || run.rehearsal ? 0 : (step.quorum ?? 1);
    const { display } = statement;
    if (statement.preview) previews = true;
    const stepRun = await insertAwaiting(tx, { run, step, display, actor, reason, secretsWanted });
    stepRuns.push(stepRun);
    subjects.push(subjectOf(context, { run, runbook, step, stepRun: stepRun.id, statement, policy, expiresAt }));
  }
  const stepRun = stepRuns[0]?.id ?? 0;
  const hashes = subjects.map((subject) => approvalHash(subject));
  const hash = subjects.length === 1 ? (hashes[0] ?? '') : planHash(subjects);
  const approval = await insertApproval(tx, {
    ...{ stepRun, hash, policy, requestedBy: actor.id, requesterGroups, reason, expiresAt },
  });
  if (stepRuns.length > 1)
    await insertPlan(
      tx,
      approval,
      stepRuns.map(({ id }, index) => ({ stepRun: id, hash: hashes[index] ?? '' })),
    );
  for (const { title, display, target } of stepRuns) {
    const fact = { kind: 'approval_requested', step: title, command: display, target, reason } as const;
    await recordRunFact(tx, run, actor.id, fact, { id: approval, hash });
  }
  if (previews) await addTypedJob(tx, { task: 'approval.preview', approval });
  await scheduleTimers(tx, { id: approval, createdAt: tx.now, expiresAt, policy });
  await enqueue(tx, { type: 'approval.card', approval });
  await refreshRun(tx, run);
  return approval;
}

function insertAwaiting(
  tx: Tx,
  parts: { run: Run; step: ActingStep; display: string; actor: Person; reason: string; secretsWanted: number },
): Promise<StepRun> {
  const { run, step, display, actor, reason, secretsWanted } = parts;
  return insertStepRun(tx, {
    run: run.id,
    step: step.id,
    title: step.title,
    purpose: 'change',
    verifies: null,
    state: 'awaiting_approval',
    effect: step.effect,
    target: step.target,
    display,
    requestedBy: actor.id,
    reason,
    error: null,
    secretsWanted,
  });
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

/** Steps of a run that a plan can be made of: they change something, and are not under way. */
export async function readPlannable(context: RunsContext, id: number): Promise<Plannable[]> {
  const card = await withTransaction(context.pool, (tx) => readRunCard(context, tx, id));
  if (!card) throw unknownRun();
  const steps = card.steps.flatMap(
    ({ step, stepRun, unavailable, offered }): (ExecutableStep & { suggested: boolean })[] => {
      if (step.kind === 'manual' || step.effect === 'read' || unavailable !== null) return [];
      if (stepRun && !FINAL_STATES.includes(stepRun.state)) return [];
      return [{ ...step, suggested: offered === true && stepRun?.state !== 'ok' }];
    },
  );
  // What the form chooses at first is a plan that can be approved whole.
  const suggested = steps.filter((step) => step.suggested);
  const cut = await findCut(context, card.runbook, suggested);
  const whole = cut === null ? suggested : cut.before;
  if (steps.length > 0)
    return steps.map((step) => {
      const { id, title, effect, target, option } = step;
      return { id, title, effect, target, option, suggested: whole.includes(step) };
    });
  throw new UserError('plan_empty', 'There is no step left that a plan could be made of; see the card.');
}

export type Plannable = Pick<ExecutableStep, 'id' | 'title' | 'effect' | 'target' | 'option'> & {
  /** Its `when` holds now. */
  readonly suggested: boolean;
};

async function readStep(
  context: RunsContext,
  asked: { run: number; step: string },
): Promise<{ run: Run; runbook: Runbook; step: ExecutableStep }> {
  const run = await withTransaction(context.pool, (tx) => findRun(tx, asked.run));
  if (!run) throw unknownRun();
  const runbook = await pinnedRunbook(context, run);
  return { run, runbook, step: getRunnableStep(context, runbook, asked.step) };
}
