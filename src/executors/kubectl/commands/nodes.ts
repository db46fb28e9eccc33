import { isOn, optionOf } from '../../../analysis/kubectl-arguments.ts';
import { UserError } from '../../../lib/errors.ts';
import { knownType } from '../../kube/known-types.ts';
import { at, type KubeObject, listAt } from '../../kube/kube-object.ts';
import { KubeRefusal } from '../../kube/kube-refusal.ts';
import { type Command, type CommandContext, CommandFailure, durationOption } from '../command.ts';
import {
  changedValue,
  dryRunQuery,
  MERGE_PATCH,
  type ObjectPlace,
  patchObject,
  printDone,
  readObject,
} from './change-objects.ts';
import { listObjects } from './fetch-objects.ts';

const LOOK_EVERY_MS = 1_000;
/** A budget that forbids an eviction now may allow it in a moment. */
const TRY_AGAIN_MS = 5_000;

/** `cordon` and `uncordon`. Value: `{names, count}`. */
export const cordon: Command = async (context) => await setUnschedulable(context, true);
export const uncordon: Command = async (context) => await setUnschedulable(context, false);

async function setUnschedulable(context: CommandContext, wanted: boolean) {
  const places = await nodesOf(context);
  for (const place of places) await mark(context, place, wanted);
  return changedValue(places);
}

async function mark(context: CommandContext, place: ObjectPlace, wanted: boolean): Promise<void> {
  const done = wanted ? 'cordoned' : 'uncordoned';
  const now = at(await readObject(context, place), 'spec', 'unschedulable') === true;
  if (now === wanted) {
    context.print(`node/${place.name} already ${done}`);
    return;
  }
  const body = { spec: { unschedulable: wanted ? true : null } };
  await patchObject(context, place, { body, contentType: MERGE_PATCH });
  printDone(context, place, done);
}

async function nodesOf(context: CommandContext): Promise<ObjectPlace[]> {
  const type = knownType('nodes', '');
  const selector = optionOf(context.call, 'selector');
  const { operands } = context.call;
  if ((operands.length === 0) === (selector === undefined))
    throw new UserError('statement_invalid', 'Name the nodes or select them with -l, one of the two.');
  const names =
    selector === undefined
      ? operands.map((operand) => operand.replace(/^(?:nodes?|no)\//u, ''))
      : (await listObjects(context, type, { namespace: null, query: [['labelSelector', selector]] })).map(
          (node) => node.metadata?.name ?? '',
        );
  return names.map((name) => ({ type, namespace: null, name }));
}

/** `drain`: cordons, evicts every pod and waits until they are gone. Value: `{names, count, gone}`; names are the evicted pods. */
export const drain: Command = async (context) => {
  const nodes = await nodesOf(context);
  const evicted: ObjectPlace[] = [];
  for (const node of nodes) {
    const pods = await evictable(context, node);
    await mark(context, node, true);
    for (const pod of pods) {
      context.print(`evicting pod ${pod.place.namespace}/${pod.place.name}`);
      await evict(context, pod.place);
      evicted.push(pod.place);
    }
    if (dryRunQuery(context).length === 0) for (const pod of pods) await waitUntilGone(context, pod);
    context.print(`node/${node.name} drained${dryRunQuery(context).length > 0 ? ' (server dry run)' : ''}`);
  }
  return { ...changedValue(evicted), gone: dryRunQuery(context).length === 0 };
};

type EvictedPod = { readonly place: ObjectPlace; readonly uid: string | undefined };

/** The pods that go, by the rules of kubectl drain. Throws CommandFailure, before anything is done, for those that it would not touch. */
async function evictable(context: CommandContext, node: ObjectPlace): Promise<EvictedPod[]> {
  const type = knownType('pods', '');
  const selector = optionOf(context.call, 'pod-selector');
  const query: [string, string][] = [['fieldSelector', `spec.nodeName=${node.name}`]];
  if (selector !== undefined) query.push(['labelSelector', selector]);
  const pods = await listObjects(context, type, { namespace: null, query });
  const objections: string[] = [];
  const going = pods.filter((pod) => {
    const verdict = verdictOn(context, pod);
    if (verdict !== 'go' && verdict !== 'stay')
      objections.push(`${pod.metadata?.namespace}/${pod.metadata?.name} ${verdict}`);
    return verdict === 'go';
  });
  if (objections.length > 0) {
    throw new CommandFailure(
      `Node ${node.name} was not drained, because of ${objections.slice(0, 5).join(', ')}${objections.length > 5 ? ' and others' : ''}: add the option that allows it.`,
    );
  }
  return going.map((pod) => ({
    place: { type, namespace: pod.metadata?.namespace ?? null, name: pod.metadata?.name ?? '' },
    uid: pod.metadata?.uid,
  }));
}

function verdictOn(context: CommandContext, pod: KubeObject): string {
  const { call } = context;
  if (pod.metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined) return 'stay';
  const finished = ['Succeeded', 'Failed'].includes(String(at(pod, 'status', 'phase')));
  const owner = pod.metadata?.ownerReferences?.find(({ controller }) => controller === true);
  if (owner?.kind === 'DaemonSet' && !finished)
    return isOn(call, 'ignore-daemonsets') ? 'stay' : '(of a daemon set, --ignore-daemonsets)';
  const local = listAt(pod, 'spec', 'volumes').some((volume) => at(volume, 'emptyDir') !== undefined);
  if (local && !finished && !isOn(call, 'delete-emptydir-data') && !isOn(call, 'delete-local-data'))
    return '(with local data, --delete-emptydir-data)';
  if (owner === undefined && !finished && !isOn(call, 'force')) return '(without a controller, --force)';
  return 'go';
}

async function evict(context: CommandContext, place: ObjectPlace): Promise<void> {
  const { clock, signal } = context.session;
  const grace = optionOf(context.call, 'grace-period');
  const limit = durationOption(context, 'timeout');
  const startedMs = clock.monotonicMs();
  const options = grace === undefined || grace === '-1' ? {} : { deleteOptions: { gracePeriodSeconds: Number(grace) } };
  for (;;) {
    try {
      await context.session.ask({
        method: 'POST',
        resource: place.type,
        namespace: place.namespace,
        name: place.name,
        subresource: 'eviction',
        query: dryRunQuery(context),
        body: {
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          metadata: { name: place.name, namespace: place.namespace },
          ...options,
        },
      });
      return;
    } catch (error) {
      if (!(error instanceof KubeRefusal)) throw error;
      if (error.status === 404) return;
      if (error.status !== 429) throw error;
      if (limit !== null && clock.monotonicMs() - startedMs >= limit)
        throw new CommandFailure(
          `The budget of ${place.namespace}/${place.name} forbids its eviction: ${error.message}`,
        );
      context.print(`error when evicting pod "${place.name}" (will retry after 5s): ${error.message}`);
      await clock.sleep(TRY_AGAIN_MS, signal);
    }
  }
}

async function waitUntilGone(context: CommandContext, { place, uid }: EvictedPod): Promise<void> {
  const { clock, signal } = context.session;
  for (;;) {
    try {
      if ((await readObject(context, place)).metadata?.uid !== uid) return;
    } catch (error) {
      if (error instanceof KubeRefusal && error.status === 404) return;
      throw error;
    }
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}
