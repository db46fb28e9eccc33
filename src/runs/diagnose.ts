import { insertStepRun, listStepRuns, lockRun } from '../db/runs.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import type { Person } from '../domain/person.ts';
import { isReading, type Run, type StepRun } from '../domain/run.ts';
import { type ExecutableStep, executableSteps, type Runbook } from '../domain/runbook.ts';
import { requireRole } from '../incidents/actions.ts';
import { UserError } from '../lib/errors.ts';
import type { RunsContext } from './context.ts';
import { pinnedRunbook } from './pinned-runbook.ts';
import { refreshRun } from './record.ts';
import { unavailable } from './statement.ts';

/** The run, locked; refuses one that does not exist. */
export async function getLockedRun(tx: Tx, id: number): Promise<Run> {
  const run = await lockRun(tx, id);
  if (run) return run;
  throw new UserError('run_unknown', 'This run does not exist any more; open the runbook again with /runbook.');
}

/** **Run diagnostics**: queues every step under Diagnose. Refuses while the steps of an earlier click still run. */
export async function startDiagnostics(context: RunsContext, click: { run: number; actor: Person }): Promise<void> {
  await withTransaction(context.pool, async (tx) => {
    const run = await getLockedRun(tx, click.run);
    requireRole(context, run.system, click.actor, 'responder');
    const runbook = await pinnedRunbook(context, run);
    const steps = executableSteps(runbook, 'diagnose');
    if (steps.length === 0)
      throw new UserError('nothing_to_diagnose', `Runbook ${runbook.id} has no diagnostics that can be run.`);
    if (runbook.status === 'draft')
      throw new UserError(
        'runbook_draft',
        `Runbook ${runbook.id} is a draft: a person has to review it and remove \`status: draft\`.`,
      );
    if ((await listStepRuns(tx, run.id)).some(isReading)) {
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

export type Reading = {
  readonly run: Run;
  readonly runbook: Runbook;
  readonly step: ExecutableStep;
  readonly purpose: 'diagnose' | 'verify';
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
