import { unlinkSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TargetDefinition } from '../../src/domain/system.ts';
import type { Pod } from '../../src/executors/kube/in-cluster.ts';
import { createKubectlExecutor } from '../../src/executors/kubectl/kubectl-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { issueCertificate } from '../support/certificates.ts';
import type { KubeServer, KubeUser } from '../support/kube/server.ts';
import { ADMIN, shopCluster, VIEWER } from '../support/kube/shop-cluster.ts';
import { execute } from './harness.ts';

const users: Record<string, KubeUser> = {};
let server: KubeServer;
let address: URL;
let dir: string;
let pod: Pod;
/** Called once, before the next request is answered. */
let meanwhile: (() => void) | null = null;

beforeAll(async () => {
  server = shopCluster({
    users,
    instead: () => {
      meanwhile?.();
      meanwhile = null;
      return false;
    },
  });
  address = new URL(await server.start());
  dir = await mkdtemp(path.join(tmpdir(), 'warroom-kube-credentials-'));
});
afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  meanwhile = null;
  server.requests.length = 0;
  only('first-token', VIEWER);
  const folder = await mkdtemp(path.join(dir, 'account-'));
  await writeFile(path.join(folder, 'ca.crt'), server.authority);
  await writeFile(path.join(folder, 'namespace'), 'shop');
  await rotate(folder, 'first-token');
  const environment: Record<string, string> = {
    KUBERNETES_SERVICE_HOST: 'localhost',
    KUBERNETES_SERVICE_PORT: address.port,
  };
  pod = { folder, environment: (name) => environment[name] };
});

/** The cluster knows this token and no other. */
function only(token: string, user: KubeUser): void {
  for (const known of Object.keys(users)) delete users[known];
  users[token] = user;
}

/** As the kubelet does it: `token` is a link into a folder that is exchanged. */
async function rotate(folder: string, token: string): Promise<void> {
  const version = await mkdtemp(path.join(folder, '..data-'));
  await writeFile(path.join(version, 'token'), `${token}\n`);
  await unlink(path.join(folder, 'token')).catch(() => undefined);
  await symlink(path.join(version, 'token'), path.join(folder, 'token'));
}

/** Before the request that has come with the old one is answered. */
function rotateAtOnce(token: string): void {
  unlinkSync(path.join(pod.folder, 'token'));
  writeFileSync(path.join(pod.folder, 'token'), token);
}

type Parts = {
  readonly pod?: Pod;
  readonly read?: Readonly<Record<string, unknown>>;
  readonly allowed?: 'read' | 'change';
  readonly secrets?: Readonly<Record<string, string>>;
};

function ask(text: string, options: Readonly<Record<string, unknown>>, parts: Parts = {}) {
  const target: TargetDefinition = {
    ...{ name: 'cluster', executor: 'kubectl', description: null, options },
    ...{ read: parts.read ?? {}, write: parts.read ?? {} },
  };
  const secrets = (name: string) => Promise.resolve(new Secret(parts.secrets?.[name] ?? 'unknown'));
  const executor = createKubectlExecutor({ clock: systemClock, secrets, pod: parts.pod ?? pod });
  return execute(executor, { text, values: {}, target, allowed: parts.allowed ?? 'read' }, { secrets });
}

const seen = () => server.requests.map(({ user }) => user);

