import { UserError } from '../../../lib/errors.ts';
import { knownType } from '../../kube/known-types.ts';
import { at, type KubeObject, listAt, textAt } from '../../kube/kube-object.ts';
import { type CommandContext, namespaceOf } from '../command.ts';
import { listObjects, selectorText } from './fetch-objects.ts';

/** Types whose pods are found by `spec.selector`. */
const WORKLOADS = new Set([
  'deployments',
  'statefulsets',
  'daemonsets',
  'replicasets',
  'replicationcontrollers',
  'jobs',
  'services',
]);

/** The pod that `web-1`, `pod/web-1` or `deploy/web` means, and how many there were to choose from: a running and ready one first. */
export async function podsOf(context: CommandContext, operand: string): Promise<{ chosen: KubeObject; all: number }> {
  const { session } = context;
  const namespace = namespaceOf(context);
  const pods = knownType('pods', '');
  const [word, name] = operand.includes('/') ? operand.split('/') : ['pod', operand];
  const [type] = await session.resolve(word ?? '');
  if (type === undefined || name === undefined || name === '' || operand.split('/').length > 2)
    throw new UserError('statement_invalid', `\`${operand.slice(0, 60)}\` does not name a pod: write its name.`);
  const object = await session.ask({ method: 'GET', resource: type, namespace, name });
  if (type.plural === 'pods') return { chosen: object, all: 1 };
  if (!WORKLOADS.has(type.plural))
    throw new UserError('statement_invalid', `${type.plural} have no pods: name a pod or a workload.`);
  const selector = selectorText(at(object, 'spec', 'selector'));
  if (selector === '') throw new UserError('statement_invalid', `${operand} selects no pods: name a pod.`);
  const found = await listObjects(context, pods, { namespace, query: [['labelSelector', selector]] });
  const ranked = [...found].sort((a, b) => rank(a) - rank(b));
  const [chosen] = ranked;
  if (!chosen) throw new UserError('not_found', `${operand} has no pods at the moment.`);
  return { chosen, all: found.length };
}

function rank(pod: KubeObject): number {
  const ready = listAt(pod, 'status', 'conditions').some(
    (condition) => textAt(condition, 'type') === 'Ready' && textAt(condition, 'status') === 'True',
  );
  return (ready ? 0 : 2) + (textAt(pod, 'status', 'phase') === 'Running' ? 0 : 1);
}
