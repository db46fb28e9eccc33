import { randomUUID } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { Secret } from '../lib/secret.ts';

/** Values of secret parameters by their names. */
export type GivenValues = Readonly<Record<string, Secret>>;

type Held = { readonly stepRun: number; readonly values: ReadonlyMap<string, Buffer>; readonly untilMs: number };

/**
 * The secrets that people gave to this process, until their step has run: in memory alone, never in a table, a file or a
 * log. The database knows only who gave something and which process holds it. Wiping overwrites the bytes; copies that the
 * runtime made on the way (a request's body, a string) live until it collects them.
 */
export class SecretShelf {
  readonly #held = new Map<string, Held>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes what one person gave for a step and keeps it for so long at most. Returns the id under which it lies here. */
  put(stepRun: number, values: GivenValues, keepMs: number): string {
    const id = randomUUID();
    const bytes = Object.entries(values).map(([name, value]) => [name, Buffer.from(value.reveal(), 'utf8')] as const);
    this.#held.set(id, { stepRun, values: new Map(bytes), untilMs: this.#clock.monotonicMs() + keepMs });
    return id;
  }

  /** What lies under an id; null when it is gone. */
  look(id: string): GivenValues | null {
    const held = this.#held.get(id);
    if (!held || held.untilMs <= this.#clock.monotonicMs()) return null;
    return Object.fromEntries([...held.values].map(([name, bytes]) => [name, new Secret(bytes.toString('utf8'))]));
  }

  /** Forgets what lies under an id. */
  wipe(id: string): void {
    for (const bytes of this.#held.get(id)?.values.values() ?? []) bytes.fill(0);
    this.#held.delete(id);
  }

  /** Forgets everything that was given for a step. */
  wipeStep(stepRun: number): void {
    for (const [id, held] of this.#held) if (held.stepRun === stepRun) this.wipe(id);
  }

  /** Forgets what nobody came for in time. */
  wipeExpired(): void {
    const now = this.#clock.monotonicMs();
    for (const [id, held] of this.#held) if (held.untilMs <= now) this.wipe(id);
  }

  /** Step runs that something lies here for. */
  stepRuns(): number[] {
    return [...new Set([...this.#held.values()].map(({ stepRun }) => stepRun))];
  }
}
