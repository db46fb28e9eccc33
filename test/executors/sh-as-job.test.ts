import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TargetDefinition } from '../../src/domain/system.ts';
import type { RunContext, StatementResult } from '../../src/executors/executor.ts';
import { createShExecutor } from '../../src/executors/sh/sh-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { JOB_MAKER, type JobCluster, jobCluster } from '../support/kube/job-cluster.ts';
import { expanded } from '../support/kube/job-rules.ts';
import { type Stored, typeOf } from '../support/kube/store.ts';
import { attempt, execute, runContext } from './harness.ts';

const VALUES: Readonly<Record<string, string>> = {
  'env:READ_SECRET': 'read-secret-4711',
  'env:WRITE_SECRET': 'write-secret-4712',
  'env:API_KEY': 'api-key-4711-0815',
};
const secrets = (reference: string) => Promise.resolve(new Secret(VALUES[reference] ?? 'unknown'));
const executor = createShExecutor({ clock: systemClock, secrets });
/** Long waits are short: for what only patience would show. */
const hasty = createShExecutor({
  clock: {
    ...systemClock,
    sleep: (ms, signal) => systemClock.sleep(ms > 1_000 && ms !== 60_000 ? ms / 20 : ms, signal),
  },
  secrets,
});
const ORIGIN = { run: 7, stepRun: 41, once: '2026-05-01T08:00:00.000Z/0' };

let cluster: JobCluster;
beforeEach(async () => {
  cluster = await jobCluster();
});
afterEach(() => cluster.stop());

const source = (text: string, values = {}, target = cluster.target) => ({
  ...{ text, values, target },
  allowed: 'change' as const,
});
const run = (text: string, parts: Partial<RunContext> = {}, values = {}) =>
  execute(executor, source(text, values), { secrets, ...parts });
const withJob = (parts: Record<string, unknown>): TargetDefinition => ({
  ...cluster.target,
  options: { ...cluster.target.options, job: { ...(cluster.target.options.job as object), ...parts } },
});
const stored = (plural: 'jobs' | 'pods' | 'secrets') =>
  cluster.server.store
    .list(typeOf(plural, plural === 'jobs' ? 'batch' : ''), 'shop')
    .filter((one) => one.metadata.labels?.['app.kubernetes.io/managed-by'] === 'warroom');

/** Runs a script and does something once it has printed a line. */
async function runUntil(
  text: string,
  act: (pod: Stored, stop: () => void) => void,
  by = executor,
): Promise<StatementResult> {
  const cancel = new AbortController();
  let acted = false;
  const statement = await by.prepare(source(text));
  return await statement.run(
    runContext({
      secrets,
      signal: cancel.signal,
      timeoutMs: 60_000,
      onOutput: () => {
        if (acted) return;
        acted = true;
        act(stored('pods')[0] ?? {}, () => cancel.abort());
      },
    }),
  );
}

