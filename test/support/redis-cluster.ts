import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type TestRedis, testRedis } from './redis.ts';

export type TestCluster = {
  /** `redis://127.0.0.1:port` of each master. */
  readonly urls: readonly string[];
  /** A connection to each master, as the default user. */
  readonly nodes: readonly Redis[];
  stop(): Promise<void>;
};

const SLOTS = 16_384;

/** Three masters that share the slots, as `redis-cli --cluster create` makes them; null when this machine has no redis-server. */
export async function testRedisCluster(): Promise<TestCluster | null> {
  const servers: { redis: TestRedis; port: number }[] = [];
  for (let at = 0; at < 3; at += 1) {
    const port = await freePort();
    const redis = await testRedis([
      ...['--port', String(port), '--bind', '127.0.0.1', '--cluster-enabled', 'yes'],
      ...['--cluster-node-timeout', '5000', '--cluster-require-full-coverage', 'yes'],
    ]);
    if (redis === null) return null;
    servers.push({ redis, port });
  }
  const nodes = servers.map(({ port }) => new Redis({ host: '127.0.0.1', port, maxRetriesPerRequest: 1 }));
  const share = Math.ceil(SLOTS / nodes.length);
  for (const [at, node] of nodes.entries()) {
    await node.call('CLUSTER', 'ADDSLOTSRANGE', at * share, Math.min(SLOTS, (at + 1) * share) - 1);
    await node.call('CLUSTER', 'SET-CONFIG-EPOCH', at + 1);
    if (at > 0) await node.call('CLUSTER', 'MEET', '127.0.0.1', servers[0]?.port ?? 0);
  }
  await Promise.all(nodes.map(untilWhole));
  return {
    urls: servers.map(({ port }) => `redis://127.0.0.1:${port}`),
    nodes,
    stop: async () => {
      for (const node of nodes) node.disconnect();
      await Promise.all(servers.map(({ redis }) => redis.stop()));
    },
  };
}

async function untilWhole(node: Redis): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (performance.now() < deadline) {
    const info = String(await node.call('CLUSTER', 'INFO'));
    if (info.includes('cluster_state:ok') && info.includes('cluster_size:3')) return;
    await delay(50);
  }
  throw new Error('the Redis cluster did not come together');
}

/** A port whose bus port (10000 above) is a port as well. */
export async function freePort(): Promise<number> {
  for (;;) {
    const wanted = 20_000 + Math.floor(Math.random() * 10_000);
    const port = await new Promise<number | null>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(null));
      server.listen(wanted, '127.0.0.1', () => {
        const found = (server.address() as AddressInfo).port;
        server.close(() => resolve(found));
      });
    });
    if (port !== null) return port;
  }
}
