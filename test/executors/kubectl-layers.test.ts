import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, vi } from 'vitest';
import { createKubectlExecutor } from '../../src/executors/kubectl/kubectl-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { KubeServer } from '../support/kube/server.ts';
import { ADMIN, shopCluster, VIEWER } from '../support/kube/shop-cluster.ts';
import { describeLayers, thatChanged } from './escape-layers.ts';
import { execute } from './harness.ts';

/** Layers are left out here and nowhere else: this file replaces their modules, production code has no switch. */
const off = vi.hoisted(() => new Set<string>());

vi.mock('../../src/analysis/kubectl-effect.ts', async (load) => {
  const real = await load<typeof import('../../src/analysis/kubectl-effect.ts')>();
  const callEffect: typeof real.callEffect = async (call) =>
    off.has('list of verbs') ? { effect: 'read', reasons: [] } : await real.callEffect(call);
  const secretRefusal: typeof real.secretRefusal = (call) =>
    off.has('list of verbs') ? null : real.secretRefusal(call);
  return { ...real, callEffect, secretRefusal };
});
vi.mock('../../src/executors/kubectl/kube-guard.ts', async (load) => {
  const real = await load<typeof import('../../src/executors/kubectl/kube-guard.ts')>();
  const guardRequest: typeof real.guardRequest = (request, mode) => {
    if (!off.has('gate before the wire')) real.guardRequest(request, mode);
  };
  return { ...real, guardRequest };
});
vi.mock('../../src/executors/kube/kube-object.ts', async (load) => {
  const real = await load<typeof import('../../src/executors/kube/kube-object.ts')>();
  // the session tells by the kind that it was answered with Secrets
  const textAt: typeof real.textAt = (value, ...keys) => {
    const text = real.textAt(value, ...keys);
    return off.has('look at the answer') && keys.at(-1) === 'kind' ? text.replace(/^Secret/u, 'Box') : text;
  };
  const visibleObject: typeof real.visibleObject = (object) =>
    off.has('mask of secret values') ? object : real.visibleObject(object);
  return { ...real, textAt, visibleObject };
});

const LISTS = ['list of verbs', 'gate before the wire', 'RBAC of the cluster'] as const;
type Escape = { readonly name: string; readonly text: string };
const ESCAPES: readonly Escape[] = [
  'delete pod prey',
  'delete deployment/web',
  'delete secret/vault',
  'scale deployment/web --replicas=0',
  'rollout restart deployment/web',
  'rollout undo deployment/web',
  'set image deployment/web app=evil',
  'label pod web-1 a=b',
  'annotate pod web-1 a=b',
  `patch configmap settings -p '{"data":{"mode":"evil"}}'`,
  'cordon node-a',
  'create namespace evil',
  'apply -f -\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: planted }\ndata: { a: b }',
  'exec web-1 -c app -- touch made',
  'get secret vault -o yaml',
  'get secret vault -o jsonpath={.data.key}',
].map((text) => ({ name: text.split('\n')[0] ?? '', text }));

let dir: string;
let server: KubeServer;
let address: string;
let ran = 0;
let shown = 0;

async function startCluster(): Promise<void> {
  server = shopCluster({ users: { 'value-of-env:VIEW': VIEWER, 'value-of-env:ADMIN': ADMIN } });
  server.run = () => {
    ran += 1;
    return Promise.resolve({ stdout: 'ran' });
  };
  address = await server.start();
  await writeFile(path.join(dir, 'ca.pem'), server.authority);
}

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'warroom-kubectl-layers-'));
  await startCluster();
});
afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

async function run({ text }: Escape): Promise<void> {
  const executor = createKubectlExecutor({ clock: systemClock, secrets: () => Promise.resolve(new Secret('unused')) });
  const login = { token: { secret: off.has('RBAC of the cluster') ? 'env:ADMIN' : 'env:VIEW' } };
  const options = { server: address, certificateAuthority: path.join(dir, 'ca.pem'), namespace: 'shop' };
  const target = {
    name: 'cluster',
    executor: 'kubectl',
    description: null,
    options,
    read: login,
    write: login,
  } as const;
  const result = await execute(executor, { text, values: {}, target, allowed: 'read' }, { timeoutMs: 3_000 });
  if (JSON.stringify(result).includes(Buffer.from('top-secret-value').toString('base64'))) shown += 1;
}

describeLayers({
  executor: 'kubectl',
  off,
  escapes: ESCAPES,
  layers: [
    { name: 'list of verbs', behind: ['gate before the wire', 'RBAC of the cluster'] },
    { name: 'gate before the wire', behind: ['list of verbs', 'RBAC of the cluster'] },
    { name: 'RBAC of the cluster', behind: ['list of verbs', 'gate before the wire'] },
    { name: 'look at the answer', behind: [...LISTS, 'mask of secret values'] },
    { name: 'mask of secret values', behind: [...LISTS, 'look at the answer'] },
  ],
  attempt: () =>
    thatChanged(ESCAPES, {
      run,
      state: () => Promise.resolve([server.store.snapshot(), ran, shown]),
      reset: async () => {
        await server.stop();
        await startCluster();
      },
    }),
});
