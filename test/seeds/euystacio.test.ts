import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KubeServer } from '../support/kube/server.ts';
import { ADMIN, VIEWER } from '../support/kube/shop-cluster.ts';
import { REVISION, typeOf } from '../support/kube/store.ts';
import { openTwinSystem, type TwinSystem } from './twin-steps.ts';

let cluster: KubeServer;
let system: TwinSystem;
beforeAll(async () => {
  cluster = euystacioCluster();
  const server = await cluster.start();
  const kubeconfig = (token: string) => kubeconfigOf(server, cluster.authority, token);
  system = await openTwinSystem('euystacio', {
    settings: { EUYSTACIO_KUBE_SERVER: server },
    secrets: { EUYSTACIO_KUBECONFIG_READ: kubeconfig('reader'), EUYSTACIO_KUBECONFIG_WRITE: kubeconfig('writer') },
  });
  // Inside of the pod of Prometheus there is curl, which reaches the twin.
  cluster.run = async (argv) => {
    const url = argv.at(-1)?.replace('http://localhost:9090', system.twins.settings.EUYSTACIO_PROMETHEUS_URL ?? '');
    const answer = await fetch(url ?? '', { method: 'POST' });
    return { stdout: await answer.text(), exitCode: answer.ok ? 0 : 22 };
  };
});
afterAll(async () => {
  await system.close();
  await cluster.stop();
});

const APP = 'euystacio-ai';
const machine = () => system.twins.machine('euystacio');
const replicas = () => {
  const found = cluster.store.get(typeOf('deployments'), APP, 'euystacio-api') as { spec?: { replicas?: number } };
  return found.spec?.replicas;
};

function kubeconfigOf(server: string, authority: string, token: string): string {
  const ca = Buffer.from(authority).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'twin', cluster: { server, 'certificate-authority-data': ca } }],
    users: [{ name: 'user', user: { token } }],
    contexts: [{ name: 'twin', context: { cluster: 'twin', user: 'user' } }],
    'current-context': 'twin',
  });
}

/** The namespaces of the system with what runbooks look at; everybody but a person with the write credential may only look. */
function euystacioCluster(): KubeServer {
  const server = new KubeServer({ users: { reader: VIEWER, writer: ADMIN } });
  const { store } = server;
  const creationTimestamp = '2026-02-10T03:00:00Z';
  const add = (plural: string, namespace: string | null, object: Record<string, unknown>, group?: string) =>
    store.create(
      typeOf(plural, group),
      namespace,
      { ...object, metadata: { creationTimestamp, ...(object.metadata as object) } },
      false,
    );
  for (const name of [APP, 'monitoring']) add('namespaces', null, { metadata: { name } });
  const workload = (plural: string, namespace: string, name: string) => {
    const template = {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'app', image: `${name}:2`, resources: {} }] },
    };
    const made = add(plural, namespace, {
      metadata: { name, labels: { app: name }, annotations: { [REVISION]: '2' } },
      spec: { replicas: 1, selector: { matchLabels: { app: name } }, template },
      status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 },
    });
    for (const revision of plural === 'deployments' ? ['1', '2'] : []) {
      const older = { ...template, spec: { containers: [{ name: 'app', image: `${name}:${revision}` }] } };
      store.addReplicaSet({ ...made, spec: { ...made.spec, template: older } }, `${name}-${revision}`, {
        [REVISION]: revision,
      });
    }
    add('pods', namespace, {
      metadata: { name: `${name}-1`, labels: { app: name } },
      spec: { nodeName: 'node-a', containers: template.spec.containers },
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [] },
    });
    server.logs.set(`${namespace}/${name}-1/app`, `${name} ready\n`);
    const usage = {
      metadata: { name: `${name}-1`, labels: { app: name } },
      timestamp: creationTimestamp,
      window: '30s',
    };
    add(
      'pods',
      namespace,
      { ...usage, containers: [{ name: 'app', usage: { cpu: '900m', memory: '1Gi' } }] },
      'metrics.k8s.io',
    );
  };
  for (const name of ['euystacio-api', 'opa-peace-bonds']) workload('deployments', APP, name);
  workload('deployments', 'monitoring', 'grafana');
  workload('statefulsets', 'monitoring', 'prometheus-prometheus-operator');
  add('pods', 'monitoring', {
    metadata: { name: 'prometheus-prometheus-operator-0', labels: {} },
    spec: { nodeName: 'node-a', containers: [{ name: 'prometheus', image: 'prometheus:3' }] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [] },
  });
  return server;
}

describe('MS-A1, MS-A2 and MS-H1: the kernel cannot read its input', () => {
  it('is seen in the file, in the details and in the alert; a repaired file ends it', async () => {
    for (const step of ['MS-H1#alerts', 'MS-H1#metrics', 'MS-A1#red_code', 'MS-A1#qek_details', 'MS-A1#qek_after'])
      expect(await system.normal(step), step).toBe(true);
    const file = join(machine().dir, 'red_code.json');
    const whole = await readFile(file, 'utf8');
    await writeFile(file, whole.slice(0, 20));
    expect(await system.normal('MS-A1#red_code')).toBe(false);
    expect(await system.normal('MS-H1#alerts')).toBe(false);
    expect((await system.run('MS-A1#qek_details')).value).toMatchObject({ body: { qek: 0.82 } });
    expect((await system.run('MS-H1#metrics')).value).toMatchObject({ body: { all_ok: false } });
    await writeFile(file, whole);
    expect(await system.normal('MS-A1#red_code')).toBe(true);
    expect(await system.normal('MS-H1#alerts')).toBe(true);
  });

  it('MS-A2 and MS-A3 read events, the request rate and the risk of the provider that was named', async () => {
    expect((await system.run('MS-A2#request_rate')).value).toMatchObject({ value: 12.4 });
    expect((await system.run('MS-A2#risk_events', { limit: 1 })).value.body).toMatchObject({ events: [{ id: 'r-2' }] });
    expect(await system.normal('MS-A2#h_var_after')).toBe(true);
    expect((await system.run('MS-A3#provider_risk', { provider_id: 'p-7' })).value).toMatchObject({
      body: { provider: 'p-7', risk_score: 0.85 },
    });
    expect(await system.normal('MS-A3#provider_risk', { provider_id: 'unknown' })).toBe(false);
  });
});

