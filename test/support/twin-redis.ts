import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTwinRedis, type TwinRedis } from '../../twins/support/redis-server.ts';

/** The Redis of the twins with its reading user, in a folder of its own, for one test file; null when this machine has none: an error in CI. */
export async function testTwinRedis(): Promise<(TwinRedis & { readonly dir: string }) | null> {
  const dir = await mkdtemp(join(tmpdir(), 'warroom-twin-redis-'));
  const redis = await startTwinRedis(dir);
  if (redis !== null) {
    const close = () => redis.close().finally(() => rm(dir, { recursive: true, force: true }));
    return { ...redis, dir, close };
  }
  await rm(dir, { recursive: true, force: true });
  if (process.env.CI) throw new Error('redis-server is missing: apt-get install -y redis-server');
  process.stderr.write('\n*** redis-server is missing: tests that need Redis are SKIPPED ***\n\n');
  return null;
}
