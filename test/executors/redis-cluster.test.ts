import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Effect } from '../../src/domain/effect.ts';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { createRedisExecutor } from '../../src/executors/redis/redis-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { issueCertificate } from '../support/certificates.ts';
import { testRedis } from '../support/redis.ts';
import { freePort, type TestCluster, testRedisCluster } from '../support/redis-cluster.ts';
import { type ContractSetup, describeExecutor } from './contract.ts';
import { attempt, execute } from './harness.ts';

const executor = createRedisExecutor({
  clock: systemClock,
  secrets: () => Promise.resolve(new Secret('unused-secret')),
});
const cluster: TestCluster | null = await testRedisCluster();
afterAll(async () => {
  await cluster?.stop();
});

function targetOf(options: Record<string, unknown>): TargetDefinition {
  return { name: 'cache', executor: 'redis', description: null, options, read: {}, write: {} };
}
const run = (text: string, options: Record<string, unknown>, allowed: Effect = 'read') =>
  execute(executor, { text, values: {}, target: targetOf(options), allowed });

const contract: ContractSetup = async () => {
  if (cluster === null) return null;
  const [first = ''] = cluster.urls;
  for (const node of cluster.nodes) {
    await node.call(
      ...([
        'ACL',
        'SETUSER',
        'reader',
        'on',
        '>read-secret-4711',
        '~*',
        '+@read',
        '+echo',
        '+command|info',
        '+acl|whoami',
        '+cluster|slots',
      ] as [string, ...string[]]),
    );
    await node.call('ACL', 'SETUSER', 'writer', 'on', '>write-secret-4712', '~*', '+@all');
  }
  const holder = async (key: string) => {
    for (const node of cluster.nodes) {
      const moved = await node.exists(key).then(
        () => false,
        () => true,
      );
      if (!moved) return node;
    }
    throw new Error(`nobody holds ${key}`);
  };
  const lines = Array.from({ length: 200 }, () => 'y'.repeat(50));
  await (await holder('large')).set('large', ['FIRST', ...lines, 'LAST'].join('\n'));
  const target: TargetDefinition = {
    ...targetOf({ url: first, cluster: true }),
    read: { username: 'reader', password: { secret: 'env:READ_SECRET' } },
    write: { username: 'writer', password: { secret: 'env:WRITE_SECRET' } },
  };
  return {
    subject: {
      executor,
      target,
      effect: 'read',
      echo: { text: 'ECHO ${value}', read: (value) => value.value },
      refuses: (value) => value.startsWith('-'),
      runs: 30,
      slow: 'GET large',
      makeSlow: async () => {
        const holding = await holder('large');
        await holding.call('CLIENT', 'PAUSE', '1500', 'ALL');
        return async () => {
          await holding.ping();
        };
      },
      large: 'GET large',
      change: 'RPUSH prey caught',
      state: async () => (await holder('prey')).lrange('prey', 0, -1),
      unreachable: { ...target, options: { url: 'redis://127.0.0.1:1', cluster: true } },
      badTargets: [
        { ...target, options: { socket: '/tmp/x.sock', cluster: true } },
        { ...target, options: { url: `${first}/1`, cluster: true } },
        { ...target, options: { url: first, db: 1, cluster: true } },
        { ...target, options: { url: first, ca: '/tmp/ca.pem' } },
      ],
      variants: [
        { text: 'ECHO "a ${value}"' },
        { target: { ...target, options: { url: first } } },
        { target: { ...target, options: { url: cluster.urls[1], cluster: true } } },
      ],
    },
    stop: () => Promise.resolve(),
  };
};
describeExecutor('redis cluster', contract);

