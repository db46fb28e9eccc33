import { listTemporaryOfRunbook } from '../db/temporary-states.ts';
import type { Tx } from '../db/transaction.ts';
import type { Run } from '../domain/run.ts';
import type { Runbook } from '../domain/runbook.ts';
import { formatDuration } from '../lib/duration.ts';
import { UserError } from '../lib/errors.ts';

/** How long a run can be worked with when its runbook does not say `timeout:`. */
export const RUN_MS = 60 * 60_000;

/** Whether what a run found and pinned is too old to act on. */
export function isTooOld(run: Pick<Run, 'createdAt'>, runbook: Pick<Runbook, 'timeoutMs'>, now: Date): boolean {
  return now.getTime() - run.createdAt.getTime() >= (runbook.timeoutMs ?? RUN_MS);
}

/** Refuses to begin anything new in a run that is too old. What is under way goes on, and can be verified and taken back. */
export function requireFresh(run: Run, runbook: Runbook, now: Date): void {
  if (!isTooOld(run, runbook, now)) return;
  throw new UserError(
    'run_too_old',
    `This run was opened more than ${formatDuration(runbook.timeoutMs ?? RUN_MS)} ago, and what it found may not hold any more; open it again with /runbook ${runbook.id}.`,
  );
}

/** The same for changing steps; what a run left behind can be taken back however old it is. */
export async function requireFreshFor(
  tx: Tx,
  run: Run,
  runbook: Runbook,
  steps: readonly { readonly id: string }[],
): Promise<void> {
  if (!isTooOld(run, runbook, tx.now)) return;
  const reverts = (await listTemporaryOfRunbook(tx, run.runbook, run.incident)).map(({ revertStep }) => revertStep);
  if (!steps.every(({ id }) => reverts.includes(id))) requireFresh(run, runbook, tx.now);
}
