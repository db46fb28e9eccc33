import type { App, BlockAction } from '@slack/bolt';
import { type Command, dispatch } from '../commands.ts';
import { actorOf, findRunbooks, type Ui } from '../ui.ts';
import { runbookOption } from '../views/declare-modal.ts';
import { runbooksFor } from '../visibility.ts';
import { bySlackResponse } from './answering.ts';
import { answering, onlyOnce, quietly } from './gesture.ts';
import { publishHome } from './home.ts';
import { press } from './press.ts';
import { RepeatedClicks } from './repeated-clicks.ts';
import { submit } from './submit.ts';

/** Registers everything that people can type, press, choose and submit. Call it before the app starts. */
export function registerListeners(app: App, ui: Ui, commands: readonly Command[]): void {
  for (const command of commands) registerCommand(app, ui, command);
  const clicks = new RepeatedClicks(ui.context.clock);
  app.action<BlockAction>(/.*/u, async ({ ack, body, respond }) => {
    await ack();
    for (const action of body.actions) await press({ ui, clicks, body, respond }, action);
  });
  app.view(/.*/u, async ({ ack, body, view }) => {
    const trigger = 'trigger_id' in body ? String(body.trigger_id) : '';
    await submit(ui, { user: body.user.id, trigger, view }, (response) => (response ? ack(response) : ack()));
  });
  app.options(/.*/u, async ({ ack, body, payload }) => {
    const words = 'value' in payload ? String(payload.value ?? '') : '';
    const shown = async () => runbooksFor(ui, await actorOf(ui, { user: body.user.id }), findRunbooks(ui, words));
    const found =
      payload.action_id === 'runbook.pick' ? await shown().catch((error: unknown) => nothingFound(ui, error)) : [];
    await ack({ options: found.slice(0, 100).map(runbookOption) });
  });
  app.event('app_home_opened', async ({ event }) => {
    if (event.tab === 'home') await quietly(ui, 'home', () => publishHome(ui, event.user));
  });
}

function registerCommand(app: App, ui: Ui, command: Command): void {
  app.command(ui.context.settings.commands[command.key], async ({ ack, command: typed, respond }) => {
    await ack();
    const caller = {
      user: typed.user_id,
      channel: typed.channel_id,
      thread: null,
      trigger: typed.trigger_id,
      requestKey: `command:${typed.trigger_id}`,
    };
    await answering(ui, { doing: `${typed.command} ${typed.text}`, back: bySlackResponse(respond) }, () =>
      onlyOnce(ui, caller.requestKey, () => dispatch(ui, command, { caller, text: typed.text })),
    );
  });
}

/** A menu cannot show a sentence: it stays empty, for whoever may see nothing as when Slack cannot be asked who they are. */
function nothingFound(ui: Ui, error: unknown): [] {
  ui.log.warn({ error }, 'The options of a menu could not be found.');
  return [];
}
