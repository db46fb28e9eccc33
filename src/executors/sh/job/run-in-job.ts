import { randomUUID } from 'node:crypto';
import { Secret } from '../../../lib/secret.ts';
import type { BoundValue } from '../../bound-values.ts';
import type { RunContext, StatementSource } from '../../executor.ts';
import type { Limits } from '../../limits.ts';
import type { Findings } from '../../results.ts';
import type { ScriptWork } from '../run-script.ts';
import type { ShellPlace } from '../sh-target.ts';
import { jobFindings } from './job-findings.ts';
import { HOME, type JobParts, jobName } from './job-manifest.ts';
import type { JobPlace } from './job-target.ts';
import { runAsJob } from './run-as-job.ts';

type Work = ScriptWork & {
  readonly source: StatementSource;
  readonly bound: readonly BoundValue[];
  readonly place: ShellPlace;
  readonly job: JobPlace;
};

/** Runs a script in a pod, as a Job of the target's cluster. Both its streams come as one, in their order, because a pod has one log. */
export async function runInJob(work: Work, context: RunContext, limits: Limits): Promise<Findings> {
  const { source, job, clock, signal } = work;
  const origin = context.origin ?? null;
  const parts: JobParts = {
    name: jobName(origin, source.target.name),
    attempt: randomUUID(),
    origin,
    place: job,
    script: source.text,
    shell: work.shell,
    cwd: work.cwd,
    environment: work.environment(HOME),
    secretNames: secretNamesOf(work),
    limits: work.limits,
    timeoutMs: context.timeoutMs,
    reads: source.allowed === 'read',
  };
  const outcome = await runAsJob({ parts, signal, clock, onOutput: (chunk) => work.onOutput('stdout', chunk) });
  return jobFindings(outcome, { parts, target: source.target.name, limits });
}

/** Values that people gave in secret, and those of the credential, unless a plain one of that name stands in their place. */
function secretNamesOf({ bound, place }: Work): Set<string> {
  const plain = new Set(bound.filter(({ value }) => !(value instanceof Secret)).map(({ name }) => name));
  const given = bound.filter(({ value }) => value instanceof Secret).map(({ name }) => name);
  return new Set([...given, ...place.secretNames].filter((name) => !plain.has(name)));
}
