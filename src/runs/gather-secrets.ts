import { findApprovalOf } from '../db/approvals.ts';
import { deadOwners } from '../db/liveness.ts';
import { enqueue } from '../db/outbox.ts';
import { deleteGifts, listGiftOwners, listGifts, listStepsHeldBy, listUnfinishedOf } from '../db/secret-gifts.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import type { StepRun } from '../domain/run.ts';
import { type Asked, lockAsked, refreshAsked } from './asked.ts';
import type { RunsContext } from './context.ts';
import { startsUntil } from './deadline.ts';
import { recordRunFact } from './record.ts';
import type { GivenValues } from './secret-shelf.ts';

/** Whether a step has the secrets that people give for it. `elsewhere`: another living process holds them. */
export type Gathered =
  | { readonly status: 'ready'; readonly gifts: readonly GivenValues[] }
  | { readonly status: 'waiting' }
  | { readonly status: 'elsewhere' };

/**
 * What was given for a step, in the order in which it was given; one empty gift for a step that asks nobody. What a dead
 * process took with it is forgotten and has to be given again, which is said.
 */
export async function gatherSecrets(context: RunsContext, tx: Tx, asked: Asked, stepRun: StepRun): Promise<Gathered> {
  if (stepRun.secretsWanted === 0) return { status: 'ready', gifts: [{}] };
  const given = await listGifts(tx, stepRun.id);
  if (given.length < stepRun.secretsWanted) return { status: 'waiting' };
  const owners = [...new Set(given.map(({ owner }) => owner))];
  if (owners.some((owner) => owner !== context.owner)) {
    if ((await deadOwners(tx, owners)).length === 0) return { status: 'elsewhere' };
    await forgetLost(tx, asked, stepRun);
    return { status: 'waiting' };
  }
  const gifts = given.map(({ id }) => context.shelf.look(id)).filter((gift) => gift !== null);
  if (gifts.length === given.length) return { status: 'ready', gifts };
  await forgetLost(tx, asked, stepRun);
  return { status: 'waiting' };
}

/** An approved step without its secrets: whoever asked is told, and the job comes back when it is too late. */
export async function waitForSecrets(tx: Tx, asked: Asked, stepRun: StepRun): Promise<null> {
  const until = startsUntil(asked.approval, asked.covered, stepRun);
  await addTypedJob(tx, { task: 'run.change', stepRun: stepRun.id }, until);
  await enqueue(tx, { type: 'secret.wanted', stepRun: stepRun.id });
  await refreshAsked(tx, asked);
  return null;
}

async function forgetLost(tx: Tx, asked: Asked, stepRun: StepRun): Promise<void> {
  await deleteGifts(tx, stepRun.id);
  await recordRunFact(tx, asked.run, null, { kind: 'secrets_lost', step: stepRun.title, given: stepRun.secretsGiven });
  await enqueue(tx, { type: 'secret.lost', stepRun: stepRun.id });
  await refreshAsked(tx, asked);
}

/** Secrets whose process died are gone: their steps wait for them anew. Returns how many steps that were. */
export async function recoverSecrets(context: Pick<RunsContext, 'pool'>): Promise<number> {
  return withTransaction(context.pool, async (tx) => {
    const dead = await deadOwners(tx, await listGiftOwners(tx));
    const steps = dead.length === 0 ? [] : await listStepsHeldBy(tx, dead);
    for (const id of steps) {
      const found = await findApprovalOf(tx, id);
      const asked = found ? await lockAsked(tx, found.id) : null;
      const stepRun = asked?.covered.find((one) => one.id === id);
      if (!asked || stepRun?.state !== 'approved' || stepRun.secretsGiven === 0) continue;
      await forgetLost(tx, asked, stepRun);
      await addTypedJob(tx, { task: 'run.change', stepRun: id }, startsUntil(asked.approval, asked.covered, stepRun));
    }
    return steps.length;
  });
}

/** This process forgets what is not needed any more: given too long ago, or for a step that is over. */
export async function wipeSecrets(context: Pick<RunsContext, 'pool' | 'shelf'>): Promise<void> {
  context.shelf.wipeExpired();
  const held = context.shelf.stepRuns();
  if (held.length === 0) return;
  const unfinished = await withTransaction(context.pool, (tx) => listUnfinishedOf(tx, held));
  for (const stepRun of held) if (!unfinished.includes(stepRun)) context.shelf.wipeStep(stepRun);
}
