import { z } from 'zod';
import type { JobTask } from '../domain/jobs.ts';
import { tickEscalation } from '../escalation/tick.ts';
import { passMilestone } from '../incidents/milestone.ts';
import { expireApproval, offerAlone, remindApprovers } from '../runs/approval-timers.ts';
import { runChangingStep } from '../runs/change-step.ts';
import type { RunsContext } from '../runs/context.ts';
import { previewApproval } from '../runs/preview.ts';
import { runReadSteps } from '../runs/read-steps.ts';
import { anchorAudit } from './audit-anchor.ts';
import type { Task } from './engine.ts';

const incident = z.object({ incident: z.number().int() });
const milestone = z.object({ incident: z.number().int(), milestone: z.string() });
const run = z.object({ run: z.number().int() });
const stepRun = z.object({ stepRun: z.number().int() });
const approval = z.object({ approval: z.number().int() });

/** What carries out each job: each a thin call into a use case. `signal` is aborted when the process is told to stop. */
export function createTasks(context: RunsContext, signal: AbortSignal): Readonly<Record<JobTask, Task>> {
  return {
    'escalation.tick': async (payload) => tickEscalation(context, incident.parse(payload).incident),
    'incident.milestone': async (payload) => passMilestone(context, milestone.parse(payload).incident),
    'run.read': async (payload) => runReadSteps(context, run.parse(payload).run, signal),
    'run.change': async (payload) => runChangingStep(context, stepRun.parse(payload).stepRun, signal),
    'audit.anchor': async () => anchorAudit(context),
    'approval.preview': async (payload) => previewApproval(context, approval.parse(payload).approval, signal),
    'approval.remind': async (payload) => remindApprovers(context, approval.parse(payload).approval),
    'approval.offer_alone': async (payload) => offerAlone(context, approval.parse(payload).approval),
    'approval.expire': async (payload) => expireApproval(context, approval.parse(payload).approval),
  };
}
