import { WebSocket } from 'ws';
import type { ClientEvent, ClientMessage, ClientState, ClientView } from '../../src/sandbox/client-protocol.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { elementsByLabel, valueFor } from './form-values.ts';
import { Notices } from './notices.ts';
import { SeenMessage } from './seen-message.ts';
import { Transcript } from './transcript.ts';

/** How long a person waits for something, in milliseconds. */
const PATIENCE_MS = 10_000;

type Answer = {
  readonly ok?: boolean;
  readonly error?: string;
  readonly message?: string;
  readonly errors?: Record<string, string>;
};

/** Thrown when the workspace refuses what a person does. */
export class RefusedByClient extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.name = 'RefusedByClient';
    this.code = code;
  }
}

/** Plays one person over the sandbox's client API. Everything waits on events, with a deadline. */
export class Person {
  readonly id: string;
  readonly #url: string;
  readonly #socket: WebSocket;
  readonly #transcript: Transcript;
  readonly notices = new Notices();
  #views: readonly ClientView[] = [];
  #home: ClientView | null = null;
  readonly #waiting = new Set<() => void>();

  constructor(options: { id: string; url: string; socket: WebSocket; transcript: Transcript }) {
    this.id = options.id;
    this.#url = options.url;
    this.#socket = options.socket;
    this.#transcript = options.transcript;
    options.socket.on('message', (data) => this.#hear(JSON.parse(String(data)) as ClientEvent));
    options.transcript.onChange(() => this.#wake());
  }

  /** Writes in a channel (`#name` or id); a text that starts with `/` is a command. Throws what the client refuses. */
  async types(channel: string, text: string, options: { readonly thread?: string } = {}): Promise<void> {
    const thread = options.thread === undefined ? {} : { thread_ts: options.thread };
    await this.#post('messages', { channel, text, ...thread });
  }

  /** The newest message by the app that fits and that nobody has claimed, now or within the deadline. It counts as expected. */
  async seesMessage(channel: string, text: RegExp | string, options: SeeOptions = {}): Promise<SeenMessage> {
    const what = `a message in ${channel} that fits ${String(text)}, for ${this.id}`;
    const row = await this.until(what, options, () =>
      this.#transcript.find({ channel, text, reader: this.id, again: options.again ?? false }),
    );
    return new SeenMessage(row, this, this.#transcript);
  }

  /** Waits until a message that was seen before reads like this. */
  async seesChange(message: SeenMessage, text: RegExp | string, options: SeeOptions = {}): Promise<SeenMessage> {
    const what = `message ${message.ts} to change to ${String(text)}`;
    const row = await this.until(what, options, () => this.#transcript.current(message, text));
    return new SeenMessage(row, this, this.#transcript);
  }

  /** The topmost modal, when it is there and its title fits. */
  async seesModal(title: RegExp | string = /./u, options: SeeOptions = {}): Promise<Modal> {
    const fits = (view: ClientView | undefined) => (view && this.#fits(titleOf(view), title) ? view : undefined);
    const view = await this.until(`a modal titled ${String(title)}`, options, () => fits(this.#views.at(-1)));
    return new Modal(view, this);
  }

  /** Waits until no modal is open. */
  async seesNoModal(options: SeeOptions = {}): Promise<void> {
    await this.until('no modal', options, () => this.#views.length === 0);
  }

  /** Opens the app's Home tab and waits for a view whose text fits. */
  async opensHome(text: RegExp | string = /./u, options: SeeOptions = {}): Promise<Modal> {
    await this.#post('home', { tab: 'home' });
    const view = await this.until(`a Home tab with ${String(text)}`, options, () => {
      return this.#home && this.#fits(JSON.stringify(this.#home.blocks), text) ? this.#home : undefined;
    });
    return new Modal(view, this);
  }

  /** What the client shows to this person alone when the app fails: `operation_timeout`, `dispatch_failed`. */
  async seesNotice(error: string, options: SeeOptions = {}): Promise<string> {
    return this.until(`the notice ${error}`, options, () => this.notices.take(error));
  }

  /** A click or a choice; throws what the client refuses. */
  async acts(body: Record<string, unknown>): Promise<void> {
    await this.#post('actions', body);
  }

  /** Asks for the options of a menu that looks while somebody types. */
  async looksUp(body: Record<string, unknown>): Promise<unknown> {
    return this.#request('options', body);
  }

  /** Submits; returns the errors by block id. */
  async submits(viewId: string, values: unknown): Promise<Record<string, string>> {
    const answer = await this.#request(`views/${viewId}/submit`, { values });
    if (answer.ok !== true && !answer.errors) throw new RefusedByClient(answer.error ?? '', answer.message ?? '');
    return answer.errors ?? {};
  }

  async closes(viewId: string): Promise<void> {
    await this.#post(`views/${viewId}/close`, {});
  }

  async reacts(message: { readonly channel: string; readonly ts: string }, name: string): Promise<void> {
    await this.#post('reactions', { channel: message.channel, ts: message.ts, name });
  }

  async joins(channelId: string): Promise<void> {
    await this.#post(`channels/${channelId}/join`, {});
  }

  /** What the page shows to this person. */
  async state(): Promise<ClientState> {
    const response = await fetch(`${this.#url}/sandbox/state?as=${this.id}`);
    return (await response.json()) as ClientState;
  }

  /** The messages of a channel as this person reads them. */
  async reads(channelId: string, thread?: string): Promise<readonly ClientMessage[]> {
    const path = thread === undefined ? 'messages' : `threads/${thread}`;
    const response = await fetch(`${this.#url}/sandbox/channels/${channelId}/${path}?as=${this.id}`);
    return ((await response.json()) as { messages: ClientMessage[] }).messages;
  }

  /** The text of a file that was shared in a conversation this person is in, by its name; waits for it. */
  async readsFile(name: string, options: SeeOptions = {}): Promise<string> {
    const file = await this.until(`the file ${name}`, options, () => this.#transcript.file(name));
    const response = await fetch(`${this.#url}/sandbox/files/${file}?as=${this.id}`);
    if (!response.ok) throw new Error(`The file ${name} cannot be read: ${response.status}`);
    return response.text();
  }

  leaves(): void {
    this.#socket.terminate();
  }

  /** The current state of a view that this person has open. */
  view(id: string): ClientView | undefined {
    return this.#home?.id === id ? this.#home : this.#views.find((view) => view.id === id);
  }

  async #post(path: string, body: unknown): Promise<void> {
    const answer = await this.#request(path, body);
    if (answer.ok !== true) throw new RefusedByClient(answer.error ?? '', answer.message ?? '');
  }

  async #request(path: string, body: unknown): Promise<Answer> {
    const response = await fetch(`${this.#url}/sandbox/${path}?as=${this.id}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    return (await response.json()) as Answer;
  }

  #fits(text: string, pattern: RegExp | string): boolean {
    return typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text);
  }

  #hear(event: ClientEvent): void {
    if (event.type === 'views') this.#views = event.views;
    if (event.type === 'home') this.#home = event.view;
    if (event.type === 'notice') this.notices.add(event.error, event.text);
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Waits on events until the probe has a value; throws what was waited for and everything that the bot said. */
  async until<Value>(what: string, options: SeeOptions, probe: () => Value | undefined | null | false): Promise<Value> {
    const deadline = performance.now() + (options.withinMs ?? PATIENCE_MS);
    for (;;) {
      const value = probe();
      if (value !== undefined && value !== null && value !== false) return value;
      const left = deadline - performance.now();
      if (left <= 0)
        throw new Error(`${this.id} waited for ${what}, in vain.\n${this.notices.text()}${this.#transcript.text()}`);
      await this.#nextEvent(left);
    }
  }

  #nextEvent(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiting.add(done);
    });
  }
}

export type SeeOptions = {
  readonly withinMs?: number /** A message that was seen before may be seen again. */;
  readonly again?: boolean;
};

function titleOf(view: ClientView): string {
  return view.type === 'modal' ? view.title.text : '';
}

/** An open modal or Home tab in a person's hands. */
export class Modal {
  readonly id: string;
  readonly #person: Person;
  readonly #first: ClientView;
  #values: Record<string, Record<string, unknown>> = {};

  constructor(view: ClientView, person: Person) {
    this.id = view.id;
    this.#first = view;
    this.#person = person;
  }

  /** The view as it is now. */
  get view(): ClientView {
    return this.#person.view(this.id) ?? this.#first;
  }

  /** All that can be read in it. */
  get text(): string {
    return JSON.stringify(this.view);
  }

  /** Enters values by block_id, action_id or label: text for inputs, the option's value or its text for choices. */
  fill(values: Readonly<Record<string, string | readonly string[]>>): this {
    for (const [name, value] of Object.entries(values)) {
      const { block, element } = elementsByLabel(this.view.blocks, name);
      const ofBlock = this.#values[block] ?? {};
      ofBlock[element.action_id] = valueFor(element, value);
      this.#values[block] = ofBlock;
    }
    return this;
  }

  /** Presses a button or makes a choice that the app hears of at once (named like in `fill`, or by the button's text). */
  async press(name: string, value?: string | readonly string[]): Promise<void> {
    const { block, element } = elementsByLabel(this.view.blocks, name);
    const chosen = value === undefined ? { type: element.type } : valueFor(element, value);
    const action = { action_id: element.action_id, block_id: block, ...chosen };
    if (value !== undefined) this.#values[block] = { ...this.#values[block], [element.action_id]: chosen };
    await this.#person.acts({ view_id: this.id, action, values: this.#values });
  }

  /** Submits and expects no errors. */
  async submit(): Promise<void> {
    const errors = await this.submitForErrors();
    if (Object.keys(errors).length > 0) throw new Error(`The modal was refused: ${JSON.stringify(errors)}`);
  }

  /** Submits twice at the same time, as an impatient person does; the second may come too late. */
  async submitTwice(): Promise<void> {
    const late = (error: unknown) => {
      if (!(error instanceof RefusedByClient)) throw error;
    };
    await Promise.all([this.submit(), this.submit().catch(late)]);
  }

  /** Types into a menu that looks while somebody types; what was found can be chosen afterwards. */
  async search(name: string, words: string): Promise<unknown> {
    const { block, element } = elementsByLabel(this.view.blocks, name);
    return this.#person.looksUp({ view_id: this.id, block_id: block, action_id: element.action_id, value: words });
  }

  /** Submits and returns the errors by block id; empty when it was taken. */
  async submitForErrors(): Promise<Record<string, string>> {
    return this.#person.submits(this.id, this.#values);
  }

  async close(): Promise<void> {
    await this.#person.closes(this.id);
  }
}

/** A person of the workspace, connected. One transcript is shared by everybody who plays on the same sandbox. */
export async function person(sandbox: Sandbox, id: string): Promise<Person> {
  const socket = new WebSocket(`${sandbox.url.replace('http', 'ws')}/sandbox/socket?as=${id}`);
  const player = new Person({ id, url: sandbox.url, socket, transcript: Transcript.of(sandbox) });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return player;
}
