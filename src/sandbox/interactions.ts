import { actionOf, getElement } from './element-actions.ts';
import { enteredState, formErrors } from './form-check.ts';
import { asList, asObjects, asString, isObject, type JsonObject } from './json.ts';
import { messageJson } from './messages.ts';
import { channelNameFor, getVisibleChannel, personJson } from './people.ts';
import type { MessageRecord, UserRecord, ViewRecord } from './records.ts';
import { Refusal } from './refusal.ts';
import { issueResponseUrl } from './response-urls.ts';
import type { Outgoing } from './slash-commands.ts';
import { type ViewDesk, viewJson } from './view-desk.ts';

/** What an input or a button belongs to. */
type Surface = {
  readonly blocks: readonly unknown[];
  readonly view: ViewRecord | null;
  readonly message: MessageRecord | null;
};

const TROUBLE = 'We had some trouble connecting. Try again?';

/** Clicks, choices and submissions of people, on their way to the app. */
export class Interactions {
  readonly #out: Outgoing;
  readonly #desk: ViewDesk;
  /** What external selects were offered, by person and element: only that can be chosen. */
  readonly #offered = new Map<string, readonly JsonObject[]>();

  constructor(out: Outgoing, desk: ViewDesk) {
    this.#out = out;
    this.#desk = desk;
  }

  /**
   * A click or a choice. Returns the promise of its delivery; refuses at once with action_gone, invalid_choice,
   * message_not_found, view_not_found, interactivity_disabled.
   */
  act(user: UserRecord, body: JsonObject): Promise<void> {
    const { workspace } = this.#out;
    if (!workspace.manifest.interactive) throw new Refusal('interactivity_disabled');
    const sent = isObject(body.action) ? body.action : {};
    const surface = this.#surface(user, body);
    const found = getElement(surface.blocks, asString(sent.block_id) ?? '', asString(sent.action_id) ?? '');
    const offered = this.#offered.get(offerKey(user.id, sent)) ?? [];
    const action = actionOf(found, sent, { ts: workspace.nextTs(), offered });
    const state = enteredState(surface.blocks, surface.view?.values ?? {}, withAction(body.values, action), offered);
    const silent = found.block.type === 'input' && found.block.dispatch_action !== true;
    if (surface.view) this.#desk.remember(surface.view, state);
    if (silent) return Promise.resolve();
    const channel = surface.message?.channel ?? null;
    return this.#send(user, { ...this.#place(user, surface, state), actions: [action] }, channel);
  }

  /** Asks the app for the options of an external select. Errors: action_gone, options_failed. */
  async options(user: UserRecord, body: JsonObject): Promise<JsonObject> {
    const surface = this.#surface(user, body);
    const { block, element } = getElement(
      surface.blocks,
      asString(body.block_id) ?? '',
      asString(body.action_id) ?? '',
    );
    const place = this.#place(user, surface, surface.view?.values ?? {});
    const payload: JsonObject = {
      ...place,
      type: 'block_suggestion',
      action_id: element.action_id ?? '',
      block_id: block.block_id ?? '',
      value: asString(body.value) ?? '',
    };
    const delivered = await this.#out.link.ask('interactive', payload);
    if (delivered.status === 'failed' || delivered.payload === null) throw new Refusal('options_failed');
    const { options, option_groups: groups } = delivered.payload;
    const all = [...asObjects(options), ...asObjects(groups).flatMap((group) => asObjects(group.options))];
    this.#offered.set(offerKey(user.id, { block_id: block.block_id ?? '', action_id: element.action_id ?? '' }), all);
    return {
      ...(options === undefined ? {} : { options }),
      ...(groups === undefined ? {} : { option_groups: groups }),
    };
  }

  /** Submits a modal. Returns the errors to show, by block id. Errors: view_not_found, operation_timeout, dispatch_failed. */
  async submit(user: UserRecord, viewId: string, values: JsonObject): Promise<Record<string, string>> {
    const { workspace } = this.#out;
    const view = this.#ownView(user, viewId);
    const blocks = asList(view.view.blocks);
    const offered = [...this.#offered.entries()]
      .filter(([key]) => key.startsWith(`${user.id}/`))
      .flatMap(([, options]) => options);
    const state = enteredState(blocks, view.values, values, offered);
    const errors = formErrors(blocks, state);
    if (Object.keys(errors).length > 0) return errors;
    const current = this.#desk.remember(view, state);
    const payload: JsonObject = {
      type: 'view_submission',
      ...this.#common(user, current.id),
      view: viewJson(workspace, current),
      response_urls: [],
    };
    const delivered = await this.#out.link.ask('interactive', payload);
    if (delivered.status === 'failed') {
      const error = delivered.reason === 'timeout' ? 'operation_timeout' : 'dispatch_failed';
      workspace.announce({ type: 'notice', user: user.id, channel: null, text: TROUBLE, error });
      throw new Refusal(error);
    }
    return this.#afterSubmission(user, current, delivered.payload ?? {});
  }

  /** Closes the topmost modal; the app hears of it when the view asked for that. */
  close(user: UserRecord, viewId: string): void {
    const view = this.#ownView(user, viewId);
    const all = view.view.clear_on_close === true;
    for (const closed of this.#desk.close(user.id, all)) {
      if (closed.view.notify_on_close !== true) continue;
      const { trigger_id: _none, ...common } = this.#common(user, null);
      const payload: JsonObject = {
        type: 'view_closed',
        ...common,
        view: viewJson(this.#out.workspace, closed),
        is_cleared: all,
      };
      void this.#send(user, payload, null);
    }
  }

  #afterSubmission(user: UserRecord, view: ViewRecord, answer: JsonObject): Record<string, string> {
    try {
      return this.#carryOut(user, view, answer);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#out.refused('view_submission ack', error.code);
      this.#out.workspace.announce({ type: 'notice', user: user.id, channel: null, text: TROUBLE, error: error.code });
      throw error;
    }
  }

  #carryOut(user: UserRecord, view: ViewRecord, answer: JsonObject): Record<string, string> {
    const next = isObject(answer.view) ? answer.view : {};
    switch (answer.response_action) {
      case undefined:
        if (Object.keys(answer).length > 0) throw new Refusal('invalid_response_action');
        this.#desk.close(user.id, false);
        return {};
      case 'clear':
        this.#desk.close(user.id, true);
        return {};
      case 'update':
        this.#desk.update({ id: view.id, externalId: '', hash: '' }, next);
        return {};
      case 'push':
        this.#desk.pushFor(user.id, next);
        return {};
      case 'errors':
        return submissionErrors(view, answer.errors);
      default:
        throw new Refusal('invalid_response_action');
    }
  }

