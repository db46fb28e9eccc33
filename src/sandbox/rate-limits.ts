import type { Clock } from '../lib/clock.ts';
import { callsPerMinute, findMethod } from './method-table.ts';

const MINUTE = 60_000;
const SECOND = 1_000;

/** Counts calls: each method has the calls a minute of its tier, each channel one message a second. */
export class RateLimits {
  readonly #clock: Clock;
  readonly #calls = new Map<string, number[]>();
  readonly #posts = new Map<string, number>();
  enabled: boolean;

  constructor(clock: Clock, enabled: boolean) {
    this.#clock = clock;
    this.enabled = enabled;
  }

  /** Seconds to wait before this method may be called, or null and the call is counted. */
  checkCall(method: string): number | null {
    if (!this.enabled) return null;
    const limit = callsPerMinute(findMethod(method)?.tier ?? '');
    if (limit === undefined) return null;
    const now = this.#clock.now().getTime();
    const recent = (this.#calls.get(method) ?? []).filter((at) => at > now - MINUTE);
    const [oldest] = recent;
    if (recent.length >= limit && oldest !== undefined) return seconds(oldest + MINUTE - now);
    this.#calls.set(method, [...recent, now]);
    return null;
  }

  /** The same for a message in a channel, whichever method posts it. */
  checkPost(channel: string): number | null {
    if (!this.enabled) return null;
    const now = this.#clock.now().getTime();
    const last = this.#posts.get(channel);
    if (last !== undefined && now - last < SECOND) return seconds(last + SECOND - now);
    this.#posts.set(channel, now);
    return null;
  }
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / SECOND));
}
