import { findIncident } from '../db/incidents.ts';
import { findRun, findStepRun } from '../db/runs.ts';
import {
  acquireTarget,
  holdTarget,
  joinLine,
  leaveLine,
  listLine,
  listTargetLocks,
  releaseTarget,
} from '../db/target-locks.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import type { Person } from '../domain/person.ts';
import { requireRole } from '../incidents/actions.ts';
import { canonicalHash, canonicalJson, type Json } from '../lib/canonical-json.ts';
import { UserError } from '../lib/errors.ts';
import type { RunsContext } from './context.ts';
import { recordRunFact, refreshRun } from './record.ts';
import { findTarget } from './statement.ts';
import { getStepRun } from './step-run.ts';

/**
 * How long a target stays held after a step that ended as `unknown` or ran out of time, when nobody looks: longer than what
 * was sent usually takes to come to its end, and short enough that nobody is stuck who does not find the button.
 */
export const HELD_MS = 10 * 60_000;

/** What is locked for a step on a target: its name, and the connection, which other names may share. */
export function targetKeys(context: Pick<RunsContext, 'packs'>, system: string, name: string): string[] {
  const definition = context.packs().systems.get(system);
  const target = definition ? findTarget(definition, name) : null;
  if (!target) return [`${system}/${name}`];
  const { executor, options, write } = target;
  const connection = JSON.parse(canonicalJson({ executor, options, write })) as Json;
  return [`${system}/${name}`, `connection:${canonicalHash(connection)}`];
}

/** Takes a target for an approved step, or puts the step into the line for it: first approved, first served. */
export async function takeTarget(
  context: Pick<RunsContext, 'owner'>,
  tx: Tx,
  wanted: { readonly stepRun: number; readonly keys: readonly string[] },
): Promise<boolean> {
  await joinLine(tx, wanted);
  const [next] = await listLine(tx, wanted.keys);
  if (next?.stepRun !== wanted.stepRun) return false;
  if (!(await acquireTarget(tx, { ...wanted, owner: context.owner }))) return false;
  await leaveLine(tx, wanted.stepRun);
  return true;
}

/** The target of a step that is over: free for the next in line, or held while nobody knows what became of the step. */
export async function settleTarget(tx: Tx, stepRun: number, known: boolean): Promise<void> {
  await leaveLine(tx, stepRun);
  if (known) await letGo(tx, stepRun);
  else await holdTarget(tx, stepRun, HELD_MS);
}

/** Frees what a step holds and sends the next in line on its way; false when it held nothing. */
export async function letGo(tx: Tx, stepRun: number): Promise<boolean> {
  const keys = await releaseTarget(tx, stepRun);
  if (keys.length === 0) return false;
  const [next] = await listLine(tx, keys);
  if (next) await addTypedJob(tx, { task: 'run.change', stepRun: next.stepRun });
  return true;
}

/** **Release**: somebody has looked, and other steps may change the target again. */
export async function releaseHeld(context: RunsContext, click: { stepRun: number; actor: Person }): Promise<void> {
  await withTransaction(context.pool, async (tx) => {
    const { stepRun, run } = await getStepRun(tx, click.stepRun);
    requireRole(context, run.system, click.actor, 'responder');
    if (stepRun.state === 'running')
      throw new UserError(
        'step_running',
        `“${stepRun.title}” still runs: cancel it, and its target is free afterwards.`,
      );
    if (!(await letGo(tx, stepRun.id))) return;
    const { title: step, target } = stepRun;
    await recordRunFact(tx, run, click.actor.id, { kind: 'target_released', step, target });
    await refreshRun(tx, run);
  });
}

/** Who has a target, as far as a step of another run or this one is concerned. */
export type TargetHolder = {
  readonly stepRun: number;
  /** Null where it belongs to a private incident that is not the reader's. */
  readonly title: string | null;
  /** Who asked for the step that holds it; null in the same case. */
  readonly by: string | null;
  readonly incident: number | null;
  /** Null while it runs; otherwise it is over, and nobody knows what became of it. */
  readonly heldUntil: Date | null;
};

/** How things stand at a target. `line`: step runs that wait, next first. */
export type TargetStanding = { readonly holder: TargetHolder | null; readonly line: readonly number[] };

/** Reads who holds a target and who waits for it, as far as the cards of `reader`, an incident or none, may say it. */
export async function readStanding(tx: Tx, keys: readonly string[], reader: number | null): Promise<TargetStanding> {
  const [lock] = (await listTargetLocks(tx, keys)).values();
  const line = (await listLine(tx, keys)).map(({ stepRun }) => stepRun);
  const stepRun = lock ? await findStepRun(tx, lock.stepRun) : null;
  if (!lock || !stepRun) return { holder: null, line };
  const run = await findRun(tx, stepRun.run);
  const incident = run?.incident ?? null;
  const { id, title, requestedBy: by } = stepRun;
  const { heldUntil } = lock;
  const secret = incident !== null && incident !== reader && (await findIncident(tx, incident))?.private === true;
  if (secret) return { holder: { stepRun: id, title: null, by: null, incident: null, heldUntil }, line };
  return { holder: { stepRun: id, title, by, incident, heldUntil }, line };
}
