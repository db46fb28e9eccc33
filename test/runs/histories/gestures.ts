import { setTimeout as delay } from 'node:timers/promises';
import { findApproval, listCovered } from '../../../src/db/approvals.ts';
import { query } from '../../../src/db/transaction.ts';
import type { Run } from '../../../src/domain/run.ts';
import { UserError } from '../../../src/lib/errors.ts';
import { decide } from '../../../src/runs/approve.ts';
import { cancelStep } from '../../../src/runs/cancel.ts';
import { runChangingStep } from '../../../src/runs/change-step.ts';
import type { RunsContext } from '../../../src/runs/context.ts';
import { runReadSteps } from '../../../src/runs/read-steps.ts';
import { requestPlan } from '../../../src/runs/request.ts';
import { ALICE, type Desk, freshKey } from '../../support/desk.ts';
import { NEVER } from '../support.ts';
import { type Ask, type Cancel, type Click, type Op, PEOPLE, PLANS, type StepId, type Values } from './model.ts';
import { contextOf, type Ghost, next, type Play, real, type Tools } from './watching.ts';

export async function edit(desk: Desk, run: Run, values: Values): Promise<void> {
  const params = { max_calls: values, note: 'abc'[values - 1] };
  await desk.db.pool.query('update runs set params = params || $2 where id = $1', [run.id, params]);
}

export async function ask(tools: Tools, now: Play, run: Run, plan: number): Promise<void> {
  const steps = PLANS[plan] ?? [];
  const from = now.minutes.from + real(now);
  const { rules, disk, values } = now;
  const asked = await unlessRefused(
    requestPlan(contextOf(tools, now, 'replica:0'), {
      ...{ run: run.id, steps, actor: ALICE, reason: 'It is stuck.', params: {}, requestKey: freshKey() },
    }),
  );
  if (!asked) return;
  const to = now.minutes.to + real(now);
  const one: Ask = { approval: asked.approval, steps, rules, disk, values, from, to };
  now.story.asks.push(one);
}

export function chosen(now: Play, newest: boolean): Ask | undefined {
  return now.story.asks.at(newest ? -1 : -2) ?? now.story.asks.at(-1);
}

export async function click(tools: Tools, now: Play, each: Op & { op: 'decide' }): Promise<void> {
  const asked = chosen(now, each.newest);
  const person = PEOPLE[each.who] ?? ALICE;
  if (!asked) return;
  const { approval } = asked;
  const { decision, typed } = each;
  const span = { from: now.minutes.from + real(now), to: now.minutes.to + real(now) + 1 };
  const made: Click = { ...span, approval, person, decision, typed, rules: now.rules, began: next(now), denied: null };
  now.story.clicks.push(made);
  const context = contextOf(tools, now, 'replica:0');
  const verdict = await unlessRefused(decide(context, { approval, person, decision, reason: 'because', typed }));
  if (verdict?.status === 'denied') made.denied = next(now);
}

export async function cancel(tools: Tools, now: Play, each: Op & { op: 'cancel' }): Promise<void> {
  const asked = chosen(now, each.newest);
  const { desk } = tools;
  const approval = asked && (await desk.tx((tx) => findApproval(tx, asked.approval)));
  const actor = PEOPLE[each.who] ?? ALICE;
  if (!asked || !approval) return;
  const covered = await desk.tx((tx) => listCovered(tx, approval));
  const at = covered.length - 1;
  const step = (await stepsInOrder(desk, covered))[at]?.step as StepId | undefined;
  const stepRun = covered[at];
  if (stepRun === undefined || step === undefined) return;
  const done = await unlessRefused(cancelStep(contextOf(tools, now, 'replica:1'), { stepRun, actor }));
  const one: Cancel = { approval: asked.approval, step, ended: next(now) };
  if (done === 'withdrawn' || done === 'called_off') now.story.cancels.push(one);
}

export const stepsInOrder = async (desk: Desk, ids: readonly number[]) => {
  const rows = await query<{ id: number; step: string }>(
    desk.db.pool,
    'select id, step from step_runs where id = any($1)',
    [ids],
  );
  return ids.map((id) => rows.find((row) => row.id === id));
};

export async function unlessRefused<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** Nobody waits for a dead process. */
export async function crash(tools: Tools, now: Play, run: Run, before: number): Promise<void> {
  now.ghosts += 1;
  const ghost: Ghost = { hangs: false };
  let over = false;
  void work(contextOf(tools, now, `ghost:${before + now.ghosts}`, ghost), run)
    .catch(() => undefined)
    .finally(() => {
      over = true;
    });
  while (!ghost.hangs && !over) await delay(1);
}

/** Every job that could be due, in any number: jobs come at least once, also for what is over. */
export async function work(context: RunsContext, run: Run, open = false): Promise<void> {
  const ids = await query<{ id: number }>(
    context.pool,
    `select id from step_runs where run = $1 and effect <> 'read' and (state in ('approved', 'running') or not $2) order by id`,
    [run.id, open],
  );
  for (const { id } of ids) await runChangingStep(context, id, NEVER);
  await runReadSteps(context, run.id, NEVER);
}
