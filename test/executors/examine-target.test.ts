import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import type { Language } from '../../src/domain/runbook.ts';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { ESCAPES } from '../../src/executors/escapes.ts';
import type { Examination } from '../../src/executors/examination.ts';
import { examineTarget } from '../../src/executors/examine-target.ts';
import type { Executor } from '../../src/executors/executor.ts';
import { createExecutors } from '../../src/executors/registry.ts';
import { Secret } from '../../src/lib/secret.ts';
import { reviews } from '../support/kube/access-reviews.ts';
import { JOB_MAKER, jobCluster } from '../support/kube/job-cluster.ts';
import { ADMIN, shopCluster, VIEWER } from '../support/kube/shop-cluster.ts';
import { typeOf } from '../support/kube/store.ts';
import { testRedis } from '../support/redis.ts';

const TOKENS: Readonly<Record<string, string>> = {
  'env:VIEWER': 'read-secret-4711',
  'env:ADMIN': 'write-secret-4712',
};
const dependencies = { secrets: (reference: string) => Promise.resolve(new Secret(TOKENS[reference] ?? '')) };
const executors = createExecutors(dependencies);
const tools = (by: ReadonlyMap<Language, Executor> = executors) => ({
  ...dependencies,
  executors: by,
  signal: new AbortController().signal,
});
const examine = (target: TargetDefinition, by?: ReadonlyMap<Language, Executor>) => examineTarget(target, tools(by));

const plain = { name: 'it', description: null, options: {}, read: {}, write: null };
const outcomes = ({ attempts }: Examination, layer: string) =>
  attempts.flatMap(({ layers }) => layers.filter((one) => one.layer === layer).map(({ outcome }) => outcome));

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

it('asks a cluster whether scripts may run there as Jobs, and makes none', async () => {
  const partly = {
    ...JOB_MAKER,
    may: (verb: string, resource: string) => !['jobs', 'pods/log'].includes(resource) && verb !== 'x',
  };
  const users = { 'read-secret-4711': JOB_MAKER, 'write-secret-4712': partly };
  const cluster = await jobCluster({ users, instead: reviews(users) });
  onTestFinished(() => cluster.stop());
  const as = (token: string, parts = {}): TargetDefinition => ({
    ...{ ...cluster.target, write: null, read: { token: { secret: `env:${token}` }, ...parts } },
  });
  const good = await examine(as('VIEWER'));
  expect(good).toMatchObject({ reached: true, findings: [] });
  expect(good.remarks).toContainEqual(expect.stringContaining('give scripts a namespace of their own'));
  const bad = await examine(as('ADMIN', { env: { KEY: { secret: 'env:VIEWER' } } }));
  expect(bad.findings).toEqual([
    'The read credential of tools may not create jobs, get jobs, delete jobs, get pods/log in shop: bind its account to a role that lets it run Jobs.',
    'The read credential of tools may get secrets, list secrets, create pods/exec in shop: take that out of its role, no script needs it.',
  ]);
  const options = { job: { ...(cluster.target.options.job as object), server: 'https://127.0.0.1:1' } };
  expect(await examine({ ...as('VIEWER'), options })).toMatchObject({
    reached: false,
    findings: [expect.stringMatching(/^The cluster does not answer at https:\/\/127\.0\.0\.1:1 /u)],
  });
  expect(cluster.server.store.list(typeOf('jobs'), 'shop')).toEqual([]);
});

it('shows what would reach a Docker engine to the gate, and says that nothing stands behind it', async () => {
  const found = await examine({ ...plain, executor: 'docker', options: { host: 'unix:///nowhere/docker.sock' } });
  expect(found.reached).toBe(false);
  expect(found.findings).toHaveLength(1);
  for (const layer of ['statement', 'gate'])
    expect(outcomes(found, layer)).toEqual(ESCAPES.docker.map(() => 'stopped'));
  expect(found.remarks).toEqual([expect.stringContaining('An engine knows no rights')]);
});

it('reports a gate before an engine that lets a change pass', async () => {
  const target = { ...plain, executor: 'docker' as const, options: { host: 'unix:///nowhere/docker.sock' } };
  const found = await examineTarget(target, { ...tools(), gates: { docker: () => undefined } });
  expect(outcomes(found, 'gate')).toEqual(ESCAPES.docker.map(() => 'open'));
  expect(outcomes(found, 'statement')).toEqual(ESCAPES.docker.map(() => 'stopped'));
  expect(found.findings).toContain(
    'The gate before the wire would let “docker rm warroom-doctor” pass: tell the developers, and keep this target out of Diagnose.',
  );
});

it('reports a gate before a cluster that lets a change pass, and still sends none', async () => {
  const cluster = shopCluster({ instead: reviews({ 'read-secret-4711': VIEWER }) });
  const server = await cluster.start();
  const dir = await mkdtemp(path.join(tmpdir(), 'warroom-examine-'));
  onTestFinished(async () => {
    await cluster.stop();
    await rm(dir, { recursive: true, force: true });
  });
  const certificateAuthority = path.join(dir, 'ca.pem');
  await writeFile(certificateAuthority, cluster.authority);
  const options = { server, certificateAuthority, namespace: 'shop' };
  const read = { token: { secret: 'env:VIEWER' } };
  const target = { ...plain, executor: 'kubectl' as const, options, read };
  const found = await examineTarget(target, { ...tools(), gates: { kubectl: () => undefined } });
  expect(found.findings).toEqual(
    ESCAPES.kubectl.map(
      (statement) =>
        `The gate before the wire would let “${statement}” pass: tell the developers, and keep this target out of Diagnose.`,
    ),
  );
  expect(outcomes(found, 'rights')).toEqual(ESCAPES.kubectl.map(() => 'stopped'));
  expect(cluster.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
});

it('reports a Redis user who cannot write and may do other things that no reading step does', async () => {
  const redis = await testRedis();
  if (redis === null) return;
  const admin = new Redis(redis.path);
  onTestFinished(async () => {
    admin.disconnect();
    await redis.stop();
  });
  const user = [
    'SETUSER',
    'reader',
    'on',
    '>read-secret-4711',
    '~*',
    '+@read',
    '+@connection',
    '+command',
    '+acl|whoami',
    '+acl|dryrun',
    '-@write',
  ];
  await admin.call('ACL', ...user);
  const read = { username: 'reader', password: { secret: 'env:VIEWER' } };
  const target = { ...plain, executor: 'redis' as const, options: { socket: redis.path }, read };
  expect((await examine(target)).findings).toEqual([]);
  await admin.call('ACL', ...user, '+config|set', '+publish', 'allchannels');
  const found = await examine(target);
  expect(found.findings).toEqual([
    'The read credential of it may send “PUBLISH warroom:doctor 1”, “CONFIG SET lua-time-limit 5000”: give it an ACL user with +@read -@write.',
  ]);
  expect(outcomes(found, 'statement')).toEqual(ESCAPES.redis.map(() => 'stopped'));
});

it.each(Object.keys(ESCAPES) as Language[])(
  'every escape of %s is stopped by the executor itself',
  async (language) => {
    const executor = executors.get(language) as Executor;
    const target = { ...plain, executor: language, options: { host: 'localhost' } };
    expect(ESCAPES[language].length).toBeGreaterThan(3);
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
