import type { StepRunEnd } from '../db/runs.ts';
import type { Run, StepRun } from '../domain/run.ts';
import type { ExecutableStep, Runbook } from '../domain/runbook.ts';
import type { Statement } from '../executors/executor.ts';
import { redact } from '../executors/output-safety.ts';
import { messageOf } from '../lib/errors.ts';
import type { RunsContext } from './context.ts';
import { send } from './execute.ts';
import { endOf, refusedEnd } from './outcome.ts';
import { valuesOf } from './statement.ts';

type Sending = {
  readonly run: Run;
  readonly runbook: Runbook;
  readonly step: ExecutableStep;
  readonly stepRun: StepRun;
  readonly statements: readonly Statement[];
  readonly earlier: readonly StepRun[];
};

/**
 * Sends the statement of a changing step, or its statements one after the other until one of them does not end well. A
 * throw after the attempt was committed is not proof that nothing happened: the state is `unknown`.
 */
export async function carryOut(context: RunsContext, sending: Sending, signal: AbortSignal): Promise<StepRunEnd> {
  const { step, statements, stepRun, earlier } = sending;
  const run = { ...sending.run, params: valuesOf(sending.runbook, sending.run) };
  const ends: StepRunEnd[] = [];
  try {
    for (const [index, statement] of statements.entries()) {
      const result = await send(context, statement, { ...sending, index }, signal);
      const end = endOf(step, result, run, earlier);
      ends.push(end);
      if (end.state !== 'ok' || end.passed === false) break;
    }
  } catch (error) {
    const text = redact(messageOf(error), []);
    const reason = step.sensitive ? 'not logged: the step is sensitive' : text;
    context.log.error({ reason, stepRun: stepRun.id }, 'A changing step threw; its state is unknown.');
    ends.push({ ...refusedEnd(error), state: 'unknown', error: `It broke while it ran: ${text}` });
  }
  return together(ends, statements.length);
}

/** Several sendings as the one end of their step: that of the last, with the output of all. */
function together(ends: readonly StepRunEnd[], wanted: number): StepRunEnd {
  const last = ends.at(-1) ?? refusedEnd(new TypeError('there was nothing to send'));
  if (wanted <= 1) return last;
  return {
    ...last,
    output: ends.map((end, index) => `— ${index + 1} of ${wanted} —\n${end.output}`.trimEnd()).join('\n'),
    omittedBytes: ends.reduce((sum, end) => sum + end.omittedBytes, 0),
    error: last.error === null ? null : `At ${ends.length} of ${wanted}: ${last.error}`,
  };
}
