import { randomBytes } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { Refusal } from './refusal.ts';

/** How long a trigger id may be used. Source: Slack's reference of views.open. */
const LIFETIME_MS = 3_000;

export type Trigger = {
  readonly user: string /** The view that the person acted in, or null. */;
  readonly view: string | null;
};

/** Trigger ids: each lives 3 s and works once. They are not kept over a restart, which takes longer than they live. */
export class Triggers {
  readonly #clock: Clock;
  readonly #issued = new Map<string, Trigger & { readonly at: number; used: boolean }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  issue(trigger: Trigger): string {
    const at = this.#clock.now().getTime();
    // An old id must go on answering `expired_trigger_id`, so only the very old ones are forgotten.
    for (const [id, entry] of this.#issued) if (entry.at < at - 3_600_000) this.#issued.delete(id);
    const id = `${at}.${randomBytes(5).readUIntBE(0, 5)}.${randomBytes(16).toString('hex')}`;
    this.#issued.set(id, { ...trigger, at, used: false });
    return id;
  }

  /** Uses it up. Errors (`Refusal`): invalid_trigger_id, exchanged_trigger_id, expired_trigger_id. */
  redeem(id: string): Trigger {
    const entry = this.#issued.get(id);
    if (!entry) throw new Refusal('invalid_trigger_id');
    if (entry.used) throw new Refusal('exchanged_trigger_id');
    if (this.#clock.now().getTime() - entry.at > LIFETIME_MS) throw new Refusal('expired_trigger_id');
    entry.used = true;
    return { user: entry.user, view: entry.view };
  }
}
