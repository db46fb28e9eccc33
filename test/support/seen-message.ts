import type { MessageRecord } from '../../src/sandbox/records.ts';
import { elementsByLabel, valueFor } from './form-values.ts';
import type { Person } from './people.ts';
import { readableText, type Transcript } from './transcript.ts';

/** A message that a person has seen and can act on. */
export class SeenMessage {
  readonly channel: string;
  readonly ts: string;
  readonly #seen: MessageRecord;
  readonly #person: Person;
  readonly #transcript: Transcript;

  constructor(row: MessageRecord, person: Person, transcript: Transcript) {
    this.channel = row.channel;
    this.ts = row.ts;
    this.#seen = row;
    this.#person = person;
    this.#transcript = transcript;
  }

  /** The message as it is now; as it was seen when it is gone. */
  get record(): MessageRecord {
    return this.#transcript.row(this.channel, this.ts) ?? this.#seen;
  }

  /** All that people can read in it, fallback text and blocks. */
  get text(): string {
    return readableText(this.record);
  }

  /** Clicks a button by its text or action_id. */
  async click(name: string, by: Person = this.#person): Promise<void> {
    const { block, element } = elementsByLabel(this.record.blocks, name);
    const value = typeof element.value === 'string' ? { value: element.value } : {};
    await this.#act(by, { type: element.type, action_id: element.action_id, block_id: block, ...value });
  }

  /** Makes a choice in a select, an overflow menu, a date picker … of the message. */
  async choose(name: string, value: string | readonly string[], by: Person = this.#person): Promise<void> {
    const { block, element } = elementsByLabel(this.record.blocks, name);
    await this.#act(by, { action_id: element.action_id, block_id: block, ...valueFor(element, value) });
  }

  async #act(by: Person, action: Record<string, unknown>): Promise<void> {
    await by.acts({ message: { channel: this.channel, ts: this.ts }, action });
  }
}
