import { z } from 'zod';

/** What one process of a script may take at most. */
export type ResourceLimits = z.infer<typeof resourceLimits>;

/** Defaults: far above what a step of a runbook needs, far below what takes a machine down. */
export const resourceLimits = z.strictObject({
  /** Seconds of processor time of each process. */
  cpuSeconds: z.int().min(1).max(86_400).default(1_800),
  /** Mebibytes of writable memory of each process (RLIMIT_DATA, which macOS does not enforce). */
  memoryMb: z.int().min(16).max(1_048_576).default(2_048),
  /** Mebibytes of the largest file that a process may write. */
  fileMb: z.int().min(1).max(1_048_576).default(4_096),
  /** Processes and threads of the account together (RLIMIT_NPROC, from which root is exempt). */
  processes: z.int().min(16).max(1_000_000).default(4_096),
});

/** A limit that the system refuses is one that stands lower already. POSIX counts files in blocks of 512 bytes. */
const BLOCKS_PER_MB = 2_048;
const CPU_GRACE_SECONDS = 5;

/**
 * Shell text that sets the limits, hard ones, for everything that follows; for `/bin/sh`, whichever shell that is. dash calls the number
 * of processes `-p`, bash `-u`; an option that a shell does not know ends dash, so that each is tried in a subshell first. `processes` is
 * null where the account is shared with strangers.
 */
export function limitsScript(limits: Omit<ResourceLimits, 'processes'> & { processes: number | null }): string {
  const set = (option: string, value: number) =>
    `{ (ulimit -${option} ${value}) 2>/dev/null && ulimit -${option} ${value}; }`;
  return [
    `${set('c', 0)} || :`,
    // At the soft limit comes a signal that says what happened, at the hard one the end.
    `${set('t', limits.cpuSeconds + CPU_GRACE_SECONDS)} || :`,
    `ulimit -St ${limits.cpuSeconds} 2>/dev/null || :`,
    `${set('d', limits.memoryMb * 1_024)} || :`,
    `${set('f', limits.fileMb * BLOCKS_PER_MB)} || :`,
    ...(limits.processes === null ? [] : [`${set('u', limits.processes)} || ${set('p', limits.processes)} || :`]),
  ].join('\n');
}

/** What to do about an end that a limit brought about; null for every other end. A shell says 128 plus the signal's number. */
export function limitReached(end: { exitCode: number | null; signal: string | null }): string | null {
  if (end.signal === 'SIGXCPU' || end.exitCode === 128 + 24)
    return 'The script used up its processor time: make it do less, or raise `cpuSeconds` of the target.';
  if (end.signal === 'SIGXFSZ' || end.exitCode === 128 + 25)
    return 'The script wrote a file that is larger than allowed: write less, or raise `fileMb` of the target.';
  return null;
}
