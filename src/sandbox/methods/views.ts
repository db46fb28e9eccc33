import { type MethodHandler, text } from '../method-call.ts';
import { refusalWithMessages } from '../refusal.ts';
import { viewArgument, viewJson } from '../view-desk.ts';

function needTrigger(id: string): string {
  if (id === '') throw refusalWithMessages('invalid_arguments', ['missing required field: trigger_id']);
  return id;
}

const open: MethodHandler = (call) => {
  const trigger = needTrigger(text(call, 'trigger_id'));
  return { view: viewJson(call.workspace, call.views.open(trigger, viewArgument(call.args.view))) };
};

const push: MethodHandler = (call) => {
  const trigger = needTrigger(text(call, 'trigger_id'));
  return { view: viewJson(call.workspace, call.views.push(trigger, viewArgument(call.args.view))) };
};

const update: MethodHandler = (call) => {
  const target = { id: text(call, 'view_id'), externalId: text(call, 'external_id'), hash: text(call, 'hash') };
  if (target.id === '' && target.externalId === '') {
    throw refusalWithMessages('invalid_arguments', ['missing required field: view_id or external_id']);
  }
  return { view: viewJson(call.workspace, call.views.update(target, viewArgument(call.args.view))) };
};

const publish: MethodHandler = (call) => {
  const view = call.views.publish(text(call, 'user_id'), viewArgument(call.args.view), text(call, 'hash'));
  return { view: viewJson(call.workspace, view) };
};

/** views.* */
export const VIEW_METHODS: Readonly<Record<string, MethodHandler>> = {
  'views.open': open,
  'views.push': push,
  'views.update': update,
  'views.publish': publish,
};