describe.skipIf(cluster === null)('a Redis cluster', () => {
  const seed = { url: cluster?.urls[0] ?? '', cluster: true };

  it('is written and read at whichever node holds the key', async () => {
    for (let at = 0; at < 6; at += 1) {
      expect(await run(`SET spread:${at} v${at}`, seed, 'change')).toMatchObject({ status: 'ok' });
      expect(await run(`GET spread:${at}`, seed)).toMatchObject({ status: 'ok', value: { value: `v${at}` } });
    }
    const sizes = await Promise.all((cluster?.nodes ?? []).map((node) => node.dbsize()));
    expect(sizes.every((size) => size > 0)).toBe(true); // control: several nodes took part
  });

  it('control: without `cluster: true` a key of another node fails, and the sentence says what to write', async () => {
    const results = await Promise.all([0, 1, 2, 3, 4, 5].map((at) => run(`GET spread:${at}`, { url: seed.url })));
    const failed = results.filter(({ status }) => status === 'failed');
    expect(failed.length).toBeGreaterThan(0);
    expect(failed[0]?.error).toContain('`cluster: true`');
  });

  it('is searched for keys on every node by SCAN, and counted on every node', async () => {
    const scan = await run('SCAN 0 MATCH spread:* COUNT 100', seed);
    expect(scan.value.value).toEqual(['0', [0, 1, 2, 3, 4, 5].map((at) => `spread:${at}`)]);
    const sizes = await Promise.all((cluster?.nodes ?? []).map((node) => node.dbsize()));
    expect((await run('DBSIZE', seed)).value.value).toBe(sizes.reduce((sum, size) => sum + size, 0));
    expect((await run('SCAN 0 MATCH spread:* COUNT 100 | grep -c spread', seed)).value.value).toBe(6);
  });

  it('refuses a cursor that belongs to one node, and a change that would reach one node only', async () => {
    expect(await run('SCAN 17 MATCH spread:*', seed)).toMatchObject({ status: 'refused' });
    expect(await run('FLUSHALL', seed, 'destructive')).toMatchObject({
      status: 'refused',
      error: expect.stringContaining('one node of the cluster only'),
    });
    expect((await run('GET spread:0', seed)).value.value).toBe('v0');
  });

  it('says which node answered what has no key', async () => {
    const result = await run('PING', seed);
    expect(result).toMatchObject({ status: 'ok', value: { value: 'PONG' } });
    expect(result.warnings?.join(' ')).toContain(seed.url.slice('redis://'.length));
  });

  it('follows a slot that is being moved to the node that has the key', async () => {
    const [first, second] = cluster?.nodes ?? [];
    const key = await keyOf(first, 'moving');
    const slot = await first?.call('CLUSTER', 'KEYSLOT', key);
    const [from, to] = [await first?.call('CLUSTER', 'MYID'), await second?.call('CLUSTER', 'MYID')];
    await second?.call('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', String(from));
    await first?.call('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', String(to));
    expect(await run(`RPUSH ${key} once`, seed, 'change')).toMatchObject({ status: 'ok', value: { value: 1 } });
    expect(await run(`LRANGE ${key} 0 9`, seed)).toMatchObject({ value: { value: ['once'] } });
    await first?.call('CLUSTER', 'SETSLOT', String(slot), 'STABLE');
    await second?.call('CLUSTER', 'SETSLOT', String(slot), 'STABLE');
  });
});

/** A key whose slot the node holds. */
async function keyOf(node: Redis | undefined, name: string): Promise<string> {
  for (let at = 0; ; at += 1) {
    const held = await node?.exists(`${name}${at}`).then(
      () => true,
      () => false,
    );
    if (held) return `${name}${at}`;
  }
}

describe('key patterns in a step that reads', () => {
  it('KEYS is refused with the SCAN to write instead', async () => {
    const source = {
      text: 'KEYS session:*',
      values: {},
      target: targetOf({ url: 'redis://127.0.0.1:1' }),
      allowed: 'read' as const,
    };
    expect(await attempt(executor, source)).toBe('not_read_only');
    await expect(executor.prepare(source)).rejects.toThrow('use SCAN 0 MATCH pattern COUNT 100');
  });
});

describe.skipIf(cluster === null)('a Redis server with TLS', () => {
  let dir = '';
  let stop = () => Promise.resolve();
  let url = '';
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'warroom-redis-tls-'));
    const [from, until] = [new Date(Date.now() - 3_600_000), new Date(Date.now() + 86_400_000)];
    const authority = issueCertificate({ name: 'redis-ca', authority: true, from, until });
    const own = issueCertificate({ name: 'redis', names: ['localhost'], by: authority, from, until });
    const file = async (name: string, text: string) => {
      await writeFile(path.join(dir, name), text);
      return path.join(dir, name);
    };
    const port = await freePort();
    const server = await testRedis([
      ...['--tls-port', String(port), '--tls-auth-clients', 'no'],
      ...['--tls-cert-file', await file('cert.pem', own.cert), '--tls-key-file', await file('key.pem', own.key)],
      ...['--tls-ca-cert-file', await file('ca.pem', authority.cert)],
    ]);
    stop = async () => await server?.stop();
    url = `rediss://localhost:${port}`;
  });
  afterAll(async () => {
    await stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('is reached when the target names its authority', async () => {
    const result = await run('PING', { url, ca: path.join(dir, 'ca.pem') });
    expect(result).toMatchObject({ status: 'ok', value: { value: 'PONG' } });
  });

  it('is refused with a certificate that nobody known has signed, or one for another name', async () => {
    expect(await run('PING', { url })).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/certificate/iu),
    });
    const byAddress = { url: url.replace('localhost', '127.0.0.1'), ca: path.join(dir, 'ca.pem') };
    expect(await run('PING', byAddress)).toMatchObject({ status: 'failed' });
  });

  it('says when the file of the authority is not there', async () => {
    const result = await run('PING', { url, ca: path.join(dir, 'nothing.pem') });
    expect(result).toMatchObject({ status: 'refused', error: expect.stringContaining('options.ca') });
  });
});
