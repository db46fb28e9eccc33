import { findMessage, saveMessage } from '../../db/messages.ts';
import { findRun, findStepRun } from '../../db/runs.ts';
import { listPictures, type StepPicture } from '../../db/step-pictures.ts';
import type { Intent } from '../../domain/intents.ts';
import type { Run } from '../../domain/run.ts';
import type { Delivery, Outcome } from '../../notify/delivery.ts';
import { type ApprovalCard, readApprovalCard } from '../../runs/approval-card.ts';
import { readRunCard } from '../../runs/run-card.ts';
import { outcomeOfFailure, postOnce, postToSlot } from '../send.ts';
import { plainLine } from '../text-safety.ts';
import { uploadFile } from '../upload.ts';
import { approvalMessage } from '../views/approval-card.ts';
import { aloneMessage, outcomeMessage, reminderMessage } from '../views/approval-notices.ts';
import { runMessage } from '../views/run-card.ts';
import { welcomeMessage } from '../views/welcome.ts';
import { type DeliverDeps, GONE, read, sendAll } from './deliver-context.ts';
import { hubOf } from './incident-messages.ts';

type Of<T extends Intent['type']> = Delivery<Extract<Intent, { type: T }>>;

function placeOf(run: Run): { channel: string; thread?: string } {
  return run.thread ? { channel: run.channel, thread: run.thread } : { channel: run.channel };
}

/** Posts or edits the card of a run. */
export async function deliverRunCard(deps: DeliverDeps, delivery: Of<'run.card'>): Promise<Outcome> {
  const card = await read(deps, (tx) => readRunCard(deps.context, tx, delivery.intent.run));
  if (!card) return GONE;
  return postToSlot(deps, { slot: delivery.key, ...placeOf(card.run), message: runMessage(card), delivery });
}

/** Posts or edits the card that asks for an approval, beside the card of its run. */
export async function deliverApprovalCard(deps: DeliverDeps, delivery: Of<'approval.card'>): Promise<Outcome> {
  const card = await readApproval(deps, delivery.intent.approval);
  if (!card) return GONE;
  return postToSlot(deps, { slot: delivery.key, ...placeOf(card.run), message: approvalMessage(card), delivery });
}

/** Tells whoever asked what became of it. */
export async function deliverApprovalOutcome(deps: DeliverDeps, delivery: Of<'approval.outcome'>): Promise<Outcome> {
  const card = await readApproval(deps, delivery.intent.approval);
  if (!card) return GONE;
  return postOnce(deps, { slot: delivery.key, ...placeOf(card.run), message: outcomeMessage(card), delivery });
}

/** Calls the approvers when half of the time is over, unless somebody has decided meanwhile. */
export async function deliverReminder(deps: DeliverDeps, delivery: Of<'approval.reminder'>): Promise<Outcome> {
  const card = await readApproval(deps, delivery.intent.approval);
  if (!card) return GONE;
  const { approval, now } = card;
  if (approval.state !== 'pending' || now >= approval.expiresAt)
    return { status: 'obsolete', reason: `the request is ${approval.state}` };
  return postOnce(deps, { slot: delivery.key, ...placeOf(card.run), message: reminderMessage(card), delivery });
}

/** Says in the hub that somebody went on without a second person. */
export async function deliverAlone(deps: DeliverDeps, delivery: Of<'approval.alone'>): Promise<Outcome> {
  const card = await readApproval(deps, delivery.intent.approval);
  if (!card) return GONE;
  const message = aloneMessage(card);
  // The hub does not hear of a private incident: its room does.
  if (card.incident?.private) return postOnce(deps, { slot: delivery.key, ...placeOf(card.run), message, delivery });
  const channel = await hubOf(deps);
  if (typeof channel !== 'string') return channel;
  return postOnce(deps, { slot: delivery.key, channel, message, delivery });
}

/** Uploads the graphs of a step into the place of its run; each once, also after a crash between two of them. */
export async function deliverPictures(deps: DeliverDeps, delivery: Of<'step.pictures'>): Promise<Outcome> {
  const found = await read(deps, async (tx) => {
    const stepRun = await findStepRun(tx, delivery.intent.stepRun);
    const run = stepRun ? await findRun(tx, stepRun.run) : null;
    return stepRun && run ? { stepRun, run, pictures: await listPictures(tx, stepRun.id) } : null;
  });
  if (!found) return GONE;
  return sendAll(
    deps,
    found.pictures.map((picture, index) => () => {
      const slot = `${delivery.key}:${index + 1}`;
      return uploadPicture(deps, { picture, slot, title: found.stepRun.title, ...placeOf(found.run) });
    }),
  );
}

type Upload = { picture: StepPicture; slot: string; title: string; channel: string; thread?: string };

async function uploadPicture(deps: DeliverDeps, upload: Upload): Promise<Outcome> {
  const { picture, slot, channel, thread } = upload;
  if (await read(deps, (tx) => findMessage(tx, slot))) return { status: 'sent' };
  try {
    await uploadFile(deps.call, {
      ...{ channel, thread, content: picture.png, filename: picture.name, lane: 'card' },
      title: plainLine(`${upload.title}: ${picture.alt}`, 200),
    });
  } catch (error) {
    return outcomeOfFailure(error);
  }
  return { status: 'sent', record: (tx) => saveMessage(tx, slot, { channel, ts: '', contentHash: '' }) };
}

function readApproval(deps: DeliverDeps, id: number): Promise<ApprovalCard | null> {
  return read(deps, (tx) => readApprovalCard(deps.context, tx, id));
}

/** The first message in the hub of a new workspace. */
export async function deliverWelcome(deps: DeliverDeps, delivery: Of<'welcome'>): Promise<Outcome> {
  const channel = await hubOf(deps);
  if (typeof channel !== 'string') return channel;
  const message = welcomeMessage(deps.context.settings.commands);
  return postOnce(deps, { slot: delivery.key, channel, message, delivery });
}
