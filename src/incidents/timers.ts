import { listOpenNumbers, readProgress } from '../db/incidents.ts';
import type { Tx } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import { deadlines, type Incident } from '../domain/incident.ts';
import type { SystemDefinition } from '../domain/system.ts';

/** Every open incident of a system looks at its ladder again, because a rung may count how many are open at once. */
export async function lookAtLadders(tx: Tx, system: string): Promise<void> {
  for (const number of await listOpenNumbers(tx, system)) {
    await addTypedJob(tx, { task: 'escalation.tick', incident: number });
  }
}

/** Leaves a job for each deadline that is still to come. */
export async function scheduleMilestones(tx: Tx, system: SystemDefinition, incident: Incident): Promise<void> {
  const progress = await readProgress(tx, incident.number);
  for (const { milestone, due, settled } of deadlines(system, incident, progress)) {
    if (settled || due.getTime() <= tx.now.getTime()) continue;
    await addTypedJob(tx, { task: 'incident.milestone', incident: incident.number, milestone: milestone.id }, due);
  }
}
