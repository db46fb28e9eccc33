import { findApproval } from '../db/approvals.ts';
import { findIncident } from '../db/incidents.ts';
import { withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import { readUnfinished } from '../db/unfinished.ts';
import { scheduleMilestones } from '../incidents/timers.ts';
import { scheduleTimers } from '../runs/approval-timers.ts';
import type { RunsContext } from '../runs/context.ts';
import { scheduleAnchor } from './audit-anchor.ts';

/**
 * Leaves again, at start, the job of everything that is under way: a job can be given up after many failures, and the rungs
 * of a changed system.yml have none yet. Every task looks at the state before it acts, so one too many does nothing.
 */
export async function restoreJobs(context: Pick<RunsContext, 'pool' | 'packs'>): Promise<void> {
  await withTransaction(context.pool, async (tx) => {
    const { incidents, approvals, approvedSteps, readingRuns } = await readUnfinished(tx);
    await scheduleAnchor(tx);
    for (const { number, system } of incidents) {
      await addTypedJob(tx, { task: 'escalation.tick', incident: number });
      const definition = context.packs().systems.get(system);
      const incident = definition ? await findIncident(tx, number) : null;
      if (definition && incident) await scheduleMilestones(tx, definition, incident);
    }
    for (const id of approvals) {
      const approval = await findApproval(tx, id);
      if (approval) await scheduleTimers(tx, approval);
    }
    for (const stepRun of approvedSteps) await addTypedJob(tx, { task: 'run.change', stepRun });
    for (const run of readingRuns) await addTypedJob(tx, { task: 'run.read', run });
  });
}