describe('MS-A4, MS-S1, MS-D2 and MS-M2 on the cluster', () => {
  it('look at pods, usage and logs with the credential that may only look', async () => {
    for (const step of [
      'MS-H1#pods',
      'MS-H1#opa_pods',
      'MS-A4#by_cpu',
      'MS-A5#by_memory',
      'MS-A2#pod_resources',
      'MS-A1#api_log',
    ])
      expect((await system.run(step)).error, step).toBeNull();
    expect((await system.run('MS-H1#opa_pods')).output).toContain('opa-peace-bonds-1');
    expect((await system.run('MS-A4#by_cpu')).output).toContain('900m');
  });

  it('MS-A4 scales up and back, MS-S1 up and down', async () => {
    expect((await system.run('MS-A4#scale_up', { replicas: 8 })).error).toBeNull();
    expect(replicas()).toBe(8);
    expect((await system.run('MS-A4#replicas_now')).output).toContain('euystacio-api');
    expect(system.step('MS-A4#scale_up').revert).toBe('scale_back');
    await system.run('MS-A4#scale_back', { usual_replicas: 3 });
    expect(replicas()).toBe(3);
    expect((await system.run('MS-S1#replicas_before')).status).toBe('ok');
    await system.run('MS-S1#scale_up', { replicas_up: 10 });
    expect(replicas()).toBe(10);
    await system.run('MS-S1#scale_down', { replicas_down: 2 });
    expect(replicas()).toBe(2);
    expect((await system.run('MS-S1#replicas')).status).toBe('ok');
  });

  it('MS-M2 restarts Grafana, and MS-D2 takes the last rollout back', async () => {
    expect((await system.run('MS-M2#restart')).error).toBeNull();
    const grafana = cluster.store.get(typeOf('deployments'), 'monitoring', 'grafana');
    expect(JSON.stringify(grafana)).toContain('kubectl.kubernetes.io/restartedAt');
    expect((await system.run('MS-D2#undo')).error).toBeNull();
    expect(JSON.stringify(cluster.store.get(typeOf('deployments'), APP, 'euystacio-api'))).toContain('euystacio-api:1');
    expect(await system.normal('MS-D2#health')).toBe(true);
  });
});

describe('MS-M3, MS-B1 to MS-B3, MS-D1 and MS-I2 on the operations host', () => {
  it('MS-M3 replaces a configuration that Prometheus could not load', async () => {
    expect(await system.normal('MS-M3#config')).toBe(false);
    expect((await system.run('MS-M3#reload')).status).toBe('failed');
    expect(await system.normal('MS-M3#config')).toBe(false);
    const config_file = 'monitoring/prometheus/prometheus-config.yaml';
    expect((await system.run('MS-M3#configmap', { config_file })).output).toContain('server dry run');
    await system.mend('MS-M3#reload', 'MS-M3#config');
  });

  it('MS-B2 takes a snapshot and downloads the one that was taken', async () => {
    const taken = await system.run('MS-B2#snapshot');
    expect(system.step('MS-B2#snapshot').expect).not.toBeNull();
    const { name } = (taken.value.body as { data: { name: string } }).data;
    const values = { snapshot: name, pod: 'prometheus-prometheus-operator-0' };
    expect(await system.normal('MS-B2#download', values)).toBe(true);
    expect(await readdir(machine().dir)).toContainEqual(expect.stringMatching(/^prometheus-backup-\d{8}$/u));
    expect(await system.normal('MS-B2#ready')).toBe(true);
  });

  it('MS-B1 saves what MS-B3 compares and restores', async () => {
    for (const step of ['resources', 'configmaps', 'secrets'])
      expect(await system.normal(`MS-B1#${step}`), step).toBe(true);
    const saved = (await readdir(machine().dir)).filter((file) => file.startsWith('backup-'));
    expect(saved).toHaveLength(3);
    const k8s_backup = saved.find((file) => file.startsWith('backup-k8s-')) ?? '';
    expect(await system.normal('MS-B3#preview', { k8s_backup })).toBe(true);
    expect((await system.run('MS-B3#resources', { k8s_backup })).output).toContain('configured');
    expect((await system.run('MS-B3#preview', { k8s_backup })).value).toMatchObject({ exit_code: 0 });
  });

  it('MS-D1 tests, compares and applies; MS-D3 and MS-M4 apply what they name; MS-I2 gathers', async () => {
    expect(await system.normal('MS-D1#tests')).toBe(true);
    expect((await system.run('MS-D1#diff')).value).toMatchObject({ exit_code: 1 });
    for (const step of ['MS-D1#apply', 'MS-D3#deploy_green', 'MS-M4#dashboards'])
      expect((await system.run(step)).output, step).toContain('configured');
    expect((await system.run('MS-D1#diff')).value).toMatchObject({ exit_code: 0 });
    expect((await system.run('MS-I2#gather')).output).toContain('files in diagnostics/');
    for (const step of ['MS-D1#health', 'MS-D3#health']) expect(await system.normal(step), step).toBe(true);
  });
});
