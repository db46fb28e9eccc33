import type { ClientChannel, ClientMessage, ClientState, ClientView } from '../src/sandbox/client-protocol.ts';
import { elementsByLabel, valueFor } from '../test/support/form-values.ts';

const PATIENCE_MS = 30_000;

/** A person of the local workspace, played over the same requests that the page in the browser makes. */
export class LocalPerson {
  readonly #base: string;
  readonly #id: string;

  constructor(url: string, id: string) {
    this.#base = `${url}/sandbox`;
    this.#id = id;
  }

  /** What the page shows to this person. */
  async state(): Promise<ClientState> {
    return this.#get<ClientState>('state');
  }

  async channel(name: string): Promise<ClientChannel> {
    return until(`a channel named ${name}`, async () =>
      (await this.state()).channels.find((channel) => channel.name.startsWith(name)),
    );
  }

  /** Sends a text or a slash command. */
  async types(channel: string, text: string): Promise<void> {
    await this.#post('messages', { channel, text });
  }

  /** Waits for the newest message of a channel, or of one of its threads, that reads like this. */
  async sees(channel: string, pattern: RegExp): Promise<ClientMessage> {
    return until(`a message like ${pattern}`, async () => {
      const { messages } = await this.#get<{ messages: ClientMessage[] }>(`channels/${channel}/messages`);
      const threads = messages.filter((message) => message.reply_count > 0).slice(-3);
      const replies = await Promise.all(
        threads.map((parent) => this.#get<{ messages: ClientMessage[] }>(`channels/${channel}/threads/${parent.ts}`)),
      );
      const all = [...messages, ...replies.flatMap((thread) => thread.messages)];
      return all.findLast((message) => pattern.test(JSON.stringify([message.text, message.blocks, message.files])));
    });
  }

  /** Presses the button of a message with that text. */
  async presses(message: ClientMessage, label: string): Promise<void> {
    const { element, block } = elementsByLabel(message.blocks, label);
    const value = typeof element.value === 'string' ? { value: element.value } : {};
    const action = { type: element.type, action_id: element.action_id, block_id: block, ...value };
    await this.#post('actions', { message: { channel: message.channel, ts: message.ts }, action });
  }

  /** Waits for the topmost modal with that title. */
  async seesModal(title: RegExp): Promise<ClientView> {
    return until(`a modal titled ${title}`, async () => {
      const view = (await this.state()).views.at(-1);
      return view?.type === 'modal' && title.test(view.title.text) ? view : undefined;
    });
  }

  /** Fills a modal by the labels or block ids of its inputs and submits it; what is not named keeps its initial value. */
  async submits(view: ClientView, entries: Readonly<Record<string, string>>): Promise<void> {
    const values: Record<string, Record<string, unknown>> = {};
    for (const [name, value] of Object.entries(entries)) {
      const { block, element } = elementsByLabel(view.blocks, name);
      values[block] = { ...values[block], [element.action_id]: valueFor(element, value) };
    }
    await this.#post(`views/${view.id}/submit`, { values });
  }

  /** Makes a choice that the app hears of at once; resolves when the modal has changed. */
  async chooses(view: ClientView, label: string, value: string): Promise<ClientView> {
    const { block, element } = elementsByLabel(view.blocks, label);
    const chosen = valueFor(element, value);
    const action = { action_id: element.action_id, block_id: block, ...chosen };
    await this.#post('actions', { view_id: view.id, action, values: { [block]: { [element.action_id]: chosen } } });
    return until('the modal to change', async () => {
      const now = (await this.state()).views.at(-1);
      return now?.hash === view.hash ? undefined : now;
    });
  }

  async file(id: string): Promise<string> {
    return (await fetch(`${this.#base}/files/${id}?as=${this.#id}`)).text();
  }

  async #get<T>(path: string): Promise<T> {
    return (await (await fetch(`${this.#base}/${path}?as=${this.#id}`)).json()) as T;
  }

  async #post(path: string, body: unknown): Promise<void> {
    const response = await fetch(`${this.#base}/${path}?as=${this.#id}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as { ok?: boolean; error?: string; message?: string; errors?: unknown };
    if (answer.ok !== true) throw new Error(`${path} was refused: ${JSON.stringify(answer)}`);
  }
}

/** Asks until there is an answer; fails with what was waited for. */
export async function until<T>(what: string, probe: () => Promise<T | undefined | null | false>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`Waited ${PATIENCE_MS / 1000} s for ${what}, in vain.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
