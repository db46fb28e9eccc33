/** Payloads of the jobs that use cases leave behind in their transaction. */
export type Job =
  /** Look at an incident's ladder: page, repeat, climb; then come back when something is due. */
  | { readonly task: 'escalation.tick'; readonly incident: number }
  /** A milestone's time has come: bring the card up to date. */
  | { readonly task: 'incident.milestone'; readonly incident: number; readonly milestone: string }
  /** Run the next queued read steps of a run. */
  | { readonly task: 'run.read'; readonly run: number }
  /** Carry out one changing step that was approved. */
  | { readonly task: 'run.change'; readonly stepRun: number }
  | { readonly task: 'approval.expire'; readonly approval: number }
  /** Ask the targets of a request what its steps would change. */
  | { readonly task: 'approval.preview'; readonly approval: number }
  /** Say the head of the audit log in the hub. */
  | { readonly task: 'audit.anchor' }
  /** Half of a request's time has passed. */
  | { readonly task: 'approval.remind'; readonly approval: number }
  /** From now on the requester may go on alone: the card has to offer it. */
  | { readonly task: 'approval.offer_alone'; readonly approval: number };

export type JobTask = Job['task'];

/** Jobs with one key replace each other while they wait. */
export function jobKey(job: Job): string {
  switch (job.task) {
    case 'audit.anchor':
      return 'audit.anchor';
    case 'escalation.tick':
      return `escalation.tick:${job.incident}`;
    case 'incident.milestone':
      return `incident.milestone:${job.incident}:${job.milestone}`;
    case 'run.read':
      return `run.read:${job.run}`;
    case 'run.change':
      return `run.change:${job.stepRun}`;
    case 'approval.expire':
    case 'approval.preview':
    case 'approval.remind':
    case 'approval.offer_alone':
      return `${job.task}:${job.approval}`;
  }
}
