import { REVISION, type Store, typeOf } from './store.ts';

const CREATED = '2026-05-01T08:00:00Z';
const TEMPLATE = {
  metadata: { labels: { app: 'full', tier: 'front' }, annotations: { 'prometheus.io/scrape': 'true' } },
  spec: {
    serviceAccountName: 'runner',
    initContainers: [{ name: 'migrate', image: 'shop/migrate:1', args: ['up'] }],
    containers: [
      {
        name: 'app',
        image: 'shop/app:1',
        command: ['node', 'main.js'],
        args: ['--port', '8080'],
        ports: [
          { containerPort: 8080, protocol: 'TCP' },
          { containerPort: 9090, hostPort: 90, protocol: 'TCP' },
        ],
        resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m', memory: '512Mi' } },
        livenessProbe: {
          httpGet: { path: '/health', port: 8080, scheme: 'HTTP' },
          initialDelaySeconds: 5,
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
        readinessProbe: {
          exec: { command: ['cat', '/ready'] },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
        startupProbe: {
          tcpSocket: { port: 8080 },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 30,
        },
        envFrom: [
          { configMapRef: { name: 'settings' } },
          { prefix: 'DB_', secretRef: { name: 'database', optional: true } },
        ],
        env: [
          { name: 'MODE', value: 'live' },
          { name: 'LINES', value: 'one\ntwo' },
          { name: 'KEY', valueFrom: { secretKeyRef: { name: 'vault', key: 'key' } } },
          { name: 'LEVEL', valueFrom: { configMapKeyRef: { name: 'settings', key: 'level', optional: true } } },
        ],
        volumeMounts: [
          { name: 'scratch', mountPath: '/tmp' },
          { name: 'settings', mountPath: '/etc/app', readOnly: true, subPath: 'app.conf' },
        ],
      },
      { name: 'proxy', image: 'envoy:1', ports: [{ containerPort: 15000, protocol: 'TCP' }] },
    ],
    volumes: [
      { name: 'scratch', emptyDir: {} },
      { name: 'settings', configMap: { name: 'settings' } },
      { name: 'keys', secret: { secretName: 'vault' } },
      { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
      { name: 'host', hostPath: { path: '/var/log', type: 'Directory' } },
      {
        name: 'token',
        projected: {
          sources: [
            { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
            { configMap: { name: 'root-ca' } },
            { downwardAPI: {} },
          ],
        },
      },
    ],
    nodeSelector: { disk: 'ssd', zone: 'a' },
    tolerations: [
      { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
      { key: 'dedicated', operator: 'Equal', value: 'shop', effect: 'NoSchedule' },
    ],
  },
};

/** A pod, a deployment and a node that have everything which `describe` has words for, in the namespace `rich`. */
export function addFullObjects(store: Store): void {
  const add = (plural: string, namespace: string | null, object: Record<string, unknown>) =>
    store.create(
      typeOf(plural),
      namespace,
      { ...object, metadata: { creationTimestamp: CREATED, ...(object.metadata as object) } },
      false,
    );
  add('namespaces', null, { metadata: { name: 'rich' } });
  const deployment = add('deployments', 'rich', {
    metadata: {
      name: 'full',
      labels: { app: 'full' },
      annotations: { [REVISION]: '1', long: 'x'.repeat(150), lines: 'one\ntwo\n' },
    },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'full' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: 1 } },
      minReadySeconds: 5,
      template: TEMPLATE,
    },
    status: {
      observedGeneration: 1,
      replicas: 1,
      updatedReplicas: 1,
      unavailableReplicas: 1,
      conditions: [
        { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable', message: 'none is there' },
        { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message: 'goes on' },
      ],
    },
  });
  store.addReplicaSet(deployment, 'full-1', { [REVISION]: '1' });
  add('pods', 'rich', {
    metadata: {
      name: 'full',
      labels: TEMPLATE.metadata.labels,
      annotations: { note: 'seen' },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'full-1', uid: 'x', controller: true }],
    },
    spec: { ...TEMPLATE.spec, nodeName: 'node-full', priority: 0 },
    status: {
      phase: 'Running',
      hostIP: '10.0.0.1',
      podIP: '10.1.0.7',
      podIPs: [{ ip: '10.1.0.7' }, { ip: 'fd00::7' }],
      startTime: CREATED,
      qosClass: 'Burstable',
      conditions: [
        { type: 'Initialized', status: 'True' },
        { type: 'Ready', status: 'False' },
      ],
      initContainerStatuses: [
        {
          name: 'migrate',
          containerID: 'containerd://0',
          imageID: 'sha256:0',
          ready: true,
          restartCount: 0,
          state: {
            terminated: { reason: 'Completed', exitCode: 0, startedAt: CREATED, finishedAt: '2026-05-01T08:00:09Z' },
          },
        },
      ],
      containerStatuses: [
        {
          name: 'app',
          containerID: 'containerd://1',
          imageID: 'sha256:1',
          ready: false,
          restartCount: 7,
          state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s' } },
          lastState: {
            terminated: {
              reason: 'OOMKilled',
              message: 'out of memory',
              exitCode: 137,
              signal: 9,
              startedAt: CREATED,
              finishedAt: '2026-05-01T08:01:00Z',
            },
          },
        },
        {
          name: 'proxy',
          containerID: 'containerd://2',
          imageID: 'sha256:2',
          ready: true,
          restartCount: 0,
          state: { running: { startedAt: CREATED } },
        },
      ],
    },
  });
  add('nodes', null, {
    metadata: {
      name: 'node-full',
      labels: { 'node-role.kubernetes.io/worker': '', zone: 'a' },
      annotations: { note: 'seen' },
    },
    spec: {
      podCIDR: '10.1.0.0/24',
      providerID: 'cloud://node-full',
      unschedulable: true,
      taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }],
    },
    status: {
      conditions: [
        {
          type: 'MemoryPressure',
          status: 'True',
          lastHeartbeatTime: CREATED,
          lastTransitionTime: CREATED,
          reason: 'KubeletHasInsufficientMemory',
          message: 'kubelet has insufficient memory available',
        },
      ],
      addresses: [
        { type: 'InternalIP', address: '10.0.0.1' },
        { type: 'Hostname', address: 'node-full' },
      ],
      capacity: { cpu: '4', memory: '8Gi', pods: '110' },
      allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
      nodeInfo: {
        machineID: 'm',
        systemUUID: 's',
        bootID: 'b',
        kernelVersion: '6.1',
        osImage: 'Debian',
        operatingSystem: 'linux',
        architecture: 'amd64',
        containerRuntimeVersion: 'containerd://2.0',
        kubeletVersion: 'v1.32.0',
        kubeProxyVersion: '',
      },
    },
  });
}
