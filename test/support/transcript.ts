import type { MessageRecord } from '../../src/sandbox/records.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';

type Row = { readonly key: string; message: MessageRecord; gone: boolean; expected: boolean; changes: number };

/** Grey lines that Slack writes itself are nobody's surprise. */
const GREY = /^(channel|group)_(join|leave|topic|purpose|name|archive|unarchive)$/u;

/** All that people can read in a message: its text and every text in its blocks. */
export function readableText(message: MessageRecord): string {
  const texts: string[] = [message.text];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        if (key === 'text' && typeof item === 'string') texts.push(item);
        else walk(item);
      }
    }
  };
  walk(message.blocks);
  walk(message.attachments);
  return texts.join('\n');
}

/** Every message that the bot posts or changes in one sandbox, and which of them a test has asked for. */
export class Transcript {
  static readonly #all = new WeakMap<Sandbox, Transcript>();
  readonly #sandbox: Sandbox;
  readonly #rows = new Map<string, Row>();
  readonly #listeners = new Set<() => void>();

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    sandbox.workspace.watch((change) => {
      if (change.type === 'message') this.#add(change.message);
      if (change.type === 'message_changed') this.#change(change.message);
      if (change.type === 'message_deleted') this.#remove(change.message);
      for (const tell of this.#listeners) tell();
    });
  }

  /** The one transcript of a sandbox; it begins when it is first asked for. */
  static of(sandbox: Sandbox): Transcript {
    const known = Transcript.#all.get(sandbox);
    if (known) return known;
    const made = new Transcript(sandbox);
    Transcript.#all.set(sandbox, made);
    return made;
  }

  onChange(tell: () => void): void {
    this.#listeners.add(tell);
  }

  /** The newest fitting message that a reader can see and no test has claimed; it is claimed by this. */
  find(wanted: { channel: string; text: RegExp | string; reader: string; again: boolean }): MessageRecord | undefined {
    const fitting = [...this.#rows.values()].filter(
      (row) =>
        !row.gone &&
        (wanted.again || !row.expected) &&
        this.#isIn(row.message.channel, wanted.channel, wanted.reader) &&
        [null, wanted.reader].includes(row.message.ephemeral_to) &&
        fits(readableText(row.message), wanted.text),
    );
    const row = fitting.at(-1);
    if (row) row.expected = true;
    return row?.message;
  }

  /** The message as it is now, when it fits. */
  current(
    message: { readonly channel: string; readonly ts: string },
    text: RegExp | string,
  ): MessageRecord | undefined {
    const row = this.row(message.channel, message.ts);
    return row && fits(readableText(row), text) ? row : undefined;
  }

  row(channel: string, ts: string): MessageRecord | undefined {
    const row = this.#rows.get(`${channel}/${ts}`);
    return row && !row.gone ? row.message : undefined;
  }

  /** The id of a file of that name in a message of the bot; the message counts as expected. */
  file(name: string): string | undefined {
    for (const row of this.#rows.values()) {
      const id = row.message.files.find((candidate) => this.#sandbox.workspace.files.get(candidate)?.name === name);
      if (id === undefined) continue;
      row.expected = true;
      return id;
    }
    return undefined;
  }

  /** How often the bot has changed a message. */
  changesOf(message: { readonly channel: string; readonly ts: string }): number {
    return this.#rows.get(`${message.channel}/${message.ts}`)?.changes ?? 0;
  }

  /** Marks all that fits as expected: for tests that are about something else. */
  ignore(text: RegExp): void {
    for (const row of this.#rows.values()) if (text.test(readableText(row.message))) row.expected = true;
  }

  /** Fails when the bot posted a message that no test asked for, or was refused something that no test expected. */
  expectNothingElse(options: { readonly refusals?: readonly string[] } = {}): void {
    const surprises = [...this.#rows.values()].filter((row) => !row.expected);
    const refused = this.#sandbox.refusals().filter((row) => !(options.refusals ?? []).includes(row.error));
    if (surprises.length === 0 && refused.length === 0) return;
    const messages = surprises.map((row) => `unexpected: ${describe(row)}`);
    const refusals = refused.map((row) => `refused: ${row.what} → ${row.error}`);
    throw new Error([...messages, ...refusals, 'All of it:', this.text()].join('\n'));
  }

  /** Everything that the bot said, for a failing test. */
  text(): string {
    return [...this.#rows.values()].map(describe).join('\n');
  }

  #isIn(id: string, wanted: string, reader: string): boolean {
    if (id === wanted) return true;
    const channel = this.#sandbox.workspace.channels.get(id);
    if (wanted === '@app') return channel?.kind === 'im' && channel.members.includes(reader);
    const name = wanted.replace(/^#/u, '');
    // `#inc-1-…`: the end of a name that the bot chose does not matter.
    return name.endsWith('…') ? (channel?.name.startsWith(name.slice(0, -1)) ?? false) : channel?.name === name;
  }

  #isOurs(message: MessageRecord): boolean {
    return message.user === this.#sandbox.workspace.app.botUser && !GREY.test(message.subtype ?? '');
  }

  #add(message: MessageRecord): void {
    if (!this.#isOurs(message)) return;
    const key = `${message.channel}/${message.ts}`;
    this.#rows.set(key, { key, message, gone: false, expected: false, changes: 0 });
  }

  #change(message: MessageRecord): void {
    const row = this.#rows.get(`${message.channel}/${message.ts}`);
    if (!row) return;
    row.message = message;
    row.changes += 1;
  }

  #remove(message: MessageRecord): void {
    const row = this.#rows.get(`${message.channel}/${message.ts}`);
    if (row) row.gone = true;
  }
}

function fits(text: string, pattern: RegExp | string): boolean {
  return typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text);
}

function describe(row: Row): string {
  const { channel, ephemeral_to: reader } = row.message;
  return `${channel}${reader ? ` (only ${reader})` : ''}${row.gone ? ' (deleted)' : ''}: ${readableText(row.message).replace(/\n/gu, ' ⏎ ')}`;
}
