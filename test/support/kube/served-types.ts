/** A type that the imitation serves. */
export type ServedType = {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Subresources with the methods that they take. */
  readonly subresources: Readonly<Record<string, string>>;
};

const SCALED = 'status:GET,PATCH,PUT scale:GET,PATCH,PUT';
const TABLE = `
v1 configmaps ConfigMap cm ns
v1 endpoints Endpoints ep ns
v1 events Event ev ns
v1 namespaces Namespace ns cluster
v1 nodes Node no cluster status:GET,PATCH,PUT proxy:GET,POST
v1 pods Pod po ns,all status:GET,PATCH,PUT log:GET exec:GET,POST attach:GET,POST portforward:GET,POST proxy:GET,POST ephemeralcontainers:GET,PATCH eviction:POST
v1 secrets Secret - ns
v1 serviceaccounts ServiceAccount sa ns token:POST
v1 services Service svc ns,all status:GET proxy:GET,POST
apps/v1 controllerrevisions ControllerRevision - ns
apps/v1 daemonsets DaemonSet ds ns,all status:GET
apps/v1 deployments Deployment deploy ns,all ${SCALED}
apps/v1 replicasets ReplicaSet rs ns,all ${SCALED}
apps/v1 statefulsets StatefulSet sts ns,all ${SCALED}
batch/v1 cronjobs CronJob cj ns,all
batch/v1 jobs Job - ns,all
events.k8s.io/v1 events Event ev ns
metrics.k8s.io/v1beta1 nodes NodeMetrics - cluster
metrics.k8s.io/v1beta1 pods PodMetrics - ns
shop.example.com/v1 carts Cart ct ns,all
vault.example.com/v1 strongboxes Strongbox sx,secretbox ns,all
`;

/** What a small cluster serves, with two types of its own: one harmless, one that calls its secrets otherwise. */
export const SERVED_TYPES: readonly ServedType[] = TABLE.trim()
  .split('\n')
  .map((line) => {
    const [place = '', plural = '', kind = '', names = '', scope = '', ...subresources] = line.split(' ');
    const [group = '', version = ''] = place.includes('/') ? place.split('/') : ['', place];
    const [reach, ...categories] = scope.split(',');
    return {
      group,
      version,
      plural,
      singular: kind.toLowerCase(),
      kind,
      namespaced: reach === 'ns',
      shortNames: names === '-' ? [] : names.split(','),
      categories,
      subresources: Object.fromEntries(subresources.map((part) => part.split(':') as [string, string])),
    };
  });

export function groupVersion(type: ServedType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** The discovery documents by path. */
export function discovery(): Map<string, unknown> {
  const documents = new Map<string, unknown>();
  documents.set('/api', { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] });
  const groups = [...new Set(SERVED_TYPES.filter(({ group }) => group !== '').map(({ group }) => group))];
  const entries = groups.map((name) => {
    const version = SERVED_TYPES.find(({ group }) => group === name)?.version ?? 'v1';
    const preferred = { groupVersion: `${name}/${version}`, version };
    return { name, versions: [preferred], preferredVersion: preferred };
  });
  documents.set('/apis', { kind: 'APIGroupList', apiVersion: 'v1', groups: entries });
  for (const entry of entries) documents.set(`/apis/${entry.name}`, { kind: 'APIGroup', apiVersion: 'v1', ...entry });
  for (const version of new Set(SERVED_TYPES.map(groupVersion))) {
    const types = SERVED_TYPES.filter((type) => groupVersion(type) === version);
    const root = version === 'v1' ? '/api/v1' : `/apis/${version}`;
    documents.set(root, {
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: version,
      resources: types.flatMap(resources),
    });
  }
  documents.set('/version', { major: '1', minor: '32', gitVersion: 'v1.32.0', platform: 'linux/amd64' });
  return documents;
}

function resources(type: ServedType): unknown[] {
  const base = { namespaced: type.namespaced, kind: type.kind };
  const readOnly = type.group === 'metrics.k8s.io';
  const verbs = readOnly
    ? ['get', 'list']
    : ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
  const main = {
    name: type.plural,
    singularName: type.singular,
    ...base,
    verbs,
    ...(type.shortNames.length > 0 ? { shortNames: type.shortNames } : {}),
    ...(type.categories.length > 0 ? { categories: type.categories } : {}),
  };
  const parts = Object.keys(type.subresources).map((name) => ({
    name: `${type.plural}/${name}`,
    singularName: '',
    ...base,
    ...(name === 'scale' ? { group: 'autoscaling', version: 'v1', kind: 'Scale' } : {}),
    verbs: ['get', 'patch', 'update'],
  }));
  return [main, ...parts];
}
