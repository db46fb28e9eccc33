import type { Limits } from '../../limits.ts';
import { type Findings, stopped } from '../../results.ts';
import { limitReached } from '../resource-limits.ts';
import type { JobParts } from './job-manifest.ts';
import type { PodState } from './pod-state.ts';
import type { JobOutcome } from './run-as-job.ts';

type Use = { readonly parts: JobParts; readonly target: string; readonly limits: Limits };
type Ended = Extract<JobOutcome, { how: 'ended' }>;
type Stopped = Extract<JobOutcome, { how: 'stopped' }>;

/** What became of a script in a Job, in one sentence that says what to do. Nobody knows: `unknown`, but for reading, which may be repeated. */
export function jobFindings(outcome: JobOutcome, use: Use): Findings {
  const { parts, target, limits } = use;
  switch (outcome.how) {
    case 'not_reached':
      if (limits.reason()) return stopped(limits, 'the cluster was not reached, nothing was started.');
      return failed(
        `The cluster of target ${target} did not answer at ${parts.place.cluster.server.origin} (${bare(outcome.message)}): check that it runs and that the address is right.`,
      );
    case 'refused':
      return failed(
        `Kubernetes answered ${outcome.reason || 'no'}: ${bare(outcome.message)}; nothing was started: correct target ${target} or the rights of its account.`,
      );
    case 'made_before':
      return unknown(
        use,
        `This step has made its Job before, so it was not started again: look at ${whereOf(parts)} before you do anything else.`,
      );
    case 'perhaps_made':
      return unknown(
        use,
        `The Job was sent, but the cluster did not answer (${bare(outcome.message)}): look whether there is ${whereOf(parts)} before you run it again.`,
      );
    case 'stopped':
      return afterStop(outcome, use);
    case 'ended':
      return afterEnd(outcome, use);
  }
}

function afterStop(outcome: Stopped, use: Use): Findings {
  const { parts, limits } = use;
  const { stop, begun, gone } = outcome;
  if (!gone)
    return unknown(
      use,
      `The Job was told to stop, but the cluster did not confirm that its pod is gone: it may still run, look at ${whereOf(parts)} before you run it again.`,
    );
  if (stop.why === 'hopeless' && !begun)
    return failed(`${notStarted(stop, parts)} Nothing was started, and the Job was removed.`);
  const done = begun
    ? 'its pod was ended; what it had done by then stays done.'
    : `its pod had not started the script${outcome.waiting === '' ? '' : ` (${bare(outcome.waiting)})`}, and is gone.`;
  if (stop.why === 'blind')
    return failed(`The Job could not be looked after (${bare(stop.message)}): ${done.replace(/^its/u, 'Its')}`);
  if (limits.reason() !== null) return stopped(limits, done);
  return { status: 'timeout', error: `Kubernetes ended it at the deadline of the step: ${done}` };
}

function afterEnd(outcome: Ended, use: Use): Findings {
  const { state, pods } = outcome;
  const warnings = warningsOf(outcome, use.parts);
  const value = state.is === 'exited' ? { exit_code: state.exitCode } : {};
  if (pods > 1 && !use.parts.reads)
    return {
      ...unknown(use, `Kubernetes made ${pods} pods for the Job, so the script may have run more than once: look.`),
      value,
      warnings,
    };
  if (state.is !== 'exited') return { ...withoutCode(state, use), warnings };
  if (state.exitCode === 0) return { status: 'ok', value, warnings };
  return { ...failed(whyNotZero(state, use.parts)), value, warnings };
}

function whyNotZero(state: Extract<PodState, { is: 'exited' }>, parts: JobParts): string {
  const { image, limits } = parts.place;
  if (state.reason === 'OOMKilled')
    return `The script took more memory than its pod may (${limits.memory ?? 'limit of the namespace'}) and was ended: make it take less, or raise \`job.limits.memory\` of the target; what it had done by then stays done.`;
  if (state.reason === 'StartError' || state.reason === 'ContainerCannotRun')
    return `The container did not start (${bare(state.message)}): check that image ${image} has ${parts.shell} and the folder ${parts.cwd ?? '/tmp'}.`;
  return (
    limitReached({ exitCode: state.exitCode, signal: null }) ??
    `The script ended with exit code ${state.exitCode}: its output says why.`
  );
}

/** Its pod ended, or is not there, and nobody said with which code. */
function withoutCode(state: Exclude<PodState, { is: 'exited' | 'waiting' | 'running' }>, use: Use): Findings {
  const { parts } = use;
  if (state.is === 'gone')
    return unknown(use, `The Job was removed by somebody else, and nobody knows how it ended: look before you go on.`);
  const said = state.message === '' ? state.reason : `${state.reason}: ${bare(state.message)}`;
  switch (state.reason) {
    case 'Evicted':
    case 'Preempting':
    case 'Shutdown':
    case 'Terminated':
    case 'NodeShutdown':
      return failed(
        `Its pod was taken off the node (${said}): what it had done by then stays done, look, and give it a quieter node or \`job.limits\`.`,
      );
    case 'Deleted':
    case 'BackoffLimitExceeded':
    case 'PodFailurePolicy':
      return failed(
        'Its pod was taken away by somebody else while it ran: what it had done by then stays done, look before you run it again.',
      );
    case 'NodeLost':
      return unknown(
        use,
        `The node of its pod does not answer (${said}): it may still run there, look at ${whereOf(parts)}.`,
      );
    default:
      return unknown(
        use,
        `Kubernetes gave the Job up (${said}), and nobody saw how it ended: look at ${whereOf(parts)}.`,
      );
  }
}

/** Why Kubernetes does not start a pod, as what happened and what to do. */
function notStarted({ reason, message }: { reason: string; message: string }, parts: JobParts): string {
  const { image, namespace } = parts.place;
  const said = message === '' ? '' : ` (${bare(message)})`;
  switch (reason) {
    case 'ImagePullBackOff':
    case 'ErrImageNeverPull':
    case 'ImageInspectError':
      return `The image ${image} cannot be pulled${said}: correct \`job.image\`, or name \`job.pullSecrets\`.`;
    case 'InvalidImageName':
      return `${image} is no name of an image: correct \`job.image\`.`;
    case 'FailedCreate':
      return `Kubernetes makes no pod in ${namespace}${said}: correct the target, or the quota and the service accounts there.`;
    default:
      return `The container cannot be made (${reason}${message === '' ? '' : `: ${bare(message)}`}): correct the target.`;
  }
}

function warningsOf({ log, secretLeft }: Ended, parts: JobParts): string[] {
  const why = log.reason === null ? '' : ` (${bare(log.reason)})`;
  return [
    ...(log.complete ? [] : [`The output may be incomplete${why}: read the rest with \`kubectl logs\`.`]),
    ...(secretLeft ? [`The Secret ${parts.name} stays until its Job is removed: let the account delete secrets.`] : []),
  ];
}

function failed(error: string): Findings {
  return { status: 'failed', error };
}

/** What only read may simply be repeated; what it was stopped for is said all the same. */
function unknown({ parts, limits }: Use, error: string): Findings {
  if (!parts.reads) return { status: 'unknown', error };
  const reason = limits.reason();
  return { status: reason ?? 'failed', error };
}

/** Where a person looks. */
function whereOf({ name, place }: JobParts): string {
  return `Job ${name} in namespace ${place.namespace}`;
}

function bare(text: string): string {
  return text.replace(/[.\s]+$/u, '').replace(/\s+/gu, ' ');
}
