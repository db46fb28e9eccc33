import { isDeepStrictEqual } from 'node:util';
import { at, type KubeObject, listAt, numberAt, textAt } from '../../kube/kube-object.ts';
import { selectorText } from '../commands/fetch-objects.ts';
import { annotationLines, conditionLines, labelLines, orNone, timeOf } from './parts.ts';
import { templateRows } from './pod-template.ts';

/** A deployment as kubectl describes it, without its events; `replicaSets` are those that it owns. */
export function deploymentRows(deployment: KubeObject, replicaSets: readonly KubeObject[]): string[] {
  const status = (field: string) => numberAt(deployment, 'status', field);
  const rolling = at(deployment, 'spec', 'strategy', 'rollingUpdate');
  const current = replicaSets.filter((set) => hasTemplateOf(set, deployment));
  const name = (sets: readonly KubeObject[]) =>
    orNone(
      sets.map(
        (set) =>
          `${set.metadata?.name ?? ''} (${numberAt(set, 'status', 'replicas')}/${numberAt(set, 'spec', 'replicas')} replicas created)`,
      ),
    );
  return [
    `Name:\t${deployment.metadata?.name ?? ''}`,
    `Namespace:\t${deployment.metadata?.namespace ?? ''}`,
    `CreationTimestamp:\t${timeOf(deployment.metadata?.creationTimestamp)}`,
    ...labelLines('Labels', deployment.metadata?.labels),
    ...annotationLines(deployment.metadata?.annotations),
    `Selector:\t${selectorText(at(deployment, 'spec', 'selector'))}`,
    `Replicas:\t${numberAt(deployment, 'spec', 'replicas')} desired | ${status('updatedReplicas')} updated | ${status('replicas')} total | ${status('availableReplicas')} available | ${status('unavailableReplicas')} unavailable`,
    `StrategyType:\t${textAt(deployment, 'spec', 'strategy', 'type')}`,
    `MinReadySeconds:\t${numberAt(deployment, 'spec', 'minReadySeconds')}`,
    ...(rolling === undefined
      ? []
      : [
          `RollingUpdateStrategy:\t${textAt(rolling, 'maxUnavailable')} max unavailable, ${textAt(rolling, 'maxSurge')} max surge`,
        ]),
    ...templateRows(at(deployment, 'spec', 'template')),
    ...conditionLines(listAt(deployment, 'status', 'conditions'), ['Type', 'Status', 'Reason'], {
      rule: true,
      gap: '\t',
    }),
    `OldReplicaSets:\t${name(replicaSets.filter((set) => !current.includes(set)))}`,
    `NewReplicaSet:\t${name(current)}`,
  ];
}

function hasTemplateOf(set: KubeObject, deployment: KubeObject): boolean {
  const template = structuredClone(at(set, 'spec', 'template') ?? {}) as {
    metadata?: { labels?: Record<string, string> };
  };
  delete template.metadata?.labels?.['pod-template-hash'];
  return isDeepStrictEqual(template, at(deployment, 'spec', 'template'));
}
