import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { createKubectlExecutor } from '../../src/executors/kubectl/kubectl-executor.ts';
import { createShExecutor } from '../../src/executors/sh/sh-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { type JobCluster, jobCluster } from '../support/kube/job-cluster.ts';
import { typeOf } from '../support/kube/store.ts';
import { execute } from './harness.ts';

const run = promisify(execFile);
const isThere = await run('kubectl', ['version', '--client']).then(
  () => true,
  () => false,
);
if (!isThere && process.env.CI === 'true')
  throw new Error('kubectl is not on this machine: apt-get install kubernetes-client');
if (!isThere) console.warn('kubectl is not on this machine: the comparison with it is skipped');

const secrets = (reference: string) =>
  Promise.resolve(new Secret(reference === 'env:WRITE_SECRET' ? 'write-secret-4712' : 'admin'));
const sh = createShExecutor({ clock: systemClock, secrets });
const kubectl = createKubectlExecutor({ clock: systemClock, secrets });

describe.skipIf(!isThere)('what a script’s Job looks like to the kubectl binary', () => {
  let cluster: JobCluster;
  let dir: string;
  let job: string;
  const now = new Date();

  beforeAll(async () => {
    cluster = await jobCluster({ now: () => now });
    dir = await mkdtemp(path.join(tmpdir(), 'warroom-job-kubectl-'));
    const authority = Buffer.from(cluster.server.authority).toString('base64');
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'shop',
      clusters: [{ name: 'c', cluster: { server: cluster.address, 'certificate-authority-data': authority } }],
      users: [{ name: 'u', user: { token: 'admin' } }],
      contexts: [{ name: 'shop', context: { cluster: 'c', user: 'u', namespace: 'shop' } }],
    };
    await writeFile(path.join(dir, 'config'), stringify(config));
    const source = { text: 'echo first; echo last', values: {}, target: cluster.target, allowed: 'change' as const };
    const origin = { run: 1, stepRun: 2, once: 'x' };
    expect((await execute(sh, source, { secrets, origin })).status).toBe('ok');
    job = cluster.server.store.list(typeOf('jobs'), 'shop')[0]?.metadata.name as string;
  });
  afterAll(async () => {
    await cluster.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const original = async (line: string) => {
    const words = [
      '--kubeconfig',
      path.join(dir, 'config'),
      '--cache-dir',
      path.join(dir, 'cache'),
      ...line.split(' '),
    ];
    return (await run('kubectl', words, { env: { PATH: process.env.PATH, HOME: dir }, timeout: 20_000 })).stdout;
  };
  const ours = async (line: string) => {
    const options = { kubeconfig: path.join(dir, 'config') };
    const target = { ...cluster.target, executor: 'kubectl' as const, options, read: {}, write: null };
    return (await execute(kubectl, { text: line, values: {}, target, allowed: 'read' }, { secrets })).output;
  };

  it('is a Job of batch/v1 with its status and its log', async () => {
    expect(await original('get jobs')).toMatch(
      /^NAME\s+STATUS\s+COMPLETIONS\s+DURATION\s+AGE\nwarroom-2-\w+\s+Complete\s+1\/1\s/u,
    );
    expect(await original(`logs job/${job}`)).toBe('first\nlast\n');
    expect(await original(`get job ${job} -o jsonpath={.spec.template.spec.containers[0].name}`)).toBe('step');
    expect(await original(`wait job/${job} --for=condition=Complete --timeout=5s`)).toContain('condition met');
  });

  it.each(['get jobs', 'logs job/JOB', 'get pods -l warroom/step-run=2', 'get job JOB -o name'])(
    'is the same to the kubectl executor: %s',
    async (line) => {
      const words = line.replace('JOB', job);
      expect((await ours(words)).trim()).toBe((await original(words)).trim());
    },
  );

  it('is deleted by the binary with what belongs to it, in the foreground', async () => {
    await original(`delete job ${job} --cascade=foreground --timeout=10s`);
    const own = (plural: string) => cluster.server.store.list(typeOf(plural, plural === 'jobs' ? 'batch' : ''), 'shop');
    expect(own('jobs')).toEqual([]);
    expect(own('pods').filter((pod) => pod.metadata.name.startsWith(job))).toEqual([]);
  });
});
