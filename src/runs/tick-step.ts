import { insertTick } from '../db/runs.ts';
import { withTransaction } from '../db/transaction.ts';
import type { Person } from '../domain/person.ts';
import { findStep } from '../domain/runbook.ts';
import { requireRole } from '../incidents/actions.ts';
import { UserError } from '../lib/errors.ts';
import type { RunsContext } from './context.ts';
import { getLockedRun } from './diagnose.ts';
import { pinnedRunbook } from './pinned-runbook.ts';
import { recordRunFact, refreshRun } from './record.ts';
import { revertDone } from './temporary.ts';

/** Ticks a step that a person does; recorded with person and time. A second tick changes nothing. */
export async function tickStep(
  context: RunsContext,
  click: { run: number; step: string; actor: Person },
): Promise<void> {
  await withTransaction(context.pool, async (tx) => {
    const run = await getLockedRun(tx, click.run);
    requireRole(context, run.system, click.actor, 'responder');
    const step = findStep(await pinnedRunbook(context, run), click.step);
    if (step?.kind !== 'manual')
      throw new UserError('step_unknown', 'This item is not on the runbook any more; open it again with /runbook.');
    if (!(await insertTick(tx, run.id, step.id, click.actor.id))) return;
    await recordRunFact(tx, run, click.actor.id, { kind: 'step_ticked', step: step.id, text: step.text });
    await revertDone(tx, run, step.id, click.actor.id);
    await refreshRun(tx, run);
  });
}
