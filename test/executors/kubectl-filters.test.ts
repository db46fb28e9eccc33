import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Effect } from '../../src/domain/effect.ts';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { createKubectlExecutor } from '../../src/executors/kubectl/kubectl-executor.ts';
import { parseStatement } from '../../src/executors/kubectl/parse-statement.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { UserError } from '../../src/lib/errors.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { KubeServer } from '../support/kube/server.ts';
import { ADMIN, shopCluster, VIEWER } from '../support/kube/shop-cluster.ts';
import { execute } from './harness.ts';

const executor = createKubectlExecutor({
  clock: systemClock,
  secrets: () => Promise.resolve(new Secret('unused-secret')),
});
const target = {
  name: 'cluster',
  executor: 'kubectl' as const,
  description: null,
  options: { server: 'https://127.0.0.1:1' },
  read: { token: { secret: 'env:TOKEN' } },
  write: null,
};
const prepare = (text: string, values = {}) => executor.prepare({ text, values, target, allowed: 'read' });

describe('kubectl with filters', () => {
  it('stands before the first | that is not quoted', () => {
    const { words, filters } = parseStatement(`kubectl logs web --tail=5 | grep -i "a|b" | wc -l`);
    expect(words).toEqual(['logs', 'web', '--tail=5']);
    expect(filters).toEqual([
      [[{ text: 'grep' }], [{ text: '-i' }], [{ text: 'a|b' }]],
      [[{ text: 'wc' }], [{ text: '-l' }]],
    ]);
  });

  it('shows them on the card and covers them with the hash, values being one argument', async () => {
    const [first, second] = await Promise.all(
      ['oom', 'memory'].map((word) => prepare('logs web | grep ${word}', { word })),
    );
    expect(first?.display).toBe('kubectl logs web | grep oom');
    expect(first?.canonical).not.toEqual(second?.canonical);
    expect((await prepare('logs web | grep ${word}', { word: 'a; b' })).display).toBe(`kubectl logs web | grep 'a; b'`);
  });

  it('take jq with a value behind --arg, and nowhere else', async () => {
    const text = `get pods -o json | jq -r --arg app \${app} '.items[] | select(.metadata.labels.app == $app) | .metadata.name'`;
    expect(await executor.placeholders(text)).toEqual(['app']);
    expect((await prepare(text, { app: 'api' })).display).toContain('jq -r --arg app api');
    await expect(executor.placeholders("get pods -o json | jq '.items[${n}]'")).rejects.toThrow('--arg n ${n}');
    await expect(executor.placeholders("get pods -o json | jq '.items['")).rejects.toThrow('cannot be read');
  });

  it.each([
    'get pods | xargs kubectl delete pod',
    'get pods | sh',
    'get pods |',
    'get pods || true',
    'get pods |& cat',
  ])('refuses what is no filter: %s', async (text) => {
    await expect(prepare(text)).rejects.toThrow(UserError);
    await expect(executor.placeholders(text)).rejects.toThrow(UserError);
  });
});

describe('kubectl with filters, on a server', () => {
  let server: KubeServer;
  let dir: string;
  let cluster: TargetDefinition;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'warroom-kube-'));
    server = shopCluster({ users: { 'value-of-env:READ': VIEWER, 'value-of-env:WRITE': ADMIN } });
    const certificateAuthority = join(dir, 'ca.pem');
    await writeFile(certificateAuthority, server.authority);
    cluster = {
      ...target,
      options: { server: await server.start(), certificateAuthority, namespace: 'shop' },
      read: { token: { secret: 'env:READ' } },
      write: { token: { secret: 'env:WRITE' } },
    };
  });
  afterAll(async () => {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  });
  const run = (text: string, allowed: Effect = 'read', values = {}) =>
    execute(executor, { text, values, target: cluster, allowed });

  it('gives expect the lines that are left', async () => {
    const text =
      "get pods -o json | jq -r --arg app ${app} '.items[] | select(.metadata.labels.app == $app) | .metadata.name' | sort";
    const result = await run(text, 'read', { app: 'web' });
    expect(result).toMatchObject({
      status: 'ok',
      output: 'web-1\nweb-10\nweb-2',
      value: { lines: ['web-1', 'web-10', 'web-2'], count: 3, text: 'web-1\nweb-10\nweb-2' },
    });
    expect((await run('get pods --no-headers | grep -c CrashLoop')).value).toMatchObject({ text: '1' });
  });

  it('fails a read that cannot be filtered, and warns behind a change that has happened', async () => {
    expect(await run('get pods | jq .')).toMatchObject({ status: 'failed', error: expect.stringContaining('no') });
    const scaled = await run('scale deployment/web --replicas=2 | jq .', 'change');
    expect(scaled).toMatchObject({ status: 'ok', output: expect.stringContaining('scaled'), error: null });
    expect(scaled.warnings).toContainEqual(expect.stringContaining('The command was carried out'));
  });
});
