import { countSend } from '../db/escalations.ts';
import { lockIncident } from '../db/incidents.ts';
import { enqueue } from '../db/outbox.ts';
import { withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import { planEscalation } from '../domain/escalation.ts';
import type { Context } from '../incidents/context.ts';
import { fireRung } from './climb.ts';
import { readLadder } from './ladder.ts';

/** How soon a ladder whose system has left the packs is looked at again. */
const LOOK_AGAIN_MS = 60_000;

/**
 * Looks at the ladder of one incident and does what is due: rungs fire once, unanswered pages are sent again. Then it
 * leaves a job for the next moment at which anything is due. Safe to call at any time and any number of times.
 */
export async function tickEscalation(context: Context, incident: number): Promise<void> {
  await withTransaction(context.pool, async (tx) => {
    if ((await lockIncident(tx, incident))?.status !== 'open') return;
    const ladder = await readLadder(context, tx, incident);
    if (!ladder) {
      // Its system cannot be read (now): a slip in system.yml must not end the ladder for good.
      await addTypedJob(tx, { task: 'escalation.tick', incident }, new Date(tx.now.getTime() + LOOK_AGAIN_MS));
      return;
    }
    const plan = planEscalation(ladder.view, tx.now);
    for (const firing of plan.fire) await fireRung(tx, ladder, firing, null);
    for (const { page } of plan.repeat) {
      await enqueue(tx, { type: 'page.send', page: page.id, ordinal: await countSend(tx, page.id) });
    }
    const acted = plan.fire.length + plan.repeat.length > 0;
    if (acted) await enqueue(tx, { type: 'incident.ladder', incident });
    // What was just done has deadlines of its own (the first repeat): plan again from the new state.
    const next = acted ? await nextLook(context, tx, incident) : plan.nextAt;
    if (next) await addTypedJob(tx, { task: 'escalation.tick', incident }, next);
  });
}

async function nextLook(
  context: Context,
  tx: Parameters<typeof readLadder>[1],
  incident: number,
): Promise<Date | null> {
  const ladder = await readLadder(context, tx, incident);
  if (!ladder) return null;
  const plan = planEscalation(ladder.view, tx.now);
  return plan.fire.length + plan.repeat.length > 0 ? tx.now : plan.nextAt;
}
