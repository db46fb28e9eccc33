import type { ViewOutput } from '@slack/bolt';
import { z } from 'zod';
import { findRun } from '../../db/runs.ts';
import { withTransaction } from '../../db/transaction.ts';
import type { Run } from '../../domain/run.ts';
import { findStep } from '../../domain/runbook.ts';
import { unknownRun } from '../../domain/unknown.ts';
import { plural } from '../../lib/text.ts';
import { type Cancelled, cancelReads, cancelStep } from '../../runs/cancel.ts';
import { runReadStep } from '../../runs/diagnose.ts';
import { openRun } from '../../runs/open.ts';
import { pinnedRunbook } from '../../runs/pinned-runbook.ts';
import { missingParams, previewStep } from '../../runs/request.ts';
import { releaseHeld } from '../../runs/target-queue.ts';
import type { Admitted } from '../gate.ts';
import { getRunbook } from '../runbook-gestures.ts';
import type { Answer, Ui } from '../ui.ts';
import { sentence } from '../views/message.ts';
import { readModal } from '../views/step-modals.ts';
import { blocksOf, metadataOf, valuesOf } from './view-values.ts';

/** A step of a runbook that is open. */
export type StepOfRun = { readonly run: number; readonly step: string };

const SAID: Readonly<Record<Cancelled, string>> = {
  dropped: 'It was cancelled before it began; nothing was sent.',
  withdrawn: 'The request was withdrawn; nothing was run.',
  called_off: 'It was cancelled before it began; nothing was run.',
  stopping: 'It is being stopped; the card says how it ended.',
};

/** **Cancel** of one step. */
export async function pressCancel(ui: Ui, visitor: Admitted, stepRun: number): Promise<Answer> {
  return sentence(SAID[await cancelStep(ui.context, { stepRun, actor: visitor.person })]);
}

/** **Cancel** of the diagnostics. */
export async function pressCancelReads(ui: Ui, visitor: Admitted, run: number): Promise<Answer> {
  const cancelled = await cancelReads(ui.context, { run, actor: visitor.person });
  if (cancelled === 0) return sentence('The diagnostics are over already; see the card.');
  return sentence(`${plural(cancelled, 'step')} of the diagnostics cancelled; they only read, so nothing was changed.`);
}

/** **Release** of a target that is held because nobody knows what became of a step. */
export async function pressRelease(ui: Ui, visitor: Admitted, stepRun: number): Promise<Answer> {
  await releaseHeld(ui.context, { stepRun, actor: visitor.person });
  return sentence('The target is free.');
}

/** **Run** of a step that only reads: at once, or after what is missing was asked. */
export async function pressRun(ui: Ui, visitor: Admitted, wanted: StepOfRun): Promise<Answer> {
  const missing = await missingParams(ui.context, wanted);
  if (missing.length === 0) {
    await runReadStep(ui.context, { ...wanted, actor: visitor.person, params: {} });
    return null;
  }
  const view = readModal({ ...wanted, ...(await previewStep(ui.context, wanted)), missing });
  await ui.call('interactive', 'views.open', { trigger_id: visitor.trigger, view });
  return null;
}

const PARAM = 'param:';

/** The values that such a step was missing, as they were filled in. */
export async function submitRun(ui: Ui, visitor: Admitted, view: ViewOutput): Promise<Answer> {
  const wanted = metadataOf(view, z.object({ run: z.int(), step: z.string() }));
  const values = valuesOf(view);
  const blocks = blocksOf(view).filter((block) => block.startsWith(PARAM));
  const params = Object.fromEntries(blocks.map((block) => [block.slice(PARAM.length), values(block)]));
  await runReadStep(ui.context, { ...wanted, actor: visitor.person, params });
  return null;
}

/** **Rehearse**: the same runbook in the same place, with nothing sent to any target. */
export async function pressRehearse(ui: Ui, visitor: Admitted, id: number): Promise<Answer> {
  const { runbook: name, channel, thread, incident } = await getRun(ui, id);
  const { requestKey, person: actor } = visitor;
  const runbook = getRunbook(ui, name);
  await openRun(ui.context, { requestKey, actor, runbook, channel, thread, incident, rehearsal: true });
  return null;
}

/** Whether the step that takes a temporary state back is done by a person. */
export async function isDoneByHand(ui: Ui, { run, step }: StepOfRun): Promise<boolean> {
  return findStep(await pinnedRunbook(ui.context, await getRun(ui, run)), step)?.kind === 'manual';
}

async function getRun(ui: Ui, id: number): Promise<Run> {
  const run = await withTransaction(ui.context.pool, (tx) => findRun(tx, id));
  if (run) return run;
  throw unknownRun();
}
