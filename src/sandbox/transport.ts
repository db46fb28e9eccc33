import type { Clock } from '../lib/clock.ts';
import type { JsonObject } from './json.ts';

/** How long the app has to acknowledge anything. Source: Slack's pages on events, interactivity and commands. */
export const ACK_MS = 3_000;

/** One thing for the app. */
export type Envelope = {
  readonly id: string;
  readonly type: 'events_api' | 'slash_commands' | 'interactive';
  readonly payload: JsonObject;
  readonly retry: { readonly attempt: number; readonly reason: string } | null;
};

/** What came of it. `payload` is what the app said in its acknowledgement, if anything. */
export type Delivered =
  | { readonly status: 'acked'; readonly payload: JsonObject | null }
  | {
      readonly status: 'failed';
      readonly reason: 'timeout' | 'no_connection' | 'http_error';
      readonly mayRetry: boolean;
    };

/** How the app is reached: Socket Mode or signed HTTP. */
export interface Transport {
  /** Delivers once. Never throws. */
  deliver(envelope: Envelope): Promise<Delivered>;
  /** True when the app could be reached now. */
  connected(): boolean;
  /** `retry_reason` for a failure, in this transport's words. */
  retryReason(reason: string): string;
  close(): void;
}

/** The result of `work`, or `timeout` after `ms` on the clock. */
export async function withTimeout<Result>(
  clock: Clock,
  ms: number,
  work: Promise<Result>,
): Promise<Result | 'timeout'> {
  const stop = new AbortController();
  const alarm = clock.sleep(ms, stop.signal).then(
    () => 'timeout' as const,
    () => 'timeout' as const,
  );
  try {
    return await Promise.race([work, alarm]);
  } finally {
    stop.abort();
  }
}
