import type { ViewOutput } from '@slack/bolt';
import { UserError } from '../../lib/errors.ts';
import { escapeLine } from '../text-safety.ts';
import { type Answer, explain, type Ui, type Visitor } from '../ui.ts';
import { CALLBACK_IDS, type CallbackId } from '../views/action-ids.ts';
import { noticeModal } from '../views/incident-modals.ts';
import { sentence } from '../views/message.ts';
import { inDirectMessage } from './answering.ts';
import { FORMS } from './forms.ts';
import { OLD, quietly } from './gesture.ts';

/** Slack gives 3 s; a form that takes longer is closed and its sentence comes as a message. */
const FORM_MS = 2_200;

export type Submitted = { readonly user: string; readonly trigger: string; readonly view: ViewOutput };

/** How a form ends in Slack: closed, or one of these. */
export type FormResponse =
  | { readonly response_action: 'errors'; readonly errors: Record<string, string> }
  | { readonly response_action: 'update'; readonly view: ReturnType<typeof noticeModal> };

type AckForm = (response?: FormResponse) => Promise<void>;
type Result =
  | { readonly status: 'done'; readonly answer: Answer }
  | { readonly status: 'failed'; readonly error: unknown };

/** Carries out a form: closes it, leaves it open with a sentence below a field, or says that something broke. */
export async function submit(ui: Ui, submitted: Submitted, ack: AckForm): Promise<void> {
  const { view, user, trigger } = submitted;
  const id = CALLBACK_IDS.find((candidate) => candidate === view.callback_id);
  if (!id) {
    ui.log.error({ callback: view.callback_id }, 'A form with an unknown id was submitted.');
    return ack({ response_action: 'update', view: noticeModal('Warroom', OLD) });
  }
  // The id of the view is the same for a double submission.
  const visitor: Visitor = { user, channel: null, thread: null, trigger, requestKey: `view:${view.id}` };
  const timer = new AbortController();
  const late = ui.context.clock.sleep(FORM_MS, timer.signal).then(() => null);
  const work = carryOut(ui, id, { visitor, view });
  const first = await Promise.race([work, late.catch(() => null)]);
  timer.abort();
  if (first === null) await ack();
  else await ack(responseTo(ui, id, { result: first, view }));
  const result = first ?? (await work);
  if (result.status === 'failed' && first === null) await tell(ui, user, sentence(explain(ui.log, result.error, id)));
  if (result.status === 'done' && result.answer) await tell(ui, user, result.answer);
}

async function carryOut(ui: Ui, id: CallbackId, form: { visitor: Visitor; view: ViewOutput }): Promise<Result> {
  try {
    return { status: 'done', answer: await FORMS[id].submit(ui, form.visitor, form.view) };
  } catch (error) {
    return { status: 'failed', error };
  }
}

function responseTo(ui: Ui, id: CallbackId, ended: { result: Result; view: ViewOutput }): FormResponse | undefined {
  const { result, view } = ended;
  if (result.status === 'done') return undefined;
  const text = explain(ui.log, result.error, id);
  if (result.error instanceof UserError) {
    return { response_action: 'errors', errors: { [FORMS[id].field(result.error, view)]: text } };
  }
  return { response_action: 'update', view: noticeModal('Warroom', escapeLine(text, 1_000)) };
}

function tell(ui: Ui, user: string, answer: NonNullable<Answer>): Promise<void> {
  return quietly(ui, 'answer to a form', () => inDirectMessage(ui, user)(answer));
}
