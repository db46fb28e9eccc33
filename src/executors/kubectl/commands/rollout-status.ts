import { optionOf } from '../../../analysis/kubectl-arguments.ts';
import { UserError } from '../../../lib/errors.ts';
import { objectName } from '../../kube/known-types.ts';
import { at, type KubeObject, listAt, numberAt, textAt } from '../../kube/kube-object.ts';
import { type Command, type CommandContext, CommandFailure, durationOption } from '../command.ts';
import { type ObjectPlace, placesOf, readObject } from './change-objects.ts';

const LOOK_EVERY_MS = 1_000;

type Progress = {
  readonly complete: boolean;
  readonly message: string;
  readonly failed?: boolean;
  readonly ready: number;
  readonly desired: number;
  readonly updated: number;
};

/**
 * `rollout status`: waits until the rollout is complete, has failed, or the time is over; `--watch=false` looks once. Value:
 * `{ready, desired, updated, complete, message}`.
 */
export const rolloutStatus: Command = async (context) => {
  const places = await placesOf(context);
  const [place, ...others] = places;
  if (place === undefined || others.length > 0)
    throw new UserError('statement_invalid', 'rollout status looks at one workload: name it.');
  const limit = durationOption(context, 'timeout');
  const { clock, signal } = context.session;
  const startedMs = clock.monotonicMs();
  let last = '';
  for (;;) {
    const object = await readObject(context, place);
    const progress = progressOf(place, object);
    requireRevision(context, object);
    if (progress.message !== last) context.print(progress.message);
    last = progress.message;
    const { failed, ...value } = progress;
    if (failed)
      throw new CommandFailure(`${progress.message.replace(/^error: /u, '')}: look at its pods and events.`, value);
    if (progress.complete || optionOf(context.call, 'watch') === 'false') return value;
    if (limit !== null && clock.monotonicMs() - startedMs >= limit) {
      const seconds = Math.round(limit / 100) / 10;
      throw new CommandFailure(
        `The rollout of ${objectName(place.type, place.name)} is not complete after ${seconds} s: look at its pods and events.`,
        value,
      );
    }
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
};

function requireRevision(context: CommandContext, object: KubeObject): void {
  const wanted = optionOf(context.call, 'revision');
  const found = object.metadata?.annotations?.['deployment.kubernetes.io/revision'];
  if (wanted === undefined || wanted === '0' || found === wanted) return;
  throw new CommandFailure(`The revision is ${found ?? 'unknown'} now, not ${wanted}: look at rollout history.`);
}

function progressOf(place: ObjectPlace, object: KubeObject): Progress {
  if (place.type.plural === 'deployments') return deploymentProgress(object);
  if (place.type.plural === 'daemonsets') return daemonProgress(object);
  if (place.type.plural === 'statefulsets') return statefulProgress(object);
  throw new UserError(
    'statement_invalid',
    `${place.type.plural} have no rollout: name a deployment, statefulset or daemonset.`,
  );
}

/** The rules and the words of kubectl (k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go). */
function deploymentProgress(object: KubeObject): Progress {
  const name = JSON.stringify(object.metadata?.name ?? '');
  const desired = at(object, 'spec', 'replicas') === undefined ? 1 : numberAt(object, 'spec', 'replicas');
  const [updated, replicas, available] = ['updatedReplicas', 'replicas', 'availableReplicas'].map((field) =>
    numberAt(object, 'status', field),
  ) as [number, number, number];
  const counts = { ready: numberAt(object, 'status', 'readyReplicas'), desired, updated };
  const waiting = (message: string) => ({ ...counts, complete: false, message });
  if (numberAt(object, 'metadata', 'generation') > numberAt(object, 'status', 'observedGeneration'))
    return waiting('Waiting for deployment spec update to be observed...');
  const stuck = listAt(object, 'status', 'conditions').some(
    (condition) => textAt(condition, 'reason') === 'ProgressDeadlineExceeded',
  );
  if (stuck) return { ...waiting(`error: deployment ${name} exceeded its progress deadline`), failed: true };
  const wait = `Waiting for deployment ${name} rollout to finish: `;
  if (updated < desired) return waiting(`${wait}${updated} out of ${desired} new replicas have been updated...`);
  if (replicas > updated) return waiting(`${wait}${replicas - updated} old replicas are pending termination...`);
  if (available < updated) return waiting(`${wait}${available} of ${updated} updated replicas are available...`);
  return { ...counts, complete: true, message: `deployment ${name} successfully rolled out` };
}

function daemonProgress(object: KubeObject): Progress {
  const name = JSON.stringify(object.metadata?.name ?? '');
  if (textAt(object, 'spec', 'updateStrategy', 'type') !== 'RollingUpdate')
    throw new UserError('statement_invalid', 'rollout status is only available for the strategy RollingUpdate.');
  const [desired, updated, available, ready] = [
    'desiredNumberScheduled',
    'updatedNumberScheduled',
    'numberAvailable',
    'numberReady',
  ].map((field) => numberAt(object, 'status', field)) as [number, number, number, number];
  const counts = { ready, desired, updated };
  const waiting = (message: string) => ({ ...counts, complete: false, message });
  if (numberAt(object, 'metadata', 'generation') > numberAt(object, 'status', 'observedGeneration'))
    return waiting('Waiting for daemon set spec update to be observed...');
  const wait = `Waiting for daemon set ${name} rollout to finish: `;
  if (updated < desired) return waiting(`${wait}${updated} out of ${desired} new pods have been updated...`);
  if (available < desired) return waiting(`${wait}${available} of ${desired} updated pods are available...`);
  return { ...counts, complete: true, message: `daemon set ${name} successfully rolled out` };
}

function statefulProgress(object: KubeObject): Progress {
  const strategy = textAt(object, 'spec', 'updateStrategy', 'type');
  if (strategy !== '' && strategy !== 'RollingUpdate')
    throw new UserError('statement_invalid', 'rollout status is only available for the strategy RollingUpdate.');
  const desired = at(object, 'spec', 'replicas') === undefined ? 1 : numberAt(object, 'spec', 'replicas');
  const [ready, updated, observed] = ['readyReplicas', 'updatedReplicas', 'observedGeneration'].map((field) =>
    numberAt(object, 'status', field),
  ) as [number, number, number];
  const counts = { ready, desired, updated };
  const waiting = (message: string) => ({ ...counts, complete: false, message });
  const done = (message: string) => ({ ...counts, complete: true, message });
  if (observed === 0 || numberAt(object, 'metadata', 'generation') > observed)
    return waiting('Waiting for statefulset spec update to be observed...');
  if (ready < desired) return waiting(`Waiting for ${desired - ready} pods to be ready...`);
  const partition = numberAt(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition');
  if (partition > 0) {
    if (updated < desired - partition)
      return waiting(
        `Waiting for partitioned roll out to finish: ${updated} out of ${desired - partition} new pods have been updated...`,
      );
    return done(`partitioned roll out complete: ${updated} new pods have been updated...`);
  }
  const [current, update] = [textAt(object, 'status', 'currentRevision'), textAt(object, 'status', 'updateRevision')];
  if (update !== current)
    return waiting(`waiting for statefulset rolling update to complete ${updated} pods at revision ${update}...`);
  const currentReplicas = numberAt(object, 'status', 'currentReplicas');
  return done(`statefulset rolling update complete ${currentReplicas} pods at revision ${current}...`);
}
