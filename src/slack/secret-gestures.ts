import { findStepRun } from '../db/runs.ts';
import { withTransaction } from '../db/transaction.ts';
import { askForSecret } from '../runs/give-secret.ts';
import { readOutputFile } from '../runs/output-file.ts';
import { askForOutput } from '../runs/sensitive-output.ts';
import { escapeLine } from './text-safety.ts';
import { type Answer, actorOf, type Ui, type Visitor } from './ui.ts';
import { uploadFile } from './upload.ts';
import { section } from './views/blocks.ts';
import { type Message, message } from './views/message.ts';
import { when } from './views/time-text.ts';
import { requireRunVisible } from './visibility.ts';

/** **Give the secret**: a link for this person alone, in an answer that they alone see. */
export async function askSecret(ui: Ui, visitor: Visitor, stepRun: number): Promise<Answer> {
  await requireStepVisible(ui, visitor, stepRun);
  const link = await askForSecret(ui.context, { stepRun, actor: await actorOf(ui, visitor) });
  return linkMessage(link, 'Give the secret for', 'Do not pass it on: what is given there counts as yours.');
}

/** **Show the output** of a sensitive step: a link for this person alone. */
export async function askOutput(ui: Ui, visitor: Visitor, stepRun: number): Promise<Answer> {
  await requireStepVisible(ui, visitor, stepRun);
  const link = await askForOutput(ui.context, { stepRun, actor: await actorOf(ui, visitor) });
  return linkMessage(link, 'Look at the output of', 'Looking is written into the audit log.');
}

/** **Whole output as a file**: what the card had no room for, beside the card. */
export async function askOutputFile(ui: Ui, visitor: Visitor, stepRun: number): Promise<Answer> {
  await requireStepVisible(ui, visitor, stepRun);
  const file = await readOutputFile(ui.context, { stepRun, actor: await actorOf(ui, visitor) });
  const { run, filename, title, content } = file;
  const thread = run.thread ?? visitor.thread ?? undefined;
  await uploadFile(ui.call, { channel: run.channel, thread, filename, title, content, lane: 'interactive' });
  return null;
}

/** A step of a private incident is there for its room alone. */
async function requireStepVisible(ui: Ui, visitor: Visitor, stepRun: number): Promise<void> {
  const found = await withTransaction(ui.context.pool, (tx) => findStepRun(tx, stepRun));
  if (found) await requireRunVisible(ui, visitor, found.run);
}

/** The address stands in the blocks alone: notifications and previews show the text beside them. */
function linkMessage(link: { url: string; title: string; expiresAt: Date }, what: string, note: string): Message {
  const step = `“${escapeLine(link.title, 150)}”`;
  return message(`${what} ${step}`, [
    section(
      `🔑 <${link.url}|${what} ${step}>\nThis link is for you, works once, and until ${when(link.expiresAt)}. ${note}`,
    ),
  ]);
}
