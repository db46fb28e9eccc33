import { Worker } from 'node:worker_threads';
import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { FilterAnswer, FilterTask, ThreadMessage } from './filter-task.ts';

/** Why there is no answer: the filter took too long, the step was stopped, the memory of the thread ran out, or it ended without a word. */
export type NoAnswer = 'time' | 'stopped' | 'memory' | 'broken';

/** Threads that work at the same time; a step more waits. */
const MOST = 2;

/** `limitMs`: how long the work may take; beginning a thread does not count. */
type ThreadUse = { readonly signal: AbortSignal; readonly clock: Clock; readonly limitMs: number };

const idle: Worker[] = [];
const waiting: (() => void)[] = [];
let busy = 0;

/**
 * Carries out a chain in a thread that is ended when it takes longer than `limitMs` or when `signal` says so: nothing that a filter does
 * can hold up this process. Threads begin on first use, see no variable of the environment, and one is kept for the next chain.
 */
export async function inThread(task: FilterTask, use: ThreadUse): Promise<FilterAnswer | NoAnswer> {
  const { signal } = use;
  if (busy >= MOST) await new Promise<void>((resolve) => waiting.push(resolve));
  else busy += 1;
  try {
    if (signal.aborted) return 'stopped';
    const worker = idle.pop() ?? (await begin(signal));
    if (worker === null) return signal.aborted ? 'stopped' : 'broken';
    return await ask(worker, task, use);
  } finally {
    // Whoever waits takes this place over.
    const next = waiting.shift();
    if (next) next();
    else busy -= 1;
  }
}

/** A thread that is ready to work: how long a busy machine takes to begin one does not count as work. Null when none came up. */
async function begin(signal: AbortSignal): Promise<Worker | null> {
  const worker = new Worker(new URL('./filter-thread.mjs', import.meta.url), {
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  const ready = await new Promise<boolean>((resolve) => {
    const onStop = () => resolve(false);
    signal.addEventListener('abort', onStop, { once: true });
    worker.on('error', onStop).once('exit', onStop);
    worker.once('message', () => {
      signal.removeEventListener('abort', onStop);
      worker.removeListener('error', onStop).removeListener('exit', onStop);
      resolve(true);
    });
  });
  if (ready) return worker;
  await worker.terminate();
  return null;
}

async function ask(
  worker: Worker,
  task: FilterTask,
  { signal, clock, limitMs }: ThreadUse,
): Promise<FilterAnswer | NoAnswer> {
  worker.ref();
  const done = new AbortController();
  let ended = false;
  const answer = await new Promise<FilterAnswer | NoAnswer>((resolve) => {
    const onStop = () => resolve('stopped');
    if (signal.aborted) onStop();
    signal.addEventListener('abort', onStop, { once: true, signal: done.signal });
    worker.once('message', (message: ThreadMessage) => {
      ended = message.ended;
      resolve(message.answer);
    });
    worker.once('error', (error) => resolve(ranOutOfMemory(error) ? 'memory' : broke(error)));
    worker.once('exit', () => resolve('broken'));
    clock.sleep(limitMs, done.signal).then(
      () => resolve('time'),
      () => undefined, // it was done before
    );
    worker.postMessage(task);
  });
  done.abort();
  worker.removeAllListeners('message').removeAllListeners('exit').removeAllListeners('error');
  worker.on('error', () => undefined); // without a listener it would end this process
  if (typeof answer === 'string' || ended || idle.length > 0) await worker.terminate();
  else keep(worker);
  return answer;
}

function broke(error: unknown): FilterAnswer {
  return { status: 'failed', text: '', reason: `the thread for filters broke, ${messageOf(error)}` };
}

function ranOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

function keep(worker: Worker): void {
  worker.unref();
  idle.push(worker);
  worker.once('exit', () => {
    const at = idle.indexOf(worker);
    if (at >= 0) idle.splice(at, 1);
  });
}
