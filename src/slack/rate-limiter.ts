import { LANES, type Lane } from '../domain/intents.ts';
import type { Clock } from '../lib/clock.ts';
import { METHOD_LIMITS, type MethodLimit, type SlackMethod } from './method-tiers.ts';

/** A call that asks for its turn. */
export type Turn = {
  readonly lane: Lane;
  readonly method: SlackMethod;
  /** Where it posts, for methods with a limit in each channel. */
  readonly channel?: string | undefined;
  /** Gives up waiting after this many milliseconds. */
  readonly maxWaitMs: number;
};

/** `refused`: the turn would not have come in time; try again after that. */
export type Admission = { readonly status: 'admitted' } | { readonly status: 'refused'; readonly afterMs: number };

/** Calls of a method that a lane leaves to those before it: a page finds room however much is edited. */
const RESERVE: Readonly<Record<Lane, number>> = { page: 0, interactive: 1, card: 3, cosmetic: 4 };

type Waiter = Turn & { readonly deadline: number; readonly resolve: (admission: Admission) => void };

type MethodState = {
  tokens: number;
  countedAt: number;
  pausedUntil: number;
  waiting: Waiter[];
  alarm: AbortController;
};

/**
 * Gives outgoing calls their turn within Slack's limits: one budget for each method and one rhythm for each channel, shared
 * by all lanes, pages first. A 429 pauses its method and nothing else. In this process only: what another replica
 * uses shows as a 429.
 */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #methods = new Map<SlackMethod, MethodState>();
  /** When a channel may be posted to again, on the monotonic clock. */
  readonly #channels = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits for the turn of a call. */
  admit(turn: Turn): Promise<Admission> {
    const state = this.#stateOf(turn.method);
    const deadline = this.#clock.monotonicMs() + turn.maxWaitMs;
    return new Promise((resolve) => {
      state.waiting.push({ ...turn, deadline, resolve });
      state.waiting.sort((a, b) => LANES.indexOf(a.lane) - LANES.indexOf(b.lane));
      this.#serve(turn.method);
    });
  }

  /** Slack answered 429: the method rests that long, in milliseconds. */
  pause(method: SlackMethod, afterMs: number): void {
    const state = this.#stateOf(method);
    state.pausedUntil = Math.max(state.pausedUntil, this.#clock.monotonicMs() + afterMs);
    state.tokens = 0;
    this.#serve(method);
  }

  #serve(method: SlackMethod): void {
    const state = this.#stateOf(method);
    const limit: MethodLimit = METHOD_LIMITS[method];
    const now = this.#clock.monotonicMs();
    refill(state, limit, now);
    let next = Number.POSITIVE_INFINITY;
    for (const waiter of [...state.waiting]) {
      const at = this.#earliest(waiter, now);
      if (at <= now) {
        state.tokens -= 1;
        if (waiter.channel !== undefined && limit.perChannelMs > 0) {
          this.#channels.set(waiter.channel, now + limit.perChannelMs);
        }
        finish(state, waiter, { status: 'admitted' });
      } else if (at > waiter.deadline) {
        finish(state, waiter, { status: 'refused', afterMs: Math.ceil(at - now) });
      } else {
        next = Math.min(next, at);
      }
    }
    if (this.#channels.size > 1_000) this.#forgetChannels(now);
    this.#setAlarm(method, next - now);
  }

  /** When a waiter's turn comes, if nobody before it takes it. */
  #earliest(waiter: Waiter, now: number): number {
    const state = this.#stateOf(waiter.method);
    const limit: MethodLimit = METHOD_LIMITS[waiter.method];
    const needed = 1 + Math.min(RESERVE[waiter.lane], limit.burst - 1);
    const refilled = now + Math.max(0, needed - state.tokens) / perMs(limit);
    const channelFree = waiter.channel === undefined ? now : (this.#channels.get(waiter.channel) ?? now);
    return Math.max(refilled, state.pausedUntil, limit.perChannelMs > 0 ? channelFree : now);
  }

  #setAlarm(method: SlackMethod, ms: number): void {
    const state = this.#stateOf(method);
    state.alarm.abort();
    state.alarm = new AbortController();
    if (!Number.isFinite(ms)) return;
    this.#clock.sleep(Math.ceil(ms), state.alarm.signal).then(
      () => this.#serve(method),
      () => undefined,
    );
  }

  #forgetChannels(now: number): void {
    for (const [channel, free] of this.#channels) if (free <= now) this.#channels.delete(channel);
  }

  #stateOf(method: SlackMethod): MethodState {
    const known = this.#methods.get(method);
    if (known) return known;
    const countedAt = this.#clock.monotonicMs();
    const tokens = METHOD_LIMITS[method].burst;
    const state = { tokens, countedAt, pausedUntil: 0, waiting: [], alarm: new AbortController() };
    this.#methods.set(method, state);
    return state;
  }
}

/** What is used at once is taken off the rate, so that no minute holds more calls than Slack allows. */
function perMs(limit: MethodLimit): number {
  return (limit.perMinute - limit.burst) / 60_000;
}

function refill(state: MethodState, limit: MethodLimit, now: number): void {
  state.tokens = Math.min(limit.burst, state.tokens + (now - state.countedAt) * perMs(limit));
  state.countedAt = now;
}

function finish(state: MethodState, waiter: Waiter, admission: Admission): void {
  state.waiting.splice(state.waiting.indexOf(waiter), 1);
  waiter.resolve(admission);
}
