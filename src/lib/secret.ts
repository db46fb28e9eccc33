import { inspect } from 'node:util';

/**
 * Shorter values are refused as secrets: masking them would turn ordinary words into masks, and not masking them would
 * show them.
 */
export const MIN_SECRET = 4;

/** A value that must not be shown: prints as `<secret>` in logs, JSON and templates; only `reveal()` gives it away. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Call it at the moment of use and do not keep what it returns. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '<secret>';
  }

  toJSON(): string {
    return '<secret>';
  }

  [inspect.custom](): string {
    return '<secret>';
  }
}
