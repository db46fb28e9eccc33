import { askForSecret } from '../runs/give-secret.ts';
import { readOutputFile } from '../runs/output-file.ts';
import { askForOutput } from '../runs/sensitive-output.ts';
import { type Admitted, type Guarded, guard } from './gate.ts';
import { escapeLine } from './text-safety.ts';
import type { Answer, Ui } from './ui.ts';
import { uploadFile } from './upload.ts';
import { section } from './views/blocks.ts';
import { type Message, message } from './views/message.ts';
import { when } from './views/time-text.ts';

function onStep(work: (ui: Ui, visitor: Admitted, stepRun: number) => Promise<Answer>): Guarded<number> {
  return guard({ about: 'step', needs: 'responder' }, (id) => ({ kind: 'step', id }), work);
}

/** **Give the secret**: a link for this person alone, in an answer that they alone see. */
export const askSecret: Guarded<number> = onStep(async (ui, visitor, stepRun) => {
  const link = await askForSecret(ui.context, { stepRun, actor: visitor.person });
  return linkMessage(link, 'Give the secret for', 'Do not pass it on: what is given there counts as yours.');
});

/** **Show the output** of a sensitive step: a link for this person alone. */
export const askOutput: Guarded<number> = onStep(async (ui, visitor, stepRun) => {
  const link = await askForOutput(ui.context, { stepRun, actor: visitor.person });
  return linkMessage(link, 'Look at the output of', 'Looking is written into the audit log.');
});

/** **Whole output as a file**: what the card had no room for, beside the card. */
export const askOutputFile: Guarded<number> = onStep(async (ui, visitor, stepRun) => {
  const file = await readOutputFile(ui.context, { stepRun, actor: visitor.person });
  const { run, filename, title, content } = file;
  const thread = run.thread ?? visitor.thread ?? undefined;
  await uploadFile(ui.call, { channel: run.channel, thread, filename, title, content, lane: 'interactive' });
  return null;
});

/** The address stands in the blocks alone: notifications and previews show the text beside them. */
function linkMessage(link: { url: string; title: string; expiresAt: Date }, what: string, note: string): Message {
  const step = `“${escapeLine(link.title, 150)}”`;
  return message(`${what} ${step}`, [
    section(
      `🔑 <${link.url}|${what} ${step}>\nThis link is for you, works once, and until ${when(link.expiresAt)}. ${note}`,
    ),
  ]);
}
