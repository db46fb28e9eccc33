import { insertAudit } from '../db/audit.ts';
import { withTransaction } from '../db/transaction.ts';
import type { Person } from '../domain/person.ts';
import type { Run } from '../domain/run.ts';
import { findStep } from '../domain/runbook.ts';
import { requireRole } from '../incidents/actions.ts';
import { UserError } from '../lib/errors.ts';
import type { RunsContext } from './context.ts';
import { pinnedRunbook } from './pinned-runbook.ts';
import { getStepRun } from './step-run.ts';

/** The output of a step as it was kept: cleaned and masked, head and tail, with a line that counts what is missing. */
export type OutputFile = {
  readonly run: Run;
  readonly filename: string;
  readonly title: string;
  readonly content: string;
};

/** The whole kept output of a step, for whoever has the role responder. Refuses sensitive ones: those have a page. */
export async function readOutputFile(
  context: RunsContext,
  asked: { readonly stepRun: number; readonly actor: Person },
): Promise<OutputFile> {
  return withTransaction(context.pool, async (tx) => {
    const { stepRun, run } = await getStepRun(tx, asked.stepRun);
    requireRole(context, run.system, asked.actor, 'responder');
    const step = findStep(await pinnedRunbook(context, run), stepRun.step);
    if (step?.kind !== 'executable' || step.sensitive)
      throw new UserError(
        'output_sensitive',
        'This output is sensitive and never becomes a file in Slack; press Show the output.',
      );
    if (!stepRun.output) throw new UserError('output_gone', 'This step printed nothing.');
    const data = { step: stepRun.title, stepRun: stepRun.id, contentHash: run.contentHash };
    await insertAudit(tx, {
      actor: asked.actor.id,
      action: 'run.output_filed',
      incident: run.incident,
      run: run.id,
      data,
    });
    return {
      run,
      filename: `${run.runbook.replace(/[^A-Za-z0-9.-]+/gu, '-')}-${stepRun.step}-${stepRun.id}.txt`,
      title: `${stepRun.title}, step run ${stepRun.id}`,
      content: stepRun.output,
    };
  });
}
