import type { RespondFn } from '@slack/bolt';
import { escapeLine } from '../text-safety.ts';
import type { Ui, Visitor } from '../ui.ts';
import { noticeModal } from '../views/incident-modals.ts';
import type { Message } from '../views/message.ts';

/** Answers one person alone, where they are: beside the message, in its thread, or in a form when there is no message. */
export type AnswerBack = (message: Message) => Promise<void>;

/** Answers through the address that came with the gesture; it works in channels that the bot is not in. */
export function bySlackResponse(respond: RespondFn): AnswerBack {
  return async (message) => {
    await respond({
      response_type: 'ephemeral',
      replace_original: false,
      text: message.text,
      blocks: message.blocks,
      unfurl_links: false,
      unfurl_media: false,
    });
  };
}

/** Answers in the thread where the button stands; a response address would answer in the channel. */
export function inThread(ui: Ui, place: { channel: string; thread: string; user: string }): AnswerBack {
  return async (message) => {
    await ui.call('interactive', 'chat.postEphemeral', {
      channel: place.channel,
      thread_ts: place.thread,
      user: place.user,
      text: message.text,
      blocks: message.blocks,
      parse: 'none',
      link_names: false,
    });
  };
}

/** On the Home tab there is no message to answer beside: a small form says it. */
export function inForm(ui: Ui, visitor: Pick<Visitor, 'trigger'>): AnswerBack {
  return async (message) => {
    const said = noticeModal('Warroom', escapeLine(message.text, 2_000));
    const view = message.blocks.length > 1 ? { ...said, blocks: message.blocks } : said;
    await ui.call('interactive', 'views.open', { trigger_id: visitor.trigger, view });
  };
}

/** On the direct way to the person, when a form was closed and has no place of its own. */
export function inDirectMessage(ui: Ui, user: string): AnswerBack {
  return async (message) => {
    const { channel } = await ui.call('interactive', 'conversations.open', { users: user });
    if (!channel?.id) return;
    await ui.call('interactive', 'chat.postMessage', {
      channel: channel.id,
      text: message.text,
      blocks: message.blocks,
      parse: 'none',
      link_names: false,
    });
  };
}