describe('the service account of the pod', () => {
  const inCluster = { inCluster: true };

  it('enters its cluster, in the namespace of the pod', async () => {
    const result = await ask('get pods', inCluster);
    expect(result).toMatchObject({ status: 'ok' });
    expect(result.output).toContain('web-1');
    expect(server.requests[0]).toMatchObject({
      user: 'viewer',
      path: expect.stringContaining('/namespaces/shop/pods'),
    });
  });

  it('is read anew for each step, so a token that was replaced on disk is taken', async () => {
    expect(await ask('get pods', inCluster)).toMatchObject({ status: 'ok' });
    only('second-token', { ...VIEWER, name: 'renewed' });
    await rotate(pod.folder, 'second-token');
    expect(await ask('get pods', inCluster)).toMatchObject({ status: 'ok' });
    expect(seen()).toEqual(['viewer', 'renewed']);
  });

  it('whose token was replaced in the middle of a step is tried once more with the new one', async () => {
    only('second-token', VIEWER);
    meanwhile = () => rotateAtOnce('second-token');
    const result = await ask('get pods', inCluster);
    expect(result).toMatchObject({ status: 'ok' });
    expect(seen()).toEqual(['viewer']);
  });

  it('changes something once, also when its token was replaced under the change', async () => {
    only('second-token', ADMIN);
    meanwhile = () => rotateAtOnce('second-token');
    const result = await ask('scale deployment/web --replicas=4', inCluster, { allowed: 'change' });
    expect(result).toMatchObject({ status: 'ok' });
    expect(server.requests.filter(({ method }) => method !== 'GET')).toHaveLength(1);
  });

  it('that the cluster does not know is asked for once, and the sentence says so', async () => {
    let asked = 0;
    only('another-token', VIEWER);
    const count = () => {
      asked += 1;
      meanwhile = count;
    };
    meanwhile = count;
    const result = await ask('get pods', inCluster);
    expect(result.status).toBe('failed');
    expect(result.error).toMatch(/Unauthorized|401/u);
    expect(asked).toBe(1); // nothing new in the file: no second try
  });

  it('shows its token nowhere, the replaced one neither', async () => {
    server.logs.set('shop/web-1/app', 'using first-token now\n');
    const result = await ask('logs web-1 -c app', inCluster);
    expect(result.output).toBe('using <secret> now');
  });

  it.each<[string, (made: Pod) => Promise<Pod>, RegExp]>([
    [
      'in no pod',
      (made) => Promise.resolve({ ...made, environment: () => undefined }),
      /^Target cluster is not usable: Warroom runs in no pod of a cluster \(KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set\); correct the target or its kubeconfig\.$/u,
    ],
    [
      'in a pod without a mounted account',
      async (made) => {
        await unlink(path.join(made.folder, 'token'));
        return made;
      },
      /^Target cluster is not usable: its file \S+token cannot be read \(ENOENT.*\); correct/u,
    ],
    [
      'with an empty token',
      async (made) => {
        await rotate(made.folder, '');
        return made;
      },
      /the token file \S+ holds no token/u,
    ],
    [
      'without the authority of its cluster',
      async (made) => {
        await unlink(path.join(made.folder, 'ca.crt'));
        return made;
      },
      /its file \S+ca\.crt cannot be read/u,
    ],
  ])('%s: one sentence says what is missing', async (_title, spoil, sentence) => {
    const result = await ask('get pods', inCluster, { pod: await spoil(pod) });
    expect(result).toMatchObject({ status: 'refused', error: expect.stringMatching(sentence) });
    expect(server.requests).toEqual([]);
  });

  it('is spoken to with its own authority alone: another server in its place is refused', async () => {
    const [from, until] = [new Date(Date.now() - 1_000), new Date(Date.now() + 3_600_000)];
    await writeFile(
      path.join(pod.folder, 'ca.crt'),
      issueCertificate({ name: 'other', authority: true, from, until }).cert,
    );
    const result = await ask('get pods', inCluster);
    expect(result.status).toBe('failed');
    expect(result.error).toContain('certificate');
    expect(server.requests).toEqual([]);
  });

  it('lets nothing in that a kubeconfig of a credential would start', async () => {
    const kubeconfig = JSON.stringify(
      config({ user: { 'auth-provider': { name: 'gcp', config: { 'cmd-path': '/bin/sh' } } } }),
    );
    const read = { kubeconfig: { secret: 'file:/config' } };
    const result = await ask('get pods', inCluster, { read, secrets: { 'file:/config': kubeconfig } });
    expect(result).toMatchObject({ status: 'refused', error: expect.stringContaining('from a program') });
  });
});

type ConfigParts = {
  readonly user?: Readonly<Record<string, unknown>>;
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly current?: string | null;
};

