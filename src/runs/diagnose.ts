import { insertStepRun, listStepRuns, lockRun, updateRunParams } from '../db/runs.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import { parseParams } from '../domain/params.ts';
import type { Person } from '../domain/person.ts';
import { isReading, type Run, type StepRun } from '../domain/run.ts';
import {
  diagnosticSteps,
  type ExecutableStep,
  executableSteps,
  type Runbook,
  runsByItself,
} from '../domain/runbook.ts';
import { unknownRun } from '../domain/unknown.ts';
import { requireRole } from '../incidents/actions.ts';
import { UserError } from '../lib/errors.ts';
import type { RunsContext } from './context.ts';
import { pinnedRunbook } from './pinned-runbook.ts';
import { refreshRun } from './record.ts';
import { requireFresh } from './run-age.ts';
import { getRunnableStep, unavailable } from './statement.ts';

/** The run, locked; refuses one that does not exist. */
export async function getLockedRun(tx: Tx, id: number): Promise<Run> {
  const run = await lockRun(tx, id);
  if (run) return run;
  throw unknownRun();
}

/** **Run diagnostics**: queues every step under Diagnose. Refuses while the steps of an earlier click still run. */
export async function startDiagnostics(context: RunsContext, click: { run: number; actor: Person }): Promise<void> {
  await withTransaction(context.pool, async (tx) => {
    const run = await getLockedRun(tx, click.run);
    requireRole(context, run.system, click.actor, 'responder');
    const runbook = await pinnedRunbook(context, run);
    requireFresh(run, runbook, tx.now);
    const steps = diagnosticSteps(runbook);
    if (steps.length === 0) throw nothingToDiagnose(runbook);
    requireReady(runbook);
    if ((await listStepRuns(tx, run.id)).some((other) => isReading(other) && other.purpose !== 'look')) {
      throw new UserError(
        'diagnostics_running',
        `The diagnostics of ${runbook.id} are running already; their results appear on the card.`,
      );
    }
    for (const step of steps)
      await queueReadStep(context, tx, {
        run,
        runbook,
        step,
        purpose: 'diagnose',
        verifies: null,
        actor: click.actor.id,
      });
    await addTypedJob(tx, { task: 'run.read', run: run.id });
    await refreshRun(tx, run);
  });
}

function nothingToDiagnose(runbook: Runbook): UserError {
  const text =
    executableSteps(runbook, 'diagnose').length === 0
      ? `Runbook ${runbook.id} has no diagnostics that can be run.`
      : `The diagnostics of ${runbook.id} are alternatives: choose the one that fits, with its own button.`;
  return new UserError('nothing_to_diagnose', text);
}

function requireReady(runbook: Runbook): void {
  if (runbook.status !== 'draft') return;
  throw new UserError(
    'runbook_draft',
    `Runbook ${runbook.id} is a draft: a person has to review it and remove \`status: draft\`.`,
  );
}

export type ReadRequest = {
  readonly run: number;
  readonly step: string;
  readonly actor: Person;
  /** Values of parameters as they were typed. */
  readonly params: Readonly<Record<string, string>>;
};

/** **Run** of one step that only reads: no approval, only the role. Refuses it while it is under way. */
export async function runReadStep(context: RunsContext, request: ReadRequest): Promise<void> {
  await withTransaction(context.pool, async (tx) => {
    const run = await getLockedRun(tx, request.run);
    requireRole(context, run.system, request.actor, 'responder');
    const runbook = await pinnedRunbook(context, run);
    requireFresh(run, runbook, tx.now);
    const step = getRunnableStep(context, runbook, request.step);
    if (step.effect !== 'read')
      throw new UserError('step_changes', `“${step.title}” changes something: ask for approval.`);
    if (!runsByItself(runbook, step))
      throw new UserError('step_not_alone', `“${step.title}” is run by Run diagnostics or with the step it verifies.`);
    if ((await listStepRuns(tx, run.id)).some((other) => other.step === step.id && isReading(other)))
      throw new UserError('step_active', `“${step.title}” is under way already; its result appears on the card.`);
    await updateRunParams(tx, run.id, parseParams(runbook, request.params));
    const actor = request.actor.id;
    await queueReadStep(context, tx, { run, runbook, step, purpose: 'look', verifies: null, actor });
    await addTypedJob(tx, { task: 'run.read', run: run.id });
    await refreshRun(tx, run);
  });
}

export type Reading = {
  readonly run: Run;
  readonly runbook: Runbook;
  readonly step: ExecutableStep;
  readonly purpose: 'diagnose' | 'verify' | 'look';
  readonly verifies: number | null;
  readonly actor: string;
};

/** Queues one read step; one that this build cannot run is refused at once, with the reason. */
export async function queueReadStep(context: RunsContext, tx: Tx, reading: Reading): Promise<StepRun> {
  const problem = unavailable(context, reading.runbook, reading.step);
  return insertStepRun(tx, {
    run: reading.run.id,
    step: reading.step.id,
    title: reading.step.title,
    purpose: reading.purpose,
    verifies: reading.verifies,
    state: problem === null ? 'queued' : 'refused',
    effect: 'read',
    target: reading.step.target,
    display: reading.step.text,
    requestedBy: reading.actor,
    reason: '',
    error: problem,
  });
}
