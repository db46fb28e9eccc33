/** What a test can switch on to see how the app copes. `times` counts down; without it the fault stays. */
export type Fault =
  | { readonly kind: 'hang' }
  /** Answers the status and does nothing. */
  | { readonly kind: 'http-before'; readonly status: number }
  /** Does what was asked, then answers the status: the app cannot know that it was done. */
  | { readonly kind: 'http-after'; readonly status: number }
  /** Does what was asked, then drops the connection. */
  | { readonly kind: 'reset-after' }
  | { readonly kind: 'rate-limit'; readonly retryAfterSeconds: number }
  | { readonly kind: 'refuse'; readonly error: string };

/** The faults in force. */
export class Faults {
  /** While true every request gets 503 and no WebSocket can be opened. */
  outage = false;
  readonly #byMethod = new Map<string, { fault: Fault; left: number }>();

  /** Puts a fault on a method (`*` for all), for the next `times` calls. */
  set(method: string, fault: Fault, times = Number.POSITIVE_INFINITY): void {
    this.#byMethod.set(method, { fault, left: times });
  }

  clear(method?: string): void {
    if (method === undefined) this.#byMethod.clear();
    else this.#byMethod.delete(method);
  }

  /** The fault for this call, counted. */
  take(method: string): Fault | null {
    const key = this.#byMethod.has(method) ? method : '*';
    const entry = this.#byMethod.get(key);
    if (!entry) return null;
    entry.left -= 1;
    if (entry.left <= 0) this.#byMethod.delete(key);
    return entry.fault;
  }
}