  #ownView(user: UserRecord, id: string): ViewRecord {
    const top = this.#desk.stack(user.id).at(-1);
    if (!top || top.id !== id) throw new Refusal('view_not_found');
    return top;
  }

  #surface(user: UserRecord, body: JsonObject): Surface {
    const { workspace } = this.#out;
    if (isObject(body.message)) {
      const channel = getVisibleChannel(workspace, user.id, asString(body.message.channel) ?? '');
      const message = workspace.messages(channel.id).get(asString(body.message.ts) ?? '');
      if (!message || (message.ephemeral_to !== null && message.ephemeral_to !== user.id))
        throw new Refusal('message_not_found');
      return { blocks: message.blocks, view: null, message };
    }
    const home = this.#desk.home(user.id);
    const view = home && home.id === body.view_id ? home : this.#ownView(user, asString(body.view_id) ?? '');
    return { blocks: asList(view.view.blocks), view, message: null };
  }

  #common(user: UserRecord, view: string | null): JsonObject {
    const { workspace, triggers } = this.#out;
    return {
      team: { id: workspace.team.id, domain: workspace.team.domain },
      user: personJson(workspace, user),
      api_app_id: workspace.app.id,
      token: 'sandbox',
      trigger_id: triggers.issue({ user: user.id, view }),
      enterprise: null,
      is_enterprise_install: false,
    };
  }

  #place(user: UserRecord, surface: Surface, state: JsonObject): JsonObject {
    const { workspace } = this.#out;
    const common = { type: 'block_actions', ...this.#common(user, surface.view?.id ?? null) };
    if (surface.view) {
      const view = viewJson(workspace, { ...surface.view, values: state });
      return { ...common, container: { type: 'view', view_id: surface.view.id }, view };
    }
    const { message } = surface;
    const channel = message ? workspace.channels.get(message.channel) : undefined;
    if (!message || !channel) throw new Refusal('message_not_found');
    const ephemeral = message.ephemeral_to !== null;
    const thread = message.thread_ts ? { thread_ts: message.thread_ts } : {};
    const target = { channel: channel.id, user: user.id, message_ts: message.ts, thread_ts: message.thread_ts };
    return {
      ...common,
      container: {
        type: 'message',
        message_ts: message.ts,
        channel_id: channel.id,
        is_ephemeral: ephemeral,
        ...thread,
      },
      channel: { id: channel.id, name: channelNameFor(channel) },
      // Slack does not show the app an ephemeral message again.
      ...(ephemeral ? {} : { message: messageJson(workspace, message, true) }),
      state: { values: state },
      response_url: issueResponseUrl(workspace, this.#out.base(), target),
    };
  }

  async #send(user: UserRecord, payload: JsonObject, channel: string | null): Promise<void> {
    const delivered = await this.#out.link.ask('interactive', payload);
    if (delivered.status === 'acked') return;
    const error = delivered.reason === 'timeout' ? 'operation_timeout' : 'dispatch_failed';
    this.#out.workspace.announce({ type: 'notice', user: user.id, channel, text: TROUBLE, error });
  }
}

function offerKey(user: string, element: JsonObject): string {
  return `${user}/${String(element.block_id)}/${String(element.action_id)}`;
}

/** The entered values with the choice of this very action in them. */
function withAction(values: unknown, action: JsonObject): JsonObject {
  const entered = isObject(values) ? values : {};
  const { block_id: blockId, action_id: actionId } = action;
  const ofBlock = entered[String(blockId)];
  return { ...entered, [String(blockId)]: { ...(isObject(ofBlock) ? ofBlock : {}), [String(actionId)]: action } };
}

/** The errors of an acknowledgement. Errors: invalid_errors when they name a block that is no input of the view. */
function submissionErrors(view: ViewRecord, errors: unknown): Record<string, string> {
  const inputs = asObjects(view.view.blocks)
    .filter((block) => block.type === 'input')
    .map((block) => block.block_id);
  const entries = Object.entries(isObject(errors) ? errors : {});
  const valid = entries.every(([blockId, text]) => inputs.includes(blockId) && typeof text === 'string' && text !== '');
  if (entries.length === 0 || !valid) throw new Refusal('invalid_errors');
  return Object.fromEntries(entries.map(([blockId, text]) => [blockId, String(text)]));
}
