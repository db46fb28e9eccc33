import { at, type KubeObject, listAt, textAt } from '../../kube/kube-object.ts';
import { annotationLines, conditionLines, entriesOf, labelLines, orNone, timeOf } from './parts.ts';

const ROLE = 'node-role.kubernetes.io/';
const CONDITION = ['Type', 'Status', 'LastHeartbeatTime', 'LastTransitionTime', 'Reason', 'Message'];
const SYSTEM = [
  ['Machine ID', 'machineID'],
  ['System UUID', 'systemUUID'],
  ['Boot ID', 'bootID'],
  ['Kernel Version', 'kernelVersion'],
  ['OS Image', 'osImage'],
  ['Operating System', 'operatingSystem'],
  ['Architecture', 'architecture'],
  ['Container Runtime Version', 'containerRuntimeVersion'],
  ['Kubelet Version', 'kubeletVersion'],
  ['Kube-Proxy Version', 'kubeProxyVersion'],
] as const;

/** A node as kubectl describes it, but for its lease and for the sums over its pods, and without its events. */
export function nodeRows(node: KubeObject): string[] {
  const roles = Object.keys(node.metadata?.labels ?? {}).flatMap((key) =>
    key.startsWith(ROLE) ? [key.slice(ROLE.length)] : [],
  );
  const taints = listAt(node, 'spec', 'taints').map((taint) => {
    const value = textAt(taint, 'value');
    return `${textAt(taint, 'key')}${value === '' ? '' : `=${value}`}:${textAt(taint, 'effect')}`;
  });
  const [taint = '<none>', ...more] = taints.sort();
  const amounts = (title: string, field: string) => [
    `${title}:`,
    ...entriesOf(at(node, 'status', field)).map(([name, amount]) => `  ${name}:\t${amount}`),
  ];
  return [
    `Name:\t${node.metadata?.name ?? ''}`,
    `Roles:\t${orNone(roles.sort()).replaceAll(', ', ',')}`,
    ...labelLines('Labels', node.metadata?.labels),
    ...annotationLines(node.metadata?.annotations),
    `CreationTimestamp:\t${timeOf(node.metadata?.creationTimestamp)}`,
    `Taints:\t${taint}`,
    ...more.map((text) => `\t${text}`),
    `Unschedulable:\t${at(node, 'spec', 'unschedulable') === true}`,
    ...conditionLines(listAt(node, 'status', 'conditions'), CONDITION, { rule: true, gap: ' \t' }),
    'Addresses:',
    ...listAt(node, 'status', 'addresses').map(
      (address) => `  ${textAt(address, 'type')}:\t${textAt(address, 'address')}`,
    ),
    ...amounts('Capacity', 'capacity'),
    ...amounts('Allocatable', 'allocatable'),
    'System Info:',
    ...SYSTEM.map(([label, field]) => `  ${label}:\t${textAt(node, 'status', 'nodeInfo', field)}`),
    ...(textAt(node, 'spec', 'podCIDR') === '' ? [] : [`PodCIDR:\t${textAt(node, 'spec', 'podCIDR')}`]),
    ...(textAt(node, 'spec', 'providerID') === '' ? [] : [`ProviderID:\t${textAt(node, 'spec', 'providerID')}`]),
  ];
}
