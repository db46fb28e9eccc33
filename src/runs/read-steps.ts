import { findRun, listStepRuns, lockNextQueued, moveStepRun, startStepRun } from '../db/runs.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import type { ExecutableStep } from '../domain/runbook.ts';
import type { StatementResult } from '../executors/executor.ts';
import { redact } from '../executors/output-safety.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { type CancelWatch, watchCancel } from './cancel-watch.ts';
import type { RunsContext } from './context.ts';
import { read } from './execute.ts';
import { type Ending, finishRead, type Taken } from './finish-read.ts';
import { capturesOf, endOf, NO_CAPTURES, refusedEnd } from './outcome.ts';
import { pinnedRunbook } from './pinned-runbook.ts';
import { refreshRun } from './record.ts';
import { valuesOf } from './statement.ts';

/** A process that is being stopped leaves its jobs to others, but does not take them again itself in a tight loop. */
const HAND_OVER_MS = 1_000;

/**
 * Carries out the queued read steps of a run one after the other. Safe to call twice at once: each step is taken by one.
 * A read step that a crash or a stop of the process interrupted is queued again and simply runs again.
 */
export async function runReadSteps(context: RunsContext, run: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const taken = await takeNext(context, run);
    if (!taken) return;
    const watch = watchCancel(context, taken.stepRun.id, signal);
    const ending = await carryOut(context, taken, { signal: watch.signal, wanted: watch.wanted });
    await watch.stop();
    if (ending) await finishRead(context, taken, ending);
    else await putBack(context, taken);
  }
  await withTransaction(context.pool, (tx) => handOver(tx, run));
}

async function takeNext(context: RunsContext, id: number): Promise<Taken | null> {
  return withTransaction(context.pool, async (tx) => {
    const run = await findRun(tx, id);
    const stepRun = await lockNextQueued(tx, id);
    if (!run || !stepRun || !(await startStepRun(tx, stepRun.id, 'queued', context.owner))) return null;
    await refreshRun(tx, run);
    const runbook = await pinnedRunbook(context, run);
    return {
      run: { ...run, params: valuesOf(runbook, run) },
      stepRun,
      runbook,
      earlier: await listStepRuns(tx, id),
    };
  });
}

const CANCELLED_READ = 'Cancelled while it ran; it only read, so nothing was changed.';
const CANCELLED: Ending = {
  end: { ...{ value: null, output: '', omittedBytes: 0, passed: null }, state: 'cancelled', error: CANCELLED_READ },
  display: null,
  captures: NO_CAPTURES,
};

/** Null when the process was told to stop before the step had its answer. */
async function carryOut(
  context: RunsContext,
  taken: Taken,
  { signal, wanted }: Pick<CancelWatch, 'signal' | 'wanted'>,
): Promise<Ending | null> {
  const { run, runbook, stepRun, earlier } = taken;
  const step = runbook.steps.find((candidate) => candidate.id === stepRun.step);
  if (step?.kind !== 'executable') {
    return { end: refusedEnd(new TypeError(`there is no step ${stepRun.step}`)), display: null, captures: NO_CAPTURES };
  }
  const accept = (result: StatementResult) => {
    const { state, passed } = endOf(step, result, run, earlier);
    return state === 'ok' && passed !== false;
  };
  try {
    const { statement, result } = await read(context, { run, runbook, step, stepRun }, accept, signal);
    if (signal.aborted && !accept(result)) return wanted() ? CANCELLED : null;
    const end = endOf(step, result, run, earlier);
    const captures = end.state === 'ok' ? capturesOf(step, result, { run, runbook, earlier }) : NO_CAPTURES;
    return { end: { ...end, error: end.error ?? captures.problem }, display: statement.display, captures };
  } catch (error) {
    if (signal.aborted) return wanted() ? CANCELLED : null;
    const end = refusedEnd(error);
    if (error instanceof UserError) return { end, display: null, captures: NO_CAPTURES };
    // It may have been sent: what the error quotes is treated like output.
    logUnexpected(context, error, step, taken);
    return { end: { ...end, state: 'failed' }, display: null, captures: NO_CAPTURES };
  }
}

function logUnexpected(context: RunsContext, error: unknown, step: ExecutableStep, taken: Taken): void {
  const reason = step.sensitive ? 'not logged: the step is sensitive' : redact(messageOf(error), []);
  context.log.error({ reason, run: taken.run.id, step: step.id }, 'A read step could not be carried out.');
}

async function putBack(context: RunsContext, { run, stepRun }: Taken): Promise<void> {
  await withTransaction(context.pool, async (tx) => {
    if (!(await moveStepRun(tx, stepRun.id, { from: 'running', to: 'queued', owner: context.owner }))) return;
    await refreshRun(tx, run);
    await handOver(tx, run.id);
  });
}

/** What is still queued goes to another process, or to this one after its start. */
async function handOver(tx: Tx, run: number): Promise<void> {
  const queued = (await listStepRuns(tx, run)).some((stepRun) => stepRun.state === 'queued');
  if (queued) await addTypedJob(tx, { task: 'run.read', run }, new Date(tx.now.getTime() + HAND_OVER_MS));
}
