/** The only file of the page that reads the time or sets a timer. */

/** Milliseconds since 1970. */
export function now(): number {
  return Date.now();
}

/** Runs `task` after `ms` milliseconds; the answer cancels it. */
export function after(ms: number, task: () => void): () => void {
  const timer = setTimeout(task, ms);
  return () => clearTimeout(timer);
}
