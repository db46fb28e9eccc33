import { EventEmitter } from 'node:events';
import { Logger, type Runner, run, type TaskList, type WorkerEvents } from 'graphile-worker';
import type pg from 'pg';
import { isConnectionLost } from '../db/connection-errors.ts';
import { holdLiveness } from '../db/liveness.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { InternalError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { Releasers } from '../lib/releasers.ts';
import { sweepDeadEngines } from './liveness.ts';
import { guardPool } from './worker-pool.ts';

/** What a task learns about its job besides the payload. */
export type JobHelpers = {
  /** Counts from 1; a crash of the process counts too. */
  readonly attempt: number;
  readonly jobId: string;
  /** When it was to run: the difference to now() is how late it is. */
  readonly runAt: Date;
  /** Aborted some seconds after the engine was told to stop. */
  readonly signal?: AbortSignal;
};

/** Carries out one kind of job. It may be called again for the same job, so it looks at the state before it acts. */
export type Task = (payload: unknown, helpers: JobHelpers) => Promise<void>;

export type EngineOptions = {
  readonly pool: pg.Pool;
  readonly tasks: Readonly<Record<string, Task>>;
  readonly log: Log;
  /** Jobs at once; default 4. */
  readonly concurrency?: number;
  /** Milliseconds between looks for jobs whose time has come; default 250. New jobs for at once come by NOTIFY. */
  readonly pollInterval?: number;
  readonly clock?: Clock;
};

export type Engine = {
  /** Id under which this engine holds jobs; a new one after it had to start again. */
  readonly poolId: string;
  /** Takes no more jobs, waits for those that run, and lets go of everything. */
  stop(): Promise<void>;
};

const RESTART_MS = 1_000;

/** Runs jobs until it is stopped; starts itself again when graphile-worker gives up. The database must be migrated. */
export async function startJobs(options: EngineOptions): Promise<Engine> {
  const { log, clock = systemClock } = options;
  const stopping = new AbortController();
  let session = await openSession(options);

  const supervise = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await session.ended;
      if (stopping.signal.aborted) return;
      log.error(
        { code: 'jobs.engine_ended', engine: session.poolId },
        'The job engine ended by itself; starting it again.',
      );
      await session.close();
      await clock.sleep(RESTART_MS, stopping.signal).catch(() => undefined);
      if (stopping.signal.aborted) return;
      try {
        session = await openSession(options);
      } catch (error) {
        log.error({ error, code: 'jobs.engine_start' }, 'The job engine does not start; trying again.');
      }
    }
  };
  const supervised = supervise();

  return {
    get poolId() {
      return session.poolId;
    },
    stop: async () => {
      stopping.abort();
      await session.close();
      await supervised;
    },
  };
}

type Session = { readonly poolId: string; readonly ended: Promise<unknown>; close(): Promise<void> };

async function openSession(options: EngineOptions): Promise<Session> {
  const { pool, log, clock = systemClock } = options;
  const facade = guardPool({ pool, log, clock });
  const releasers = new Releasers();
  const running = new Set<string>();
  const events: WorkerEvents = new EventEmitter();
  let poolId = '';
  let alive: Promise<unknown> = Promise.resolve();
  events.on('pool:create', ({ workerPool }) => {
    poolId = workerPool.id;
    // No job is taken before others can see that this engine lives, or they would take it back.
    const holding = holdLiveness({ pool, ownerId: poolId, log, clock });
    alive = holding;
    releasers.add('liveness', async () => (await holding).release());
    facade.guard(holding);
  });
  reportJobs(events, log, running);
  const runner = await run({
    pgPool: facade.pool,
    taskList: toTaskList(options.tasks),
    concurrency: options.concurrency ?? 4,
    pollInterval: options.pollInterval ?? 250,
    noHandleSignals: true,
    parsedCronItems: [],
    logger: toGraphileLogger(log),
    events,
  });
  const ended = runner.promise.catch((error: unknown) =>
    log.error({ error, code: 'jobs.engine_failed' }, 'The job engine failed.'),
  );
  await alive;
  const sweeping = new AbortController();
  const sweep = sweepDeadEngines(
    { pool, log, clock, engine: poolId, running: () => (facade.isRetrying() ? null : running) },
    sweeping.signal,
  );
  releasers.add('statements under way', () => facade.drain());
  releasers.add('sweep', async () => {
    sweeping.abort();
    await sweep;
  });
  releasers.add('runner', () => stopRunner(runner, ended));
  return {
    poolId,
    ended,
    close: async () => {
      for (const { name, error } of await releasers.releaseAll()) {
        log.error({ error, name, code: 'jobs.close' }, 'A part of the job engine could not be closed.');
      }
    },
  };
}

async function stopRunner(runner: Runner, ended: Promise<unknown>): Promise<void> {
  try {
    await runner.stop();
  } catch (error) {
    // It says so when it has ended by itself already.
    if (!(error instanceof Error && /already stopped/u.test(error.message))) throw error;
  }
  await ended;
}

function toTaskList(tasks: Readonly<Record<string, Task>>): TaskList {
  return Object.fromEntries(
    Object.entries(tasks).map(([name, task]) => [
      name,
      async (payload, { job, abortSignal }) => {
        await task(payload, {
          attempt: job.attempts,
          jobId: String(job.id),
          runAt: job.run_at,
          ...(abortSignal ? { signal: abortSignal } : {}),
        });
      },
    ]),
  );
}

function reportJobs(events: WorkerEvents, log: Log, running: Set<string>): void {
  events.on('job:start', ({ job }) => running.add(String(job.id)));
  events.on('job:complete', ({ job }) => running.delete(String(job.id)));
  events.on('job:error', ({ job, error }) => {
    const context = {
      task: job.task_identifier,
      jobId: String(job.id),
      attempt: job.attempts,
      error,
      code: codeOf(error),
    };
    if (job.attempts < job.max_attempts) log.warn(context, 'A job failed and will be tried again.');
    else log.error({ ...context, payload: job.payload }, 'A job failed for the last time and is given up.');
  });
}

function codeOf(error: unknown): string {
  if (error instanceof InternalError) return error.code;
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'job.failed';
}

function toGraphileLogger(log: Log): Logger {
  return new Logger(() => (level, message, meta) => {
    const known = meta?.failure === true || isConnectionLost(meta?.error);
    // Failures of jobs are reported with their events; a lost connection is reported by the pool and mends itself.
    if (level === 'error' && !known) log.error({ ...meta, code: 'jobs.graphile' }, message);
    else if (level === 'warning') log.warn({ ...meta }, message);
    else log.debug({}, message);
  });
}
