import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Language } from '../../src/domain/runbook.ts';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { ESCAPES } from '../../src/executors/escapes.ts';
import type { Examination } from '../../src/executors/examination.ts';
import { examineTarget } from '../../src/executors/examine-target.ts';
import type { Executor } from '../../src/executors/executor.ts';
import { createExecutors } from '../../src/executors/registry.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { KubeUser } from '../support/kube/server.ts';
import { ADMIN, shopCluster, VIEWER } from '../support/kube/shop-cluster.ts';

const TOKENS: Readonly<Record<string, string>> = {
  'env:VIEWER': 'read-secret-4711',
  'env:ADMIN': 'write-secret-4712',
};
const dependencies = { secrets: (reference: string) => Promise.resolve(new Secret(TOKENS[reference] ?? '')) };
const executors = createExecutors(dependencies);
const examine = (target: TargetDefinition, by: ReadonlyMap<Language, Executor> = executors) =>
  examineTarget(target, { ...dependencies, executors: by, signal: new AbortController().signal });

const plain = { name: 'it', description: null, options: {}, read: {}, write: null };
const outcomes = ({ attempts }: Examination, layer: string) =>
  attempts.flatMap(({ layers }) => layers.filter((one) => one.layer === layer).map(({ outcome }) => outcome));

/** What an API server answers to the question whether one may, by the rights of whoever asks. */
function reviews(users: Readonly<Record<string, KubeUser>>) {
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    if (request.url !== '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews') return false;
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      const { resourceAttributes: asked } = (
        JSON.parse(text) as { spec: { resourceAttributes: Record<string, string> } }
      ).spec;
      const resource = [asked.resource, asked.subresource].filter((part) => part !== undefined).join('/');
      const user = users[(request.headers.authorization ?? '').replace('Bearer ', '')];
      const allowed = user?.may(asked.verb ?? '', resource, asked.group ?? '') ?? false;
      response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ status: { allowed } }));
    });
    return true;
  };
}

it('asks a cluster whether the read account might do what the guard keeps it from', async () => {
  const users = { 'read-secret-4711': VIEWER, 'write-secret-4712': ADMIN };
  const cluster = shopCluster({ users, instead: reviews(users) });
  const server = await cluster.start();
  const dir = await mkdtemp(path.join(tmpdir(), 'warroom-examine-'));
  onTestFinished(async () => {
    await cluster.stop();
    await rm(dir, { recursive: true, force: true });
  });
  const certificateAuthority = path.join(dir, 'ca.pem');
  await writeFile(certificateAuthority, cluster.authority);
  const options = { server, certificateAuthority, namespace: 'shop' };
  const as = (token: string): TargetDefinition => ({
    ...plain,
    ...{ executor: 'kubectl', options, read: { token: { secret: `env:${token}` } } },
  });
  const strict = await examine(as('VIEWER'));
  expect(strict).toMatchObject({ reached: true, findings: [] });
  for (const layer of ['statement', 'gate', 'rights'])
    expect(outcomes(strict, layer)).toEqual(ESCAPES.kubectl.map(() => 'stopped'));
  const loose = await examine(as('ADMIN'));
  expect(loose.findings).toEqual([
    'The read credential of it may delete configmaps, patch deployments/scale, create pods/exec, patch nodes, list secrets: bind its account to a role with get, list and watch, without Secrets.',
  ]);
  expect(outcomes(loose, 'gate')).toEqual(ESCAPES.kubectl.map(() => 'stopped'));
  // Questions alone arrived: nothing that the cluster keeps, not even a dry run.
  expect(cluster.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
});

it('shows what would reach a Docker engine to the gate, and says that nothing stands behind it', async () => {
  const found = await examine({ ...plain, executor: 'docker', options: { host: 'unix:///nowhere/docker.sock' } });
  expect(found.reached).toBe(false);
  expect(found.findings).toHaveLength(1);
  for (const layer of ['statement', 'gate'])
    expect(outcomes(found, layer)).toEqual(ESCAPES.docker.map(() => 'stopped'));
  expect(found.remarks).toEqual([expect.stringContaining('An engine knows no rights')]);
});

it.each(Object.keys(ESCAPES) as Language[])(
  'every escape of %s is stopped by the executor itself',
  async (language) => {
    const executor = executors.get(language) as Executor;
    const target = { ...plain, executor: language, options: { host: 'localhost' } };
    for (const text of ESCAPES[language])
      await expect(executor.prepare({ text, values: {}, target, allowed: 'read' }), text).rejects.toMatchObject({
        code: expect.stringMatching(/^(?:not_read_only|statement_invalid|value_refused)$/u),
      });
  },
);

it('reports an executor that would take a change for reading, and still runs nothing of it', async () => {
  const run: string[] = [];
  const careless = (language: Language): Executor => ({
    language,
    checkTarget: () => [],
    placeholders: async () => [],
    prepare: async ({ text }) => ({
      ...{ language, display: text, canonical: text, effect: 'read' },
      run: async () => {
        run.push(text);
        return { status: 'ok', value: {}, output: '', omittedBytes: 0, error: null, durationMs: 1 };
      },
    }),
  });
  const found = await examine({ ...plain, executor: 'sh' }, new Map([['sh', careless('sh')]]));
  expect(found.findings).toHaveLength(ESCAPES.sh.length);
  expect(found.findings[0]).toContain('Warroom would take “touch warroom-doctor” for reading');
  expect(run).toEqual(['pwd']);
});