describe('a script as a Job', () => {
  it('gives its output, both streams in their order, and its exit code', async () => {
    const result = await run('echo out; sleep 0.2; echo err >&2; exit 3', { origin: ORIGIN });
    expect(result).toMatchObject({
      ...{ status: 'failed', output: 'out\nerr\n', value: { exit_code: 3, stdout: 'out\nerr\n', stderr: '' } },
      error: 'The script ended with exit code 3: its output says why.',
    });
  });

  it('is made so that Kubernetes starts it once, for as long as the step may take, as nobody and with nothing to write on', async () => {
    await run('true', { origin: ORIGIN, timeoutMs: 90_000 });
    const [job] = stored('jobs');
    expect(job?.metadata.name).toMatch(/^warroom-41-[0-9a-f]{12}$/u);
    expect(job?.metadata.labels).toMatchObject({ 'warroom/run': '7', 'warroom/step-run': '41' });
    expect(job?.spec).toMatchObject({
      ...{ backoffLimit: 0, podReplacementPolicy: 'Failed', activeDeadlineSeconds: 90, ttlSecondsAfterFinished: 3_600 },
      podFailurePolicy: { rules: [{ action: 'FailJob' }] },
    });
    const pod = job?.spec.template.spec;
    expect(pod).toMatchObject({
      ...{ restartPolicy: 'Never', serviceAccountName: 'shop-writer', automountServiceAccountToken: true },
      securityContext: { runAsNonRoot: true, runAsUser: 65_534, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(pod.containers[0].securityContext).toEqual({
      ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    });
  });

  it('has no token of the cluster when no service account is named, and the limits that are', async () => {
    const { serviceAccount: _, ...write } = cluster.target.write as Record<string, unknown>;
    const limits = { cpu: '500m', memory: '64Mi' };
    const target = { ...withJob({ limits, nodeSelector: { 'kubernetes.io/hostname': 'node-b' } }), write };
    expect((await execute(executor, source('true', {}, target), { secrets })).status).toBe('ok');
    const pod = stored('jobs')[0]?.spec.template.spec;
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      nodeSelector: { 'kubernetes.io/hostname': 'node-b' },
    });
    expect(pod).not.toHaveProperty('serviceAccountName');
    expect(pod.containers[0].resources).toEqual({ limits });
  });

  it('gets secrets from a Secret of the Job, which is gone at its end: neither Job nor pod ever shows one', async () => {
    let seen: Stored[] = [];
    const objects: string[] = [];
    cluster.server.store.changes.on('change', ({ object }) => {
      if (object.kind !== 'Secret') objects.push(JSON.stringify(object));
      seen = stored('secrets').length > 0 ? stored('secrets') : seen;
    });
    const values = { given: new Secret('given-secret-99'), plain: 'plainly' };
    const result = await run('printf "%s %s %s" "$given" "$plain" "$API_KEY" | wc -c', {}, values);
    expect(result).toMatchObject({ status: 'ok', output: '41\n', warnings: [] });
    expect(objects.join('\n')).not.toMatch(/given-secret-99|api-key-4711-0815/u);
    expect(objects.join('\n')).toContain('plainly');
    expect(Object.keys(seen[0]?.data ?? {}).sort()).toEqual(['API_KEY', 'given']);
    expect(seen[0]?.metadata.ownerReferences).toMatchObject([{ kind: 'Job', uid: stored('jobs')[0]?.metadata.uid }]);
    expect(stored('secrets')).toEqual([]);
  });

  it('comes as it was approved: what looks like a reference of Kubernetes is none, in the script and in values', async () => {
    const text = `printf '%s|' "$value" '$(API_KEY)' '$$' "$(echo "$value")"`;
    const result = await run(text, {}, { value: '$(API_KEY)$$$' });
    expect(result.output).toBe('$(API_KEY)$$$|$(API_KEY)|$$|$(API_KEY)$$$|');
  });

  it('control: left as it is, such a value would become the secret', () => {
    expect(expanded('$(API_KEY)', new Map([['API_KEY', 'api-key-4711-0815']]))).toBe('api-key-4711-0815');
  });

  it('finds in its environment what it was given and what is the image’s own, and a folder that is only its own', async () => {
    const result = await run('env | cut -d= -f1 | sort | tr "\\n" " "; touch made-here; ls; ulimit -t');
    expect(result.output.replace(/\b(?:OLDPWD|PWD|SHLVL|_) /gu, '')).toBe(
      'API_KEY HOME HOSTNAME LANG OF_THE_IMAGE PATH TMPDIR made-here\n1800\n',
    );
  });

  it('reads with the read credential and its service account alone, under a name that may come again', async () => {
    const asked: string[] = [];
    const read = { ...source('uptime'), allowed: 'read' as const };
    const remember = (reference: string) => {
      asked.push(reference);
      return secrets(reference);
    };
    for (let times = 0; times < 2; times += 1)
      expect((await execute(executor, read, { secrets: remember, origin: { ...ORIGIN, once: null } })).status).toBe(
        'ok',
      );
    expect(asked).toEqual(['env:READ_SECRET', 'env:READ_SECRET']);
    const jobs = stored('jobs');
    expect(new Set(jobs.map((job) => job.metadata.name)).size).toBe(2);
    expect(jobs[0]?.spec).toMatchObject({ ttlSecondsAfterFinished: 60 });
    expect(jobs[0]?.spec.template.spec.serviceAccountName).toBe('shop-reader');
    expect(await attempt(executor, { ...read, text: 'touch x' })).toBe('not_read_only');
  });
});

describe('the Job of a step run', () => {
  it('is made once: asked for again, it is not started and nobody pretends to know', async () => {
    const text = 'echo once';
    expect((await run(text, { origin: ORIGIN })).status).toBe('ok');
    const again = await run(text, { origin: ORIGIN });
    expect(again).toMatchObject({
      status: 'unknown',
      error: expect.stringContaining('was not started again: look at Job'),
    });
    expect(cluster.server.kubelet.started).toHaveLength(1);
  });

  it('is found again when only the answer to its making was lost', async () => {
    let lost = 0;
    const lossy = await jobCluster({
      instead: (request, response) => {
        if (request.method !== 'POST' || !/jobs|secrets/u.test(request.url ?? '') || lost >= 2) return false;
        lost += 1;
        response.end = () => response.destroy();
        return false;
      },
    });
    const result = await execute(executor, source('echo once', {}, lossy.target), { secrets, origin: ORIGIN });
    const { started } = lossy.server.kubelet;
    await lossy.stop();
    expect(lost).toBe(2);
    expect(result).toMatchObject({ status: 'ok', output: 'once\n' });
    expect(started).toHaveLength(1);
  });

  it('is unknown when the cluster goes away before anybody knows whether it was made', async () => {
    const silent = await jobCluster({
      instead: (request) => {
        if (request.method === 'GET') return false;
        request.socket.destroy();
        return true;
      },
    });
    const result = await execute(hasty, source('echo once', {}, silent.target), { secrets, origin: ORIGIN });
    await silent.stop();
    expect(result).toMatchObject({
      status: 'unknown',
      error: expect.stringContaining('look whether there is Job warroom-41-'),
    });
  });

  it('is not started a second time when its pod is taken away, because its manifest says so', async () => {
    const result = await runUntil('echo begun; sleep 30', (pod) => {
      cluster.server.kubelet.terminate(pod);
      cluster.server.kubelet.replaceIfAllowed(pod);
    });
    expect(result).toMatchObject({ status: 'failed', error: expect.stringContaining('taken away by somebody else') });
    expect(cluster.server.kubelet.started).toHaveLength(1);
  });

  it('is taken away from a cluster that is too old to know that line', async () => {
    const old = await jobCluster({
      instead: (request, response) => {
        const end = response.end.bind(response) as (text: string) => typeof response;
        if (request.method === 'POST' && /jobs/u.test(request.url ?? ''))
          response.end = ((text: string) =>
            end(text.replace('"podReplacementPolicy":"Failed",', ''))) as typeof response.end;
        return false;
      },
    });
    const result = await execute(executor, source('sleep 30', {}, old.target), { secrets, origin: ORIGIN });
    const left = old.server.store.list(typeOf('jobs'), 'shop');
    await old.stop();
    expect(result).toMatchObject({ status: 'failed', error: expect.stringContaining('1.29 or newer is needed') });
    expect(left).toEqual([]);
  });

  it('control: without that line of the manifest a second pod would start', async () => {
    await run('sleep 0.1', { origin: ORIGIN });
    const [job] = stored('jobs');
    const { podReplacementPolicy: _, ...spec } = job?.spec ?? {};
    const { resourceVersion: _version, uid, ...metadata } = job?.metadata ?? {};
    const careless = { ...metadata, name: 'careless', uid: `${uid}-2` };
    cluster.server.store.create(typeOf('jobs'), 'shop', { spec, metadata: careless }, false);
    const own = () => stored('pods').filter((pod) => pod.metadata.name.startsWith('careless'));
    await expect.poll(() => own().length).toBe(1);
    const [pod] = own();
    cluster.server.kubelet.terminate(pod ?? {});
    cluster.server.kubelet.replaceIfAllowed(pod ?? {});
    expect(own()).toHaveLength(2);
  });
});

describe('a Job that is stopped', () => {
  it('takes pod, processes and Secret along, and waits until they are gone', async () => {
    let pid = 0;
    const result = await runUntil(
      `echo begun; trap 'echo bye; exit 9' TERM; sleep 0.2 & wait; sleep 30 & wait`,
      (_, stop) => {
        pid = 1;
        stop();
      },
    );
    expect(pid).toBe(1);
    expect(result).toMatchObject({ status: 'cancelled', error: expect.stringContaining('its pod was ended') });
    expect(result.output).toBe('begun\nbye\n');
    expect([...stored('jobs'), ...stored('pods'), ...stored('secrets')]).toEqual([]);
  });

  it('is unknown, and may still run, when the cluster does not confirm that its pod is gone', async () => {
    const result = await runUntil(
      'echo begun; sleep 30',
      (_, stop) => {
        cluster.server.kubelet.frozen = true;
        stop();
      },
      hasty,
    );
    expect(result).toMatchObject({
      status: 'unknown',
      error: expect.stringMatching(/it may still run, look at Job warroom-.* in namespace shop/u),
    });
  });

  it('ends at the deadline that Kubernetes keeps, should Warroom not be there to end it', async () => {
    const result = await runUntil('echo begun; sleep 30', () =>
      cluster.server.kubelet.passDeadline(stored('jobs')[0] ?? {}),
    );
    expect(result).toMatchObject({ status: 'timeout', error: expect.stringContaining('at the deadline of the step') });
    expect(stored('pods')).toEqual([]);
  });

  it('says what its pod was waiting for when the time is over', async () => {
    const target = withJob({ nodeSelector: { pool: 'none' } });
    const result = await execute(executor, source('true', {}, target), { secrets, timeoutMs: 700 });
    expect(result).toMatchObject({
      status: 'timeout',
      error: expect.stringContaining('(Unschedulable: 0/2 nodes are available'),
    });
  });
});

describe('a Job in trouble', () => {
  it('says that its image cannot be pulled, at once, and leaves nothing behind', async () => {
    const target = withJob({ image: 'missing/tools:1' });
    const result = await execute(executor, source('true', {}, target), { secrets });
    expect(result).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(
        /^The image missing\/tools:1 cannot be pulled .*correct `job\.image`.* Nothing was started/u,
      ),
    });
    expect([...stored('jobs'), ...stored('secrets')]).toEqual([]);
  });

  it('says why Kubernetes makes no pod', async () => {
    const target = { ...cluster.target, write: { ...cluster.target.write, serviceAccount: 'nobody' } };
    const result = await execute(hasty, source('true', {}, target), { secrets, timeoutMs: 60_000 });
    expect(result).toMatchObject({
      status: 'failed',
      error: expect.stringContaining(
        'Kubernetes makes no pod in shop (Error creating: error looking up service account',
      ),
    });
  }, 20_000);

  it('says which folder or shell the image lacks', async () => {
    const target = { ...cluster.target, options: { ...cluster.target.options, cwd: '/nowhere' } };
    const result = await execute(executor, source('true', {}, target), { secrets });
    expect(result).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('has /bin/sh and the folder /nowhere'),
    });
  });

  it('is told apart from a script that failed: memory, eviction, processor time', async () => {
    const memory = await runUntil('echo begun; sleep 30', (pod) => cluster.server.kubelet.takeMemory(pod));
    expect(memory).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('took more memory than its pod may'),
    });
    const evicted = await runUntil('echo begun; sleep 30', () =>
      cluster.server.kubelet.evict(stored('pods').find((pod) => pod.status.phase === 'Running') ?? {}),
    );
    expect(evicted).toMatchObject({ status: 'failed', error: expect.stringContaining('low on resource: memory') });
    const target = { ...cluster.target, options: { ...cluster.target.options, cpuSeconds: 1 } };
    const busy = await execute(executor, source('while :; do :; done', {}, target), { secrets });
    expect(busy).toMatchObject({ status: 'failed', error: expect.stringContaining('`cpuSeconds`') });
  });

  it('gives every line of its output once, although the connection breaks off in the middle', async () => {
    const result = await runUntil('for n in 1 2 3 4 5 6; do echo line $n; sleep 0.2; done', () =>
      cluster.server.cutLogs(),
    );
    expect(result.output).toBe('line 1\nline 2\nline 3\nline 4\nline 5\nline 6\n');
    expect(result.warnings).toEqual([]);
  });

  it('is unknown when somebody removes it', async () => {
    const result = await runUntil('echo begun; sleep 30', () => {
      const [job] = stored('jobs');
      cluster.server.store.remove(typeOf('jobs'), job ?? {});
    });
    expect(result).toMatchObject({ status: 'unknown', error: expect.stringContaining('removed by somebody else') });
  });
});

