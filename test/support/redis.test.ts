import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { testRedis } from './redis.ts';

test('a Redis of a test file answers on its own socket, has no port, and is gone after stop', async (context) => {
  const redis = await testRedis();
  if (redis === null) return context.skip();
  const client = new Redis({ path: redis.path });
  await client.set('k', 'v');
  expect(await client.get('k')).toBe('v');
  expect(await client.config('GET', 'port')).toEqual(['port', '0']);
  await client.quit();
  await redis.stop();
  expect(() => process.kill(redis.pid, 0)).toThrow();
});
