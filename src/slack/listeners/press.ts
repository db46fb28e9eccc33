import type { BlockAction } from '@slack/bolt';
import { isSlackError } from '../client.ts';
import { declarable, suggestions } from '../incident-gestures.ts';
import { actorOf, type Ui, type Visitor } from '../ui.ts';
import { declareModal } from '../views/declare-modal.ts';
import { sentence } from '../views/message.ts';
import { type AnswerBack, bySlackResponse, inForm, inThread } from './answering.ts';
import { PRESSES } from './buttons.ts';
import { answering, OLD, onlyOnce, quietly } from './gesture.ts';
import { publishHome } from './home.ts';
import type { RepeatedClicks } from './repeated-clicks.ts';
import { valuesOf } from './view-values.ts';

export type PressContext = {
  readonly ui: Ui;
  readonly clicks: RepeatedClicks;
  readonly body: BlockAction;
  readonly respond: Parameters<typeof bySlackResponse>[0];
};

/** One press of a button or choice from a menu: carried out, answered, and the Home tab brought up to date. */
export async function press(context: PressContext, action: BlockAction['actions'][number]): Promise<void> {
  const { ui, clicks, body } = context;
  const id = action.action_id;
  const visitor = visitorOf(body, action.action_ts);
  const back = answerBack(context, visitor);
  if (id === 'declare.system') return quietly(ui, id, () => changeSystem(ui, body));
  if (!isPressId(id)) {
    ui.log.error({ action: id }, 'A button with an unknown id was pressed.');
    return quietly(ui, id, () => back(sentence(OLD)));
  }
  const value =
    'value' in action
      ? String(action.value ?? '')
      : 'selected_option' in action
        ? (action.selected_option?.value ?? '')
        : '';
  const gesture = [visitor.user, id, value, body.message?.ts ?? body.view?.id ?? ''].join(' ');
  if (clicks.isRepeat(gesture)) return;
  const done = await answering(ui, { doing: `${id} ${value}`, back }, () =>
    onlyOnce(ui, `${visitor.requestKey}:${id}`, () => PRESSES[id](ui, visitor, value)),
  );
  if (!done) clicks.forget(gesture);
  if (body.view?.type === 'home') await quietly(ui, 'home', () => publishHome(ui, visitor.user));
}

function isPressId(id: string): id is keyof typeof PRESSES {
  return Object.hasOwn(PRESSES, id);
}

function visitorOf(body: BlockAction, at: string): Visitor {
  const thread = body.message?.thread_ts ?? body.container.thread_ts;
  return {
    user: body.user.id,
    channel: body.channel?.id ?? null,
    thread: typeof thread === 'string' ? thread : null,
    trigger: body.trigger_id,
    requestKey: `action:${body.user.id}:${at}`,
  };
}

function answerBack(context: PressContext, visitor: Visitor): AnswerBack {
  const { channel, thread, user } = visitor;
  if (channel === null) return inForm(context.ui, visitor);
  return thread === null ? bySlackResponse(context.respond) : inThread(context.ui, { channel, thread, user });
}

/** The form of a declaration follows the system that was chosen; what was typed stays. */
async function changeSystem(ui: Ui, body: BlockAction): Promise<void> {
  const { view } = body;
  if (!view) return;
  const values = valuesOf(view);
  const systems = declarable(ui, await actorOf(ui, { user: body.user.id }));
  const system = systems.find((candidate) => candidate.id === values('system'));
  if (!system) return;
  const title = values('title');
  const form = declareModal({ systems, system, runbooks: suggestions(ui, title, system.id), title });
  try {
    await ui.call('interactive', 'views.update', { view_id: view.id, hash: view.hash, view: form });
  } catch (error) {
    // Somebody chose again meanwhile: the newer choice is on its way.
    if (!isSlackError(error, 'hash_conflict', 'not_found')) throw error;
  }
}
