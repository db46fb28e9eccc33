import { at, type KubeObject, listAt, numberAt, textAt } from '../../kube/kube-object.ts';
import { shortAge } from '../print-table.ts';
import { containerLines } from './containers.ts';
import { annotationLines, conditionLines, entriesOf, labelLines, ownerLines, timeOf } from './parts.ts';
import { placementRows, volumeRows } from './pod-template.ts';

/** A pod as kubectl describes it (k8s.io/kubectl/pkg/describe), without its events. */
export function podRows(pod: KubeObject, now: Date): string[] {
  const one = (label: string, ...path: string[]) => {
    const text = textAt(pod, ...path);
    return text === '' ? [] : [`${label}:\t${text}`];
  };
  const node = textAt(pod, 'spec', 'nodeName');
  const ips = listAt(pod, 'status', 'podIPs').map((ip) => textAt(ip, 'ip'));
  const statuses = listAt(pod, 'status', 'containerStatuses');
  const early = listAt(pod, 'status', 'initContainerStatuses');
  return [
    `Name:\t${pod.metadata?.name ?? ''}`,
    `Namespace:\t${pod.metadata?.namespace ?? ''}`,
    ...one('Priority', 'spec', 'priority'),
    ...one('Priority Class Name', 'spec', 'priorityClassName'),
    ...one('Runtime Class Name', 'spec', 'runtimeClassName'),
    ...one('Service Account', 'spec', 'serviceAccountName'),
    `Node:\t${node === '' ? '<none>' : `${node}/${textAt(pod, 'status', 'hostIP')}`}`,
    ...(at(pod, 'status', 'startTime') === undefined ? [] : [`Start Time:\t${timeOf(at(pod, 'status', 'startTime'))}`]),
    ...labelLines('Labels', pod.metadata?.labels),
    ...annotationLines(pod.metadata?.annotations),
    ...statusRows(pod, now),
    ...one('Reason', 'status', 'reason'),
    ...one('Message', 'status', 'message'),
    `IP:\t${textAt(pod, 'status', 'podIP')}`,
    ...(ips.length === 0 ? ['IPs:\t<none>'] : ['IPs:', ...ips.map((ip) => `  IP:\t${ip}`)]),
    ...ownerLines(pod),
    ...one('NominatedNodeName', 'status', 'nominatedNodeName'),
    ...containerLines('Init Containers', listAt(pod, 'spec', 'initContainers'), { statuses: early }),
    ...containerLines('Containers', listAt(pod, 'spec', 'containers'), { statuses }),
    ...conditionLines(listAt(pod, 'status', 'conditions'), ['Type', 'Status'], { rule: false, gap: '\t' }),
    ...volumeRows(listAt(pod, 'spec', 'volumes')),
    `QoS Class:\t${textAt(pod, 'status', 'qosClass') || qualityOf(pod)}`,
    ...placementRows(at(pod, 'spec')),
  ];
}

function statusRows(pod: KubeObject, now: Date): string[] {
  const deleted = pod.metadata?.deletionTimestamp;
  if (deleted === undefined || textAt(pod, 'status', 'reason') === 'NodeLost')
    return [`Status:\t${textAt(pod, 'status', 'phase')}`];
  return [
    `Status:\tTerminating (lasts ${shortAge(now.getTime() - Date.parse(deleted))})`,
    `Termination Grace Period:\t${numberAt(pod, 'metadata', 'deletionGracePeriodSeconds')}s`,
  ];
}

/** What a server says itself; older ones do not. Source: k8s.io/kubectl/pkg/util/qos. */
function qualityOf(pod: KubeObject): string {
  const all = [...listAt(pod, 'spec', 'initContainers'), ...listAt(pod, 'spec', 'containers')].map((one) => ({
    limits: new Map(entriesOf(at(one, 'resources', 'limits'))),
    requests: new Map(entriesOf(at(one, 'resources', 'requests'))),
  }));
  if (all.every(({ limits, requests }) => limits.size + requests.size === 0)) return 'BestEffort';
  const guaranteed = all.every(({ limits, requests }) =>
    ['cpu', 'memory'].every((name) => limits.has(name) && [undefined, limits.get(name)].includes(requests.get(name))),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
