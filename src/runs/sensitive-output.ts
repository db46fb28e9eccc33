import { insertAudit } from '../db/audit.ts';
import { spendLink } from '../db/one-time-links.ts';
import type { StepRunEnd } from '../db/runs.ts';
import { findSensitiveOutput, saveSensitiveOutput } from '../db/sensitive-outputs.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { neededValue } from '../domain/needed-value.ts';
import type { Person } from '../domain/person.ts';
import type { Run, StepRun } from '../domain/run.ts';
import { findStep, type Runbook } from '../domain/runbook.ts';
import { requireRole } from '../incidents/actions.ts';
import { UserError } from '../lib/errors.ts';
import type { RunsContext } from './context.ts';
import { createLink, getOpenLink, hashOf } from './one-time-link.ts';
import { RUN_MS } from './run-age.ts';
import { getStepRun } from './step-run.ts';

/** So long somebody can look at output that is kept off Slack. */
const KEPT_HOURS = 24;

type Sensitive = {
  readonly run: Pick<Run, 'createdAt'>;
  readonly runbook: Runbook;
  readonly stepRun: Pick<StepRun, 'id' | 'step'>;
};

/**
 * Takes what a step marked `sensitive` found out of its end and puts it where only its page looks. An error of the target
 * may quote what it holds, so it goes there as well. Of its value stays what expressions of the runbook look at, until
 * nothing can be begun in the run any more. Other steps keep theirs.
 */
export async function keepSensitive(
  tx: Tx,
  { run, runbook, stepRun }: Sensitive,
  end: StepRunEnd,
): Promise<StepRunEnd> {
  const step = findStep(runbook, stepRun.step);
  if (step?.kind !== 'executable' || !step.sensitive || end.state === 'refused') return end;
  const output = [end.output, end.error === null ? '' : `Error: ${end.error}`].filter((part) => part !== '').join('\n');
  await saveSensitiveOutput(tx, stepRun.id, {
    output,
    omittedBytes: end.omittedBytes,
    hours: KEPT_HOURS,
    value: end.value === null ? null : neededValue(runbook, step.id, end.value),
    valueUntil: new Date(run.createdAt.getTime() + (runbook.timeoutMs ?? RUN_MS)),
    captured: step.captures.map(({ name }) => name),
  });
  return {
    ...end,
    value: null,
    output: '',
    omittedBytes: 0,
    error: end.error === null ? null : 'Its output is sensitive and says why.',
  };
}

/** A link to the sensitive output of a step, for one person who has the role responder. Throws UserError. */
export async function askForOutput(
  context: Pick<RunsContext, 'pool' | 'settings' | 'pageUrl'>,
  asked: { readonly stepRun: number; readonly actor: Person },
): Promise<{ url: string; title: string; expiresAt: Date }> {
  return withTransaction(context.pool, async (tx) => {
    const { stepRun, run } = await getStepRun(tx, asked.stepRun);
    requireRole(context, run.system, asked.actor, 'responder');
    const kept = await findSensitiveOutput(tx, stepRun.id);
    if (!kept) throw gone();
    const person = asked.actor.id;
    const link = await createLink(tx, { purpose: 'output', stepRun: stepRun.id, person, until: kept.expiresAt });
    return { url: `${context.pageUrl}/output/${link.token}`, title: stepRun.title, expiresAt: link.expiresAt };
  });
}

/** What the page says before somebody looks. */
export async function readOutputPage(
  context: Pick<RunsContext, 'pool'>,
  token: string,
): Promise<{ person: string; stepRun: StepRun; run: Run }> {
  return withTransaction(context.pool, async (tx) => {
    const link = await getOpenLink(tx, token, 'output');
    return { person: link.person, ...(await getStepRun(tx, link.stepRun)) };
  });
}

/** Shows the output once and writes down who looked. Throws UserError when the link or the output is gone. */
export async function lookAtOutput(
  context: Pick<RunsContext, 'pool'>,
  token: string,
): Promise<{ stepRun: StepRun; run: Run; output: string; omittedBytes: number }> {
  return withTransaction(context.pool, async (tx) => {
    const link = await getOpenLink(tx, token, 'output');
    const { stepRun, run } = await getStepRun(tx, link.stepRun);
    const kept = await findSensitiveOutput(tx, stepRun.id);
    if (!kept) throw gone();
    if (!(await spendLink(tx, hashOf(token))))
      throw new UserError('link_used', 'This link was used before and works once; press the button in Slack again.');
    const data = { step: stepRun.title, stepRun: stepRun.id, contentHash: run.contentHash };
    const { person: actor } = link;
    await insertAudit(tx, { actor, action: 'run.output_looked_at', incident: run.incident, run: run.id, data });
    return { stepRun, run, output: kept.output, omittedBytes: kept.omittedBytes };
  });
}

function gone(): UserError {
  return new UserError(
    'output_gone',
    `The output is gone: it is kept for ${KEPT_HOURS} hours. Run the step again to see what it says now.`,
  );
}
