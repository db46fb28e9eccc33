import type { Clock } from '../../lib/clock.ts';

/** Two presses of one button by one person within this are one: a double click. */
const WITHIN_MS = 1_500;
const KEPT = 1_000;

/**
 * Tells double clicks from presses. It only spares people confusion; what must not happen twice is guarded by the
 * database. A press that failed is forgotten, so that it can be tried again at once.
 */
export class RepeatedClicks {
  readonly #clock: Clock;
  readonly #seen = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True when the same press came just before. */
  isRepeat(press: string): boolean {
    const now = this.#clock.monotonicMs();
    const last = this.#seen.get(press);
    this.#seen.delete(press);
    this.#seen.set(press, now);
    const oldest = this.#seen.keys().next();
    if (this.#seen.size > KEPT && !oldest.done) this.#seen.delete(oldest.value);
    return last !== undefined && now - last < WITHIN_MS;
  }

  forget(press: string): void {
    this.#seen.delete(press);
  }
}