describe('an account that may not do everything', () => {
  const without = (right: string) =>
    jobCluster({
      users: {
        'write-secret-4712': {
          name: 'partly',
          may: (verb, resource, group) => `${verb} ${resource}` !== right && JOB_MAKER.may(verb, resource, group),
        },
      },
    });

  it.each([
    ['create jobs', 'failed', 'nothing was started'],
    ['create secrets', 'failed', 'nothing was started'],
    ['list pods', 'unknown', 'may still run'],
    ['delete jobs', 'ok', ''],
  ])('without %s: %s', async (right, status, words) => {
    const partly = await without(right);
    const result = await execute(hasty, source('echo done', {}, partly.target), { secrets });
    await partly.stop();
    expect(result.status).toBe(status);
    expect(result.error ?? '').toContain(words);
    // It is told to go, although nobody may see that it went.
    const left = partly.server.store.list(typeOf('jobs'), 'shop');
    if (right === 'list pods') expect(left.filter((job) => !job.metadata.deletionTimestamp)).toEqual([]);
    if (right.startsWith('create')) expect(partly.server.kubelet.started).toEqual([]);
  });

  it.each([
    ['get pods/log', 'The output may be incomplete'],
    ['delete secrets', 'stays until its Job is removed'],
    ['list events', null],
  ])('without %s the script has run all the same', async (right, warning) => {
    const partly = await without(right);
    const result = await execute(executor, source('echo done', {}, partly.target), { secrets });
    await partly.stop();
    expect(result.status).toBe('ok');
    expect(result.warnings).toEqual(warning === null ? [] : [expect.stringContaining(warning)]);
  });
});

