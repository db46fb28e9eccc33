import { findRun, findStepRun } from '../db/runs.ts';
import type { Tx } from '../db/transaction.ts';
import type { Run, StepRun } from '../domain/run.ts';
import { unknownRun } from '../domain/unknown.ts';

/** A step run with its run. Throws UserError `run_unknown`. */
export async function getStepRun(tx: Tx, id: number): Promise<{ stepRun: StepRun; run: Run }> {
  const stepRun = await findStepRun(tx, id);
  const run = stepRun ? await findRun(tx, stepRun.run) : null;
  if (stepRun && run) return { stepRun, run };
  throw unknownRun();
}
