import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { MARKER, signalMarked } from './marked-processes.ts';
import { limitsScript, type ResourceLimits } from './resource-limits.ts';

/** How a script ended: by itself with a code, or by a signal. */
export type ScriptEnd = { readonly exitCode: number | null; readonly signal: string | null };

export type ScriptWork = {
  readonly script: string;
  readonly shell: string;
  /** Null: in the folder that is made for the run. */
  readonly cwd: string | null;
  readonly environment: (home: string) => Record<string, string>;
  readonly limits: ResourceLimits;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
};

/** Between asking the processes of a script to end and ending them, in milliseconds. */
const TERM_GRACE_MS = 2_000;
/** After the script's end its output may still be held open by a process that left the group. */
const OUTPUT_GRACE_MS = 500;

/**
 * Runs a fixed script file in a process group and a folder of its own, within limits; the folder is removed and the whole group is gone
 * when this settles, and after a stop also what left the group. Rejects when the shell or the folder cannot be used.
 */
export async function runScript(work: ScriptWork): Promise<ScriptEnd> {
  const home = await mkdtemp(path.join(tmpdir(), 'warroom-step-'));
  try {
    await chmod(home, 0o700);
    const file = path.join(home, 'step.sh');
    await writeFile(file, work.script.endsWith('\n') ? work.script : `${work.script}\n`, { mode: 0o600 });
    return await runGroup(work, { home, file, token: randomUUID() });
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function runGroup(work: ScriptWork, place: { home: string; file: string; token: string }): Promise<ScriptEnd> {
  const launch = `${limitsScript(work.limits)}\nexec "$@"`;
  const child = spawn('/bin/sh', ['-c', launch, 'sh', work.shell, place.file], {
    cwd: work.cwd ?? place.home,
    env: { ...work.environment(place.home), [MARKER]: place.token },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout?.on('data', (chunk: Buffer) => work.onOutput('stdout', chunk));
  child.stderr?.on('data', (chunk: Buffer) => work.onOutput('stderr', chunk));
  const ended = new AbortController();
  let stopped = false;
  const stop = () => {
    stopped = true;
    const kill = async () => {
      signalGroup(child, 'SIGTERM');
      await signalMarked(place.token, 'SIGTERM');
      await work.clock.sleep(TERM_GRACE_MS, ended.signal);
      signalGroup(child, 'SIGKILL');
    };
    kill().catch(() => undefined); // it ended in time
  };
  if (work.signal.aborted) stop();
  else work.signal.addEventListener('abort', stop, { once: true });
  try {
    return await untilEnd(child, work.clock);
  } finally {
    ended.abort();
    work.signal.removeEventListener('abort', stop);
    signalGroup(child, 'SIGKILL');
    // Who ends by himself may leave a service running in a session of its own; who is stopped leaves nothing.
    if (stopped) await signalMarked(place.token, 'SIGKILL');
  }
}

async function untilEnd(child: ChildProcess, clock: Clock): Promise<ScriptEnd> {
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const end = await new Promise<ScriptEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  signalGroup(child, 'SIGKILL'); // what the script left running in the background
  const waiting = new AbortController();
  await Promise.race([closed, clock.sleep(OUTPUT_GRACE_MS, waiting.signal).catch(() => undefined)]);
  waiting.abort();
  child.stdout?.destroy();
  child.stderr?.destroy();
  return end;
}

/** Signals every process of the group; one that is gone already is what was wanted. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
