import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Effect } from '../../src/domain/effect.ts';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import { createKubectlExecutor } from '../../src/executors/kubectl/kubectl-executor.ts';
import { packFile, unpackFile } from '../../src/executors/kubectl/tar.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { KubeServer } from '../support/kube/server.ts';
import { ADMIN, shopCluster, VIEWER } from '../support/kube/shop-cluster.ts';
import { typeOf } from '../support/kube/store.ts';
import { attempt, execute, runContext } from './harness.ts';

const executor = createKubectlExecutor({ clock: systemClock, secrets: () => Promise.resolve(new Secret('admin')) });
let server: KubeServer;
let dir: string;
let target: TargetDefinition;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'warroom-kube-'));
  server = shopCluster({ users: { 'value-of-env:READ': VIEWER, 'value-of-env:WRITE': ADMIN } });
  const certificateAuthority = path.join(dir, 'ca.pem');
  await writeFile(certificateAuthority, server.authority);
  target = {
    name: 'cluster',
    executor: 'kubectl',
    description: null,
    options: { server: await server.start(), certificateAuthority, namespace: 'shop', files: path.join(dir, 'files') },
    read: { token: { secret: 'env:READ' } },
    write: { token: { secret: 'env:WRITE' } },
  };
});
afterEach(async () => {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

const run = async (text: string, allowed: Effect = 'destructive', values: Record<string, string | number> = {}) =>
  await execute(executor, { text, values, target, allowed }, { maxOutputBytes: 100_000 });
const content = (key: string): Record<string, unknown> | undefined => server.store.snapshot()[key];

describe('what expressions see', () => {
  it('get gives objects, names and rows by column', async () => {
    const { value } = await run('get pods -l app=web', 'read');
    expect(value).toMatchObject({
      count: 3,
      names: ['web-1', 'web-10', 'web-2'],
      columns: expect.arrayContaining(['name', 'ready', 'status', 'restarts', 'nominated_node']),
      rows: expect.arrayContaining([
        expect.objectContaining({ name: 'web-10', ready: '0/2', status: 'CrashLoopBackOff' }),
      ]),
    });
    expect(value.items).toHaveLength(3);
  });

  it('logs give lines and text', async () => {
    const { value } = await run('logs web-1 -c app --tail=2', 'read');
    expect(value).toEqual({ lines: ['web-1 ready', 'GET /cart 200'], count: 2, text: 'web-1 ready\nGET /cart 200' });
  });

  it('logs of which nobody said how much are the newest lines, and what is missing is said', async () => {
    const lines = Array.from({ length: 10_050 }, (_item, number) => `line ${number}`);
    server.logs.set('shop/web-1/app', `${lines.join('\n')}\n`);
    const open = await run('logs web-1 -c app', 'read');
    expect(open.value.lines).toHaveLength(1_000);
    expect(open.value).toMatchObject({ count: 10_000, text: expect.stringMatching(/line 10049$/u) });
    expect(open.warnings).toEqual([expect.stringContaining('Only the newest 10000 lines of web-1/app')]);
    expect((await run('logs web-1 -c app --tail=10050', 'read')).value.count).toBe(10_050);
    server.logs.set('shop/web-1/app', 'x'.repeat(5 * 2 ** 20));
    const cut = await run('logs web-1 -c app', 'read');
    expect(cut.warnings).toEqual([expect.stringContaining('cut after 4 MiB, its end is missing')]);
  });

  it('a node that tells no figures is still named', async () => {
    const metrics = typeOf('nodes', 'metrics.k8s.io');
    server.store.remove(metrics, server.store.get(metrics, null, 'node-b'));
    expect((await run('top nodes', 'read')).output).toMatch(/node-b +<unknown> +<unknown> +<unknown> +<unknown>$/u);
  });

  it('rollout status says how far it is; one that fails to finish in its time fails', async () => {
    expect((await run('rollout status deployment/web', 'read')).value).toMatchObject({
      ready: 3,
      desired: 3,
      updated: 3,
      complete: true,
    });
    const once = await run('rollout status deployment/stuck --watch=false', 'read');
    expect(once).toMatchObject({ status: 'ok', value: { updated: 1, complete: false } });
    const slow = await run('rollout status deployment/stuck --timeout=1ms', 'read');
    expect(slow).toMatchObject({
      status: 'failed',
      value: { complete: false },
      error: expect.stringMatching(/not complete/u),
    });
  });

  it('top gives numbers', async () => {
    const pods = await run('top pods --sort-by=cpu', 'read');
    expect(pods.value).toMatchObject({
      count: 3,
      rows: [{ name: 'web-1', cpu_millicores: 130, memory_bytes: 120 * 2 ** 20 }, {}, {}],
    });
    expect(pods.output.split('\n')[1]).toBe('web-1    130m         120Mi');
    const nodes = await run('top nodes', 'read');
    expect(nodes.value).toMatchObject({ rows: [{ name: 'node-a', cpu_percent: 25, memory_percent: 25 }, {}] });
  });

  it('events and describe tell what happened to an object', async () => {
    const events = await run('events --for pod/web-10', 'read');
    expect(events.value).toMatchObject({
      count: 1,
      events: [{ reason: 'BackOff', type: 'Warning', object: 'pod/web-10', count: 7 }],
    });
    expect((await run('events --for pod/web-1', 'read')).output).toBe('No events found in shop namespace.');
    const described = await run('describe pod web-10', 'read');
    expect(described.output).toMatch(/^Name: +web-10\nNamespace: +shop\n/u);
    expect(described.output).toMatch(/Warning +BackOff +\S+ \(x7 over \S+\) +kubelet +Back-off/u);
    expect(described.value).toMatchObject({ count: 1, events: [{ reason: 'BackOff' }] });
  });

  it('wait looks until it is so, or fails', async () => {
    expect((await run('wait pod/web-1 --for=condition=Ready', 'read')).status).toBe('ok');
    expect((await run('wait pod/nobody --for=delete', 'read')).status).toBe('ok');
    expect(await run('wait pod/web-10 --for=condition=Ready --timeout=1ms', 'read')).toMatchObject({
      status: 'failed',
      value: { complete: false },
    });
    expect((await run(`wait pod/web-1 --for=jsonpath='{.status.phase}'=Running`, 'read')).status).toBe('ok');
  });
});

describe('commands in containers', () => {
  it('exec passes argv as it stands and gives output and exit code', async () => {
    const seen: string[][] = [];
    server.run = (argv) => {
      seen.push([...argv]);
      return Promise.resolve({ stdout: 'out', stderr: 'err', exitCode: 3 });
    };
    const result = await run('exec deploy/web -c app -- printf %s "a  b" ${word}', 'change', { word: '$(id); *' });
    expect(seen).toEqual([['printf', '%s', 'a  b', '$(id); *']]);
    expect(result).toMatchObject({
      status: 'failed',
      value: { exit_code: 3, stdout: 'out', stderr: 'err' },
      error: expect.stringMatching(/exit code 3/u),
    });
  });

  it('exec of what destroys is destructive, and a cancelled one is unknown, because it may go on', async () => {
    expect(await attempt(executor, { text: 'exec web-1 -- rm -rf /data', values: {}, target, allowed: 'change' })).toBe(
      'effect_exceeded',
    );
    let started: () => void = () => undefined;
    const isRunning = new Promise<void>((resolve) => {
      started = resolve;
    });
    server.run = () => {
      started();
      return new Promise(() => undefined);
    };
    const cancel = new AbortController();
    const statement = await executor.prepare({ text: 'exec web-1 -- sleep 60', values: {}, target, allowed: 'change' });
    const running = statement.run(runContext({ signal: cancel.signal }));
    await isRunning;
    cancel.abort();
    expect((await running).status).toBe('unknown');
  });

  it('cp carries one file in each direction, inside of its folder only', async () => {
    server.run = (argv, stdin) =>
      argv[1] === 'cf'
        ? Promise.resolve({ stdout: packFile('dump.txt', Buffer.from('héllo')) })
        : stdin.then((archive) => ({ stdout: unpackFile(archive)?.toString() ?? '' }));
    const down = await run('cp web-1:/tmp/dump.txt dump.txt', 'change');
    expect(down).toMatchObject({ status: 'ok', value: { path: 'dump.txt', bytes: 6 } });
    expect(await readFile(path.join(dir, 'files/dump.txt'), 'utf8')).toBe('héllo');
    expect((await run('cp dump.txt shop/web-1:/tmp/copy.txt', 'change')).status).toBe('ok');
    expect((await run('cp web-1:/tmp/dump.txt dump.txt', 'change')).error).toMatch(/could not be written/u);
    for (const text of [
      'cp web-1:/tmp/x ../x',
      'cp web-1:/tmp/x /etc/x',
      'cp web-1:/../x x',
      'cp /etc/passwd web-1:/x',
      'cp a b',
    ])
      expect((await run(text, 'change')).status).toBe('refused');
  });
});

describe('changes', () => {
  it('apply puts typed values into the documents, never syntax', async () => {
    const text =
      'apply -f -\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: fresh\ndata:\n  note: ${note}\n  mixed: "limit ${n}"\n---\napiVersion: shop.example.com/v1\nkind: Cart\nmetadata: { name: big }\nspec: { size: ${n} }\n';
    const result = await run(text, 'change', { note: 'a: b\n  c: "d" # e', n: 7 });
    expect(result).toMatchObject({
      status: 'ok',
      value: { count: 2, names: ['configmap/fresh', 'cart.shop.example.com/big'] },
    });
    expect(content('/configmaps/shop/fresh')?.data).toEqual({ note: 'a: b\n  c: "d" # e', mixed: 'limit 7' });
    expect(content('shop.example.com/carts/shop/big')?.spec).toEqual({ size: 7 });
  });

  it('a Secret does not stand in a runbook, but may be deleted by its name, unseen', async () => {
    const secret = 'apply -f -\napiVersion: v1\nkind: Secret\nmetadata: { name: x }';
    expect(await attempt(executor, { text: secret, values: {}, target, allowed: 'destructive' })).toBe(
      'statement_invalid',
    );
    expect(await attempt(executor, { text: 'delete secrets --all', values: {}, target, allowed: 'destructive' })).toBe(
      'statement_invalid',
    );
    server.requests.length = 0;
    expect((await run('delete secret vault')).output).toBe('secret "vault" deleted');
    expect(server.requests.map(({ method }) => method)).toEqual(['DELETE']);
  });

  it('drain says what stands in its way before it does anything, then evicts and keeps to budgets', async () => {
    const before = server.store.snapshot();
    expect(await run('drain node-b')).toMatchObject({ status: 'failed', error: expect.stringMatching(/--force/u) });
    expect(server.store.snapshot()).toEqual(before);
    expect(await run('drain node-b --force')).toMatchObject({
      status: 'ok',
      value: { names: ['pod/web-2'], gone: true },
    });
    expect(content('/nodes//node-b')?.spec).toEqual({ unschedulable: true });
    expect((await run('uncordon node-b')).output).toBe('node/node-b uncordoned');
  });

  it('what is so already is said, and nothing is sent: a pause, a resume, a rollback to what runs', async () => {
    expect(await run('rollout resume deployment/web')).toMatchObject({
      status: 'failed',
      error: 'deployment.apps/web is not paused: nothing was changed.',
    });
    expect((await run('rollout pause deployment/web')).status).toBe('ok');
    expect((await run('rollout pause deployment/web')).error).toContain('is already paused');
    await run('rollout resume deployment/web');
    server.requests.length = 0;
    const back = await run('rollout undo deployment/web --to-revision=3');
    expect(back.output).toContain('skipped rollback (current template already matches revision 3)');
    expect(back.value).toMatchObject({ names: [], count: 0, revision: 3 });
    expect(server.requests.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('whoever names no object is told only the ways that the verb has', async () => {
    expect((await run('rollout restart deployment')).error).toBe('Name the deployments, or select them with -l.');
    expect((await run('scale deployment --replicas=2')).error).toBe(
      'Name the deployments, or select them with -l, or write --all.',
    );
  });

  it('a refusal says why in the words of the server, and what was done before', async () => {
    const result = await run('delete pod web-1 nobody');
    expect(result.status).toBe('failed');
    expect(result.error).toBe(
      'Kubernetes answered NotFound: pods "nobody" not found. Before that, 1 change had been made.',
    );
    const weak = { ...target, write: { token: { secret: 'env:READ' } } };
    const forbidden = await execute(executor, {
      text: 'scale deployment/web --replicas=4',
      values: {},
      target: weak,
      allowed: 'change',
    });
    expect(forbidden).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/^Kubernetes answered Forbidden: .*cannot patch/u),
    });
  });

  it('a target for some namespaces stays in them', async () => {
    const narrow = { ...target, options: { ...target.options, namespaces: ['shop'] } };
    for (const text of ['get pods -A', 'get pods -n other', 'delete pod lonely -n other'])
      expect(await attempt(executor, { text, values: {}, target: narrow, allowed: 'destructive' })).toBe('refused');
    expect(await attempt(executor, { text: 'get pods', values: {}, target: narrow, allowed: 'read' })).toBe('ok');
  });
});

describe('the preview on the card', () => {
  it.each([
    [
      'scale deployment/web --replicas=5',
      /deployment\.apps\/web in shop would change:[\s\S]*- {2}replicas: 3\n\+ {2}replicas: 5/u,
    ],
    [`patch deployment web -p '{"spec":{"replicas":1}}'`, /\+ {2}replicas: 1/u],
    ['delete pod prey', /^pod\/prey in shop would be deleted\.$/u],
    ['delete pods -l app=web', /pod\/web-1 in shop would be deleted\.\npod\/web-10/u],
    [
      'apply -f -\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { mode: off-line }',
      /- {2}mode: live\n\+ {2}mode: off-line/u,
    ],
    [
      'apply -f -\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: fresh }\ndata: { a: b }',
      /configmap\/fresh in shop would be created:/u,
    ],
    ['delete pod nobody', /^There is no preview: Kubernetes answered NotFound/u],
  ])('%s is asked of the server as a dry run and changes nothing', async (text, expected) => {
    const statement = await executor.prepare({ text, values: {}, target, allowed: 'destructive' });
    const before = server.store.snapshot();
    server.requests.length = 0;
    expect(await statement.preview?.(runContext())).toMatch(expected);
    expect(server.store.snapshot()).toEqual(before);
    expect(server.requests.filter(({ method, dryRun }) => method !== 'GET' && !dryRun)).toEqual([]);
  });

  it('a step that is a dry run itself deletes nothing either', async () => {
    const before = server.store.snapshot();
    const text = 'delete pod prey --dry-run=server';
    const result = await execute(executor, { text, values: {}, target, allowed: 'destructive' });
    expect(result).toMatchObject({ status: 'ok', output: 'pod "prey" deleted (server dry run)' });
    expect(server.store.snapshot()).toEqual(before);
  });

  it('there is none for what knows no dry run', async () => {
    for (const text of ['exec web-1 -- date', 'get pods', 'drain node-a'])
      expect((await executor.prepare({ text, values: {}, target, allowed: 'destructive' })).preview).toBeUndefined();
  });
});

describe('the effect of a fence', () => {
  it.each([
    ['get pods -n ${ns}', 'read'],
    ['kubectl logs deploy/web --since=${since}', 'read'],
    ['rollout status deployment/${name} --timeout=${t}', 'read'],
    ['scale deployment/web --replicas=${n}', 'change'],
    ['scale deployment/web --replicas=0', 'destructive'],
    ['rollout restart deployment/web', 'change'],
    ['exec web-1 -- date', 'change'],
    ['exec web-1 -- rm -rf /data', 'destructive'],
    ['delete pod ${pod}', 'destructive'],
    ['drain ${node}', 'destructive'],
    ['get secrets', 'change'],
    ['frobnicate', 'change'],
    ['get pods --no-such', 'change'],
    ['diff -f -\nkind: X', 'change'],
  ])('%s is %s', async (text, effect) => {
    expect((await analyseStatement('kubectl', text))?.effect).toBe(effect);
  });
});
