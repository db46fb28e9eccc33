import { shortAge } from '../../../src/executors/kubectl/print-table.ts';
import type { ServedType } from './served-types.ts';
import type { Stored } from './store.ts';

type Column = readonly [name: string, cell: (object: Stored, now: Date) => unknown, wide?: 'wide'];

const age: Column = ['Age', (object, now) => shortAge(now.getTime() - Date.parse(object.metadata.creationTimestamp))];
const name: Column = ['Name', (object) => object.metadata.name];
const containers = (object: Stored) => (object.spec?.template?.spec?.containers ?? []) as Stored[];
const images: Column[] = [
  [
    'Containers',
    (object) =>
      containers(object)
        .map((one) => one.name)
        .join(','),
    'wide',
  ],
  [
    'Images',
    (object) =>
      containers(object)
        .map((one) => one.image)
        .join(','),
    'wide',
  ],
];
const selector: Column = [
  'Selector',
  (object) =>
    Object.entries(object.spec?.selector?.matchLabels ?? object.spec?.selector ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(',') || '<none>',
  'wide',
];
const statuses = (object: Stored) => (object.status?.containerStatuses ?? []) as Stored[];

/** The columns that API servers print (pkg/printers/internalversion of Kubernetes 1.32). */
const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  pods: [
    name,
    ['Ready', (pod) => `${statuses(pod).filter((one) => one.ready).length}/${pod.spec.containers.length}`],
    [
      'Status',
      (pod) => statuses(pod).find((one) => one.state?.waiting)?.state.waiting.reason ?? pod.status?.phase ?? 'Unknown',
    ],
    ['Restarts', (pod) => String(statuses(pod).reduce((sum, one) => sum + (one.restartCount ?? 0), 0))],
    age,
    ['IP', (pod) => pod.status?.podIP ?? '<none>', 'wide'],
    ['Node', (pod) => pod.spec.nodeName ?? '<none>', 'wide'],
    ['Nominated Node', () => '<none>', 'wide'],
    ['Readiness Gates', () => '<none>', 'wide'],
  ],
  deployments: [
    name,
    ['Ready', (one) => `${one.status?.readyReplicas ?? 0}/${one.spec.replicas ?? 1}`],
    ['Up-to-date', (one) => one.status?.updatedReplicas ?? 0],
    ['Available', (one) => one.status?.availableReplicas ?? 0],
    age,
    ...images,
    selector,
  ],
  replicasets: [
    name,
    ['Desired', (one) => one.spec.replicas ?? 1],
    ['Current', (one) => one.status?.replicas ?? 0],
    ['Ready', (one) => one.status?.readyReplicas ?? 0],
    age,
    ...images,
    selector,
  ],
  statefulsets: [
    name,
    ['Ready', (one) => `${one.status?.readyReplicas ?? 0}/${one.spec.replicas ?? 1}`],
    age,
    ...images,
  ],
  jobs: [
    name,
    [
      'Status',
      (one) => {
        const held = (one.status?.conditions ?? []).find((condition: Stored) => condition.status === 'True')?.type;
        return held ?? (one.metadata.deletionTimestamp ? 'Terminating' : 'Running');
      },
    ],
    ['Completions', (one) => `${one.status?.succeeded ?? 0}/${one.spec.completions ?? 1}`],
    [
      'Duration',
      (one, now) => {
        if (!one.status?.startTime) return '';
        const until = one.status.completionTime ? Date.parse(one.status.completionTime) : now.getTime();
        return shortAge(until - Date.parse(one.status.startTime));
      },
    ],
    age,
    ...images,
    selector,
  ],
  services: [
    name,
    ['Type', (one) => one.spec.type ?? 'ClusterIP'],
    ['Cluster-IP', (one) => one.spec.clusterIP ?? '<none>'],
    ['External-IP', () => '<none>'],
    [
      'Port(s)',
      (one) => (one.spec.ports ?? []).map((port: Stored) => `${port.port}/${port.protocol ?? 'TCP'}`).join(','),
    ],
    age,
    selector,
  ],
  nodes: [
    name,
    ['Status', (one) => `Ready${one.spec?.unschedulable ? ',SchedulingDisabled' : ''}`],
    ['Roles', () => '<none>'],
    age,
    ['Version', (one) => one.status?.nodeInfo?.kubeletVersion ?? ''],
    ['Internal-IP', () => '<none>', 'wide'],
  ],
  namespaces: [name, ['Status', (one) => one.status?.phase ?? 'Active'], age],
  configmaps: [name, ['Data', (one) => Object.keys(one.data ?? {}).length], age],
  events: [
    ['Last Seen', (event, now) => shortAge(now.getTime() - Date.parse(event.lastTimestamp))],
    ['Type', (event) => event.type],
    ['Reason', (event) => event.reason],
    ['Object', (event) => `${event.involvedObject.kind.toLowerCase()}/${event.involvedObject.name}`],
    ['Subobject', () => '', 'wide'],
    ['Source', (event) => event.source?.component ?? '', 'wide'],
    ['Message', (event) => event.message],
    ['First Seen', (event, now) => shortAge(now.getTime() - Date.parse(event.firstTimestamp)), 'wide'],
    ['Count', (event) => event.count ?? 1, 'wide'],
    ['Name', (event) => event.metadata.name, 'wide'],
  ],
};

/** A list as a table of the API server (meta.k8s.io/v1). */
export function tableOf(
  type: ServedType,
  list: Stored,
  items: readonly Stored[],
  include: { objects: string; now: Date },
): Stored {
  const columns = COLUMNS[type.plural] ?? [name, age];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { ...(list.items ? list.metadata : { resourceVersion: list.metadata.resourceVersion }) },
    columnDefinitions: columns.map(([title, , wide]) => ({
      name: title,
      type: 'string',
      format: title === 'Name' ? 'name' : '',
      description: title,
      priority: wide ? 1 : 0,
    })),
    rows: items.map((item) => ({
      cells: columns.map(([, cell]) => cell(item, include.now)),
      ...(include.objects === 'None' ? {} : { object: include.objects === 'Object' ? item : partial(item) }),
    })),
  };
}

function partial(item: Stored): Stored {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: item.metadata };
}
