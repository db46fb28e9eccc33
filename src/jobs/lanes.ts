import type { JobTask } from '../domain/jobs.ts';
import { type Engine, type EngineOptions, startJobs, type Task } from './engine.ts';

type Lane = 'timers' | 'changes' | 'reads';

/** Every task has its lane: one without would never be carried out. */
const LANE_OF: Readonly<Record<JobTask, Lane>> = {
  'escalation.tick': 'timers',
  'incident.milestone': 'timers',
  'approval.expire': 'timers',
  'approval.remind': 'timers',
  'approval.offer_alone': 'timers',
  'audit.anchor': 'timers',
  'run.change': 'changes',
  'approval.preview': 'reads',
  'run.read': 'reads',
};

/**
 * Jobs that take milliseconds and must be on time, jobs that may take minutes, and jobs that only look, each with workers
 * of their own: a slow diagnostic or a long `poll` never stands in the way of a page or of an approved step.
 */
const LANES: readonly { readonly lane: Lane; readonly concurrency: number; readonly pollInterval: number }[] = [
  { lane: 'timers', concurrency: 4, pollInterval: 250 },
  // Their jobs are for at once and come by NOTIFY; only a target that is held is asked for again by the clock.
  { lane: 'changes', concurrency: 4, pollInterval: 1_000 },
  { lane: 'reads', concurrency: 4, pollInterval: 1_000 },
];

/** Runs all jobs, each kind in its lane, until it is stopped. */
export async function startJobLanes(
  options: Omit<EngineOptions, 'tasks' | 'concurrency' | 'pollInterval'> & {
    readonly tasks: Readonly<Record<JobTask, Task>>;
  },
): Promise<{ stop(): Promise<void> }> {
  const engines: Engine[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(engines.map((engine) => engine.stop()));
  };
  try {
    for (const { lane, concurrency, pollInterval } of LANES) {
      const own = Object.fromEntries(
        Object.entries(options.tasks).filter(([task]) => LANE_OF[task as JobTask] === lane),
      );
      engines.push(await startJobs({ ...options, tasks: own, concurrency, pollInterval }));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}
