import { setMaxListeners } from 'node:events';
import type { Clock } from '../lib/clock.ts';
import type { RunContext } from './executor.ts';

/** Why work was stopped from outside. */
export type StopReason = 'timeout' | 'cancelled';

/** The two ways in which a statement is stopped, as one signal with the reason. */
export type Limits = {
  readonly signal: AbortSignal;
  /** Null while nobody asked to stop. */
  reason(): StopReason | null;
  readonly startedMs: number;
  elapsedMs(): number;
};

/**
 * Gives `work` one signal for cancel and timeout (milliseconds, from the call on) and cleans up after it. The work itself
 * has to obey the signal: it knows how to stop its target.
 */
export async function withLimits<T>(
  context: RunContext,
  clock: Clock,
  work: (limits: Limits) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  // A statement may ask a target many things at once (`docker stats` one for each container): that is no leak.
  setMaxListeners(0, stop.signal);
  const settled = new AbortController();
  let reason: StopReason | null = null;
  const end = (why: StopReason) => {
    reason ??= why;
    stop.abort(why);
  };
  const onCancel = () => end('cancelled');
  if (context.signal.aborted) onCancel();
  context.signal.addEventListener('abort', onCancel, { once: true });
  clock.sleep(context.timeoutMs, settled.signal).then(
    () => end('timeout'),
    () => undefined, // the work was done first
  );
  const startedMs = clock.monotonicMs();
  try {
    return await work({
      signal: stop.signal,
      reason: () => reason,
      startedMs,
      elapsedMs: () => Math.round(clock.monotonicMs() - startedMs),
    });
  } finally {
    settled.abort();
    context.signal.removeEventListener('abort', onCancel);
  }
}

/** Rejects as soon as the signal is aborted; otherwise settles as `work` does. For waits that cannot be interrupted themselves. */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(new DOMException('stopped', 'AbortError'));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
    work.catch(() => undefined); // when the signal won, nobody listens to the work any more
  }
}
