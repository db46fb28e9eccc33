import { KubeServer, type KubeUser } from './server.ts';
import { REVISION, typeOf } from './store.ts';

/** When everything in the cluster happened, before `now`. */
const CREATED = '2026-05-01T08:00:00Z';

/** Sees everything but Secrets, as the role `view` does. */
export const VIEWER: KubeUser = {
  name: 'viewer',
  may: (verb, resource) =>
    ['get', 'list', 'watch'].includes(verb) && !/^secrets|exec|attach|portforward|proxy/u.test(resource),
};
export const ADMIN: KubeUser = { name: 'admin', may: () => true };

/** A small shop: a deployment of three revisions, its pods, a service, nodes, events, metrics and things that nobody should see. */
export function shopCluster(options: Partial<ConstructorParameters<typeof KubeServer>[0]> = {}): KubeServer {
  const server = new KubeServer({
    users: { 'read-secret-4711': VIEWER, 'write-secret-4712': ADMIN, admin: ADMIN },
    ...options,
  });
  const { store } = server;
  const add = (plural: string, namespace: string | null, object: Record<string, unknown>, group?: string) =>
    store.create(
      typeOf(plural, group),
      namespace,
      { ...object, metadata: { creationTimestamp: CREATED, ...(object.metadata as object) } },
      false,
    );
  for (const name of ['default', 'shop', 'other']) add('namespaces', null, { metadata: { name } });
  for (const name of ['node-a', 'node-b'])
    add('nodes', null, {
      metadata: { name, labels: { 'kubernetes.io/hostname': name } },
      spec: {},
      status: {
        nodeInfo: { kubeletVersion: 'v1.32.0' },
        capacity: { cpu: '4', memory: '8Gi' },
        allocatable: { cpu: '4', memory: '8Gi' },
      },
    });
  const template = (version: string) => ({
    metadata: { labels: { app: 'web' } },
    spec: {
      containers: [
        {
          name: 'app',
          image: `shop/web:${version}`,
          env: [
            { name: 'DB_PASSWORD', value: 'hunter2-plain' },
            { name: 'MODE', value: 'live' },
          ],
        },
        { name: 'proxy', image: 'envoy:1' },
      ],
    },
  });
  const deploy = (name: string) =>
    add('deployments', 'shop', {
      metadata: {
        name,
        labels: { app: name },
        annotations: { [REVISION]: '3', 'kubernetes.io/change-cause': 'release 3' },
      },
      spec: { replicas: 3, selector: { matchLabels: { app: name } }, template: template('3') },
      status: { observedGeneration: 1, replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 },
    });
  const web = deploy('web');
  for (const revision of ['1', '2', '3'])
    store.addReplicaSet({ ...web, spec: { ...web.spec, template: template(revision) } }, `web-${revision.repeat(9)}`, {
      [REVISION]: revision,
      ...(revision === '1' ? {} : { 'kubernetes.io/change-cause': `release ${revision}` }),
    });
  store.stuck.add('stuck');
  const stuck = deploy('stuck');
  store.put(
    typeOf('deployments'),
    {
      ...stuck,
      status: { observedGeneration: 1, replicas: 3, updatedReplicas: 1, readyReplicas: 3, availableReplicas: 3 },
    },
    'MODIFIED',
  );
  const pod = (
    name: string,
    namespace: string,
    parts: { labels?: Record<string, string>; waiting?: string; node?: string; restarts?: number } = {},
  ) => {
    const { containers } = template('3').spec;
    return add('pods', namespace, {
      metadata: { name, labels: parts.labels ?? { app: 'web' } },
      spec: { nodeName: parts.node ?? 'node-a', containers },
      status: {
        phase: 'Running',
        podIP: '10.0.0.7',
        conditions: [{ type: 'Ready', status: parts.waiting ? 'False' : 'True' }],
        containerStatuses: containers.map((one) => ({
          name: one.name,
          ready: parts.waiting === undefined,
          restartCount: parts.restarts ?? 0,
          state: parts.waiting ? { waiting: { reason: parts.waiting } } : { running: { startedAt: CREATED } },
        })),
      },
    });
  };
  pod('web-1', 'shop');
  pod('web-2', 'shop', { node: 'node-b' });
  pod('web-10', 'shop', { waiting: 'CrashLoopBackOff', restarts: 12 });
  pod('prey', 'shop', { labels: { app: 'prey' } });
  pod('lonely', 'other', { labels: { app: 'lonely' } });
  for (const name of ['web-1', 'web-2', 'web-10', 'prey']) {
    server.logs.set(`shop/${name}/app`, `${name} started\n${name} ready\nGET /cart 200\n`);
    server.logs.set(`shop/${name}/proxy`, `proxy of ${name}\n`);
  }
  server.logs.set('shop/web-10/app/previous', 'panic: out of luck\n');
  add('services', 'shop', {
    metadata: { name: 'web' },
    spec: {
      type: 'ClusterIP',
      clusterIP: '10.1.0.1',
      selector: { app: 'web' },
      ports: [{ port: 80, protocol: 'TCP' }],
    },
  });
  add('configmaps', 'shop', {
    metadata: { name: 'settings' },
    data: { mode: 'live', 'db-password': 'hunter2-config' },
  });
  add('secrets', 'shop', {
    metadata: { name: 'vault', labels: { app: 'web' } },
    type: 'Opaque',
    data: { key: Buffer.from('top-secret-value').toString('base64') },
  });
  add('carts', 'shop', { metadata: { name: 'basket' }, spec: { size: 3 } });
  add('strongboxes', 'shop', { metadata: { name: 'box' }, spec: { combination: 'top-secret-value' } });
  add(
    'events',
    'shop',
    {
      metadata: { name: 'web-10.1' },
      involvedObject: {
        kind: 'Pod',
        name: 'web-10',
        namespace: 'shop',
        uid: store.get(typeOf('pods', ''), 'shop', 'web-10').metadata.uid,
      },
      type: 'Warning',
      reason: 'BackOff',
      message: 'Back-off restarting failed container',
      count: 7,
      firstTimestamp: CREATED,
      lastTimestamp: '2026-05-01T09:00:00Z',
      source: { component: 'kubelet', host: 'node-a' },
    },
    '',
  );
  for (const [name, cpu, memory] of [
    ['web-1', '120m', '100Mi'],
    ['web-2', '80m', '90Mi'],
    ['web-10', '5m', '10Mi'],
  ] as const)
    add(
      'pods',
      'shop',
      {
        metadata: { name, labels: { app: 'web' } },
        timestamp: CREATED,
        window: '30s',
        containers: [
          { name: 'app', usage: { cpu, memory } },
          { name: 'proxy', usage: { cpu: '10m', memory: '20Mi' } },
        ],
      },
      'metrics.k8s.io',
    );
  for (const name of ['node-a', 'node-b'])
    add(
      'nodes',
      null,
      { metadata: { name }, timestamp: CREATED, window: '30s', usage: { cpu: '1', memory: '2Gi' } },
      'metrics.k8s.io',
    );
  return server;
}