describe('a target of Jobs', () => {
  const problems = (parts: Partial<TargetDefinition>) => executor.checkTarget({ ...cluster.target, ...parts });

  it('names cluster, namespace and image, and each problem says what to do', () => {
    expect(problems({ options: { job: {} } })).toEqual([
      '`options.job.namespace`: name the namespace in which the Jobs are made.',
      '`options.job.image`: name the image in which scripts run, best by its digest: registry/name@sha256:….',
    ]);
    expect(problems({ options: { job: { namespace: 'shop', image: 'x' } } })).toEqual([
      '`options.job`: name exactly one of `server`, `kubeconfig` and `inCluster`.',
    ]);
  });

  it('has a service account of its own for reading', () => {
    expect(problems({ read: { ...cluster.target.write } })).toEqual([
      expect.stringContaining('`read.serviceAccount`: this is the service account of `write` too'),
    ]);
  });

  it('is one place, entered by whoever is named', () => {
    const { options } = cluster.target;
    const ssh = { host: 'a', user: 'b', hostKey: `SHA256:${'A'.repeat(43)}` };
    const key = { secret: 'env:KEY' };
    expect(problems({ options: { ...options, ssh }, read: { ...cluster.target.read, key }, write: null })).toEqual([
      '`options`: a script runs in one place: name `ssh` or `job`, not both.',
    ]);
    expect(problems({ options: {}, write: null })).toEqual([expect.stringContaining('need `options.job`')]);
    expect(problems({ read: {}, write: null })).toEqual([expect.stringContaining('`read.token`')]);
    expect(problems({ options: { ...options, cwd: 'here' } })).toEqual([expect.stringContaining('`options.cwd`')]);
  });
});
