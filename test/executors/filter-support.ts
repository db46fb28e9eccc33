import { parseCommandLine } from '../../src/executors/command-line.ts';
import { type Filtered, type Filters, readFilterChain } from '../../src/executors/filters/filters.ts';
import { systemClock } from '../../src/lib/clock.ts';

/** What stands behind a `|`, read as the docker executor reads it. */
export function readChain(chain: string, values: Record<string, string> = {}): Filters {
  return readFilterChain(parseCommandLine(`x | ${chain}`, 'docker').filters, values);
}

/** What a chain makes of a text, behind a read that nobody stops. */
export function filter(
  chain: string,
  text: string,
  values: Record<string, string> = {},
  use: { changing?: boolean; signal?: AbortSignal; limitMs?: number } = {},
): Promise<Filtered> {
  const signal = use.signal ?? new AbortController().signal;
  return readChain(chain, values).apply(text, {
    limits: { signal, reason: () => (signal.aborted ? 'cancelled' : null) },
    clock: systemClock,
    changing: use.changing ?? false,
    ...(use.limitMs === undefined ? {} : { limitMs: use.limitMs }),
  });
}

/** Milliseconds for which this process could do nothing else while the work went on. */
export async function longestPause(work: () => Promise<unknown>): Promise<number> {
  let [longest, last] = [0, performance.now()];
  const look = () => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  };
  const timer = setInterval(look, 5);
  try {
    await work();
    look();
  } finally {
    clearInterval(timer);
  }
  return longest;
}