/** A kubeconfig as kubectl writes it: two clusters, two users, three contexts. */
function config({ user = { token: 'first-token' }, cluster = {}, current = 'reading' }: ConfigParts = {}) {
  const authority = Buffer.from(server.authority).toString('base64');
  const shop = { server: address.origin, 'certificate-authority-data': authority, ...cluster };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    preferences: {},
    ...(current === null ? {} : { 'current-context': current }),
    clusters: [
      { name: 'elsewhere', cluster: { server: 'https://localhost:1' } },
      { name: 'shop', cluster: shop },
    ],
    users: [
      { name: 'nobody', user: {} },
      { name: 'viewer', user },
    ],
    contexts: [
      { name: 'away', context: { cluster: 'elsewhere', user: 'nobody' } },
      { name: 'reading', context: { cluster: 'shop', user: 'viewer', namespace: 'shop' } },
      { name: 'other', context: { cluster: 'shop', user: 'viewer', namespace: 'other' } },
    ],
  };
}

async function file(parts?: ConfigParts, change: (text: string) => string = (text) => text): Promise<string> {
  const folder = await mkdtemp(path.join(dir, 'config-'));
  const place = path.join(folder, 'config');
  await writeFile(place, change(JSON.stringify(config(parts))));
  return place;
}

describe('a kubeconfig', () => {
  it('with several contexts uses its current one, or the one that the target names', async () => {
    const kubeconfig = await file();
    await ask('get pods', { kubeconfig });
    await ask('get pods', { kubeconfig, context: 'other' });
    await ask('get pods', { kubeconfig }, { read: { context: 'other' } });
    expect(server.requests.map(({ path: asked }) => /namespaces\/(\w+)/u.exec(asked)?.[1])).toEqual([
      'shop',
      'other',
      'other',
    ]);
  });

  it.each([
    [{ context: 'production' }, 'reading', 'has no context production, name one of away, reading, other in `context`'],
    [{}, null, 'has no current context, name one of away, reading, other in `context`'],
    [{}, 'gone', 'has no context gone, name one of'],
  ])('%j with the current context %s says which contexts there are', async (options, current, sentence) => {
    const result = await ask('get pods', { kubeconfig: await file({ current }), ...options });
    expect(result).toMatchObject({ status: 'refused', error: expect.stringContaining(sentence) });
  });

  it('with a token file reads it for each step, beside itself, and takes a replaced one', async () => {
    const kubeconfig = await file({ user: { tokenFile: 'keys/token' } });
    const keys = path.join(path.dirname(kubeconfig), 'keys');
    await mkdir(keys);
    await writeFile(path.join(keys, 'token'), 'first-token\n');
    expect(await ask('get pods', { kubeconfig })).toMatchObject({ status: 'ok' });
    only('second-token', VIEWER);
    expect(await ask('get pods', { kubeconfig })).toMatchObject({ status: 'failed' });
    await writeFile(path.join(keys, 'token'), 'second-token\n');
    expect(await ask('get pods', { kubeconfig })).toMatchObject({ status: 'ok' });
  });

  it('with a token and a token file takes the file, as kubectl does', async () => {
    const token = path.join(dir, 'newest');
    await writeFile(token, 'first-token');
    const kubeconfig = await file({ user: { token: 'an-old-one', tokenFile: token } });
    expect(await ask('get pods', { kubeconfig })).toMatchObject({ status: 'ok' });
  });

  it('with a token file beside it cannot be a secret, which lies nowhere', async () => {
    const text = JSON.stringify(config({ user: { tokenFile: 'keys/token' } }));
    const read = { kubeconfig: { secret: 'file:/config' } };
    const result = await ask('get pods', { server: address.origin }, { read, secrets: { 'file:/config': text } });
    expect(result).toMatchObject({ status: 'refused', error: expect.stringContaining('absolute path') });
  });

  it('with a token of the target leaves its own user out', async () => {
    const kubeconfig = await file({ user: { tokenFile: '/nonexistent' } });
    const read = { token: { secret: 'env:TOKEN' } };
    const result = await ask('get pods', { kubeconfig }, { read, secrets: { 'env:TOKEN': 'first-token' } });
    expect(result).toMatchObject({ status: 'ok' });
  });

  it('with client certificates shows them to the server, as data and as files', async () => {
    const [from, until] = [new Date(Date.now() - 60_000), new Date(Date.now() + 3_600_000)];
    const ca = issueCertificate({ name: 'cluster-ca', authority: true, from, until });
    const own = issueCertificate({ name: 'api', names: ['localhost'], by: ca, from, until });
    const person = issueCertificate({ name: 'on-call', names: ['on-call'], by: ca, from, until });
    const came: unknown[] = [];
    const api = https.createServer(
      { key: own.key, cert: own.cert, ca: ca.cert, requestCert: true, rejectUnauthorized: true },
      (request, response) => {
        came.push((request.socket as TLSSocket).getPeerCertificate().subject.CN);
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ kind: 'Table', apiVersion: 'meta.k8s.io/v1', columnDefinitions: [], rows: [] }));
      },
    );
    await new Promise<void>((resolve) => api.listen(0, 'localhost', resolve));
    const at = { server: `https://localhost:${(api.address() as AddressInfo).port}` };
    const cluster = { ...at, 'certificate-authority-data': Buffer.from(ca.cert).toString('base64') };
    const data = {
      'client-certificate-data': Buffer.from(person.cert).toString('base64'),
      'client-key-data': Buffer.from(person.key).toString('base64'),
    };
    try {
      expect(await ask('get pods', { kubeconfig: await file({ cluster, user: data }) })).toMatchObject({
        status: 'ok',
      });
      const kubeconfig = await file({ cluster, user: { 'client-certificate': 'me.crt', 'client-key': 'me.key' } });
      await writeFile(path.join(path.dirname(kubeconfig), 'me.crt'), person.cert);
      await writeFile(path.join(path.dirname(kubeconfig), 'me.key'), person.key);
      expect(await ask('get pods', { kubeconfig })).toMatchObject({ status: 'ok' });
      expect(came).toEqual(['on-call', 'on-call']);
      // Control: without one the server does not speak.
      const bare = await ask('get pods', { kubeconfig: await file({ cluster, user: {} }) });
      expect(bare.status).toBe('failed');
      expect(came).toHaveLength(2);
    } finally {
      api.closeAllConnections();
      await new Promise((resolve) => api.close(resolve));
    }
  });

  it.each<[string, ConfigParts, string]>([
    [
      'starts a program',
      { user: { exec: { command: '/bin/false', apiVersion: 'client.authentication.k8s.io/v1' } } },
      'gets its credential from a program; give the target a `token` of a service account',
    ],
    ['does not verify', { cluster: { 'insecure-skip-tls-verify': true } }, 'does not verify the certificate'],
    ['names a proxy', { cluster: { 'proxy-url': 'http://localhost:1' } }, 'names a proxy, which is not supported'],
    ['impersonates', { user: { token: 'first-token', as: 'system:admin' } }, 'impersonates somebody'],
  ])('that %s is refused with a sentence, and nothing is sent', async (_title, parts, sentence) => {
    const { 'certificate-authority-data': _data, ...rest } = parts.cluster ?? {};
    const result = await ask('get pods', { kubeconfig: await file({ ...parts, cluster: rest }) });
    expect(result).toMatchObject({ status: 'refused', error: expect.stringContaining(sentence) });
    expect(result.error).toMatch(/^Target cluster is not usable: [^\n]+\.$/u);
    expect(server.requests).toEqual([]);
  });

  it('that is no kubeconfig is refused with a sentence', async () => {
    for (const text of ['', '[]', '{', 'clusters: 3']) {
      const result = await ask('get pods', { kubeconfig: await file({}, () => text) });
      expect(result.status, text).toBe('refused');
      expect(result.error, text).toMatch(/^Target cluster is not usable: [^\n]+\.$/u);
    }
  });
});
