import { at, type KubeObject, listAt, textAt } from '../../kube/kube-object.ts';
import { CONTAINER } from './job-manifest.ts';

/** What a look at a Job and its pods shows. Reasons and messages are in Kubernetes' own words. */
export type PodState =
  | { readonly is: 'waiting'; readonly reason: string; readonly message: string }
  | { readonly is: 'running'; readonly pod: string }
  /** The container ended and said how. */
  | {
      readonly is: 'exited';
      readonly pod: string;
      readonly exitCode: number;
      readonly reason: string;
      readonly message: string;
    }
  /** It ended without saying how: evicted, past its deadline, taken away. */
  | { readonly is: 'failed'; readonly reason: string; readonly message: string }
  /** There is neither the Job nor a pod of it. */
  | { readonly is: 'gone' };

/** Reasons of a pod that weigh more than the exit code which they brought about. */
const POD_REASONS = new Set(['Evicted', 'NodeLost', 'Shutdown', 'Terminated', 'Preempting', 'NodeShutdown', 'Deleted']);

/** Whether this pod belongs to that Job, and not only carries its label. */
export function isPodOf(pod: KubeObject, uid: string): boolean {
  return pod.metadata?.ownerReferences?.some((owner) => owner.uid === uid) ?? false;
}

/** True once the script may have begun, whatever came of it. */
export function hasStarted(state: PodState): boolean {
  return state.is === 'running' || (state.is === 'exited' && !NOT_STARTED.has(state.reason));
}

/** The container runtime could not begin with the command. */
const NOT_STARTED = new Set(['StartError', 'ContainerCannotRun']);

/** What is known of a Job (null: there is none any more) and its newest pod (null: none yet, or none any more). */
export function podState(job: KubeObject | null, pod: KubeObject | null): PodState {
  const given = job === null ? null : givenUp(job);
  if (pod === null) return given ?? (job === null ? { is: 'gone' } : { is: 'waiting', reason: 'NoPod', message: '' });
  if (given?.reason === 'DeadlineExceeded') return given;
  const status = listAt(pod, 'status', 'containerStatuses').find((one) => textAt(one, 'name') === CONTAINER);
  const reason = textAt(pod, 'status', 'reason');
  const name = pod.metadata?.name ?? '';
  const disrupted = condition(pod, 'DisruptionTarget');
  if (textAt(pod, 'status', 'phase') === 'Failed' && (POD_REASONS.has(reason) || disrupted !== null))
    return { is: 'failed', reason: reason || 'Evicted', message: textAt(pod, 'status', 'message') || disrupted || '' };
  const ended = at(status, 'state', 'terminated');
  if (ended !== undefined && textAt(ended, 'reason') === 'ContainerStatusUnknown')
    return { is: 'failed', reason: 'NodeLost', message: textAt(ended, 'message') };
  if (ended !== undefined) {
    const said = { reason: textAt(ended, 'reason'), message: textAt(ended, 'message') };
    const exitCode = Number(at(ended, 'exitCode') ?? 1);
    if (exitCode !== 0 && pod.metadata?.deletionTimestamp !== undefined)
      return { is: 'failed', reason: 'Deleted', message: '' };
    return { is: 'exited', pod: name, exitCode, ...said };
  }
  if (textAt(pod, 'status', 'phase') === 'Failed')
    return { is: 'failed', reason: reason || 'Failed', message: textAt(pod, 'status', 'message') };
  if (at(status, 'state', 'running') !== undefined) return { is: 'running', pod: name };
  const waiting = at(status, 'state', 'waiting');
  const unscheduled = condition(pod, 'PodScheduled', 'False');
  if (waiting === undefined && unscheduled !== null)
    return { is: 'waiting', reason: 'Unschedulable', message: unscheduled };
  return { is: 'waiting', reason: textAt(waiting, 'reason') || 'Pending', message: textAt(waiting, 'message') };
}

/** Why Kubernetes has given up a Job; null while it has not. */
function givenUp(job: KubeObject): Extract<PodState, { is: 'failed' }> | null {
  const failed = listAt(job, 'status', 'conditions').find(
    (one) => ['Failed', 'FailureTarget'].includes(textAt(one, 'type')) && textAt(one, 'status') === 'True',
  );
  if (failed === undefined) return null;
  return { is: 'failed', reason: textAt(failed, 'reason'), message: textAt(failed, 'message') };
}

/** The message of a condition that holds; null for one that does not. */
function condition(object: KubeObject, type: string, status = 'True'): string | null {
  const found = listAt(object, 'status', 'conditions').find(
    (one) => textAt(one, 'type') === type && textAt(one, 'status') === status,
  );
  return found === undefined ? null : textAt(found, 'message');
}

/** Reasons after which no amount of waiting helps. */
const HOPELESS = new Set(['ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'ImageInspectError']);
/** Reasons that may pass within moments, in milliseconds until they count: a Secret on its way, a retry of the runtime. */
const PATIENCE: Readonly<Record<string, number>> = {
  CreateContainerConfigError: 15_000,
  CreateContainerError: 15_000,
  FailedCreate: 5_000,
};

/** Whether a pod that has waited for that reason for so long (milliseconds) will not start any more. */
export function isHopeless(reason: string, forMs: number): boolean {
  return HOPELESS.has(reason) || forMs >= (PATIENCE[reason] ?? Number.POSITIVE_INFINITY);
}
