import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, it } from 'vitest';
import { startTwinRedis } from '../../twins/support/redis-server.ts';
import { testTwinRedis } from '../support/twin-redis.ts';

const redis = await testTwinRedis();
const clients: Redis[] = [];
afterAll(async () => {
  for (const client of clients) client.disconnect();
  await redis?.close();
});

function connected(url: string, account: { username?: string; password?: string } = {}): Redis {
  const client = new Redis(url, { ...account, retryStrategy: () => null });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
}

describe.skipIf(redis === null)('the Redis of the twins', () => {
  it('has a user who reads and asks about itself, and is refused whatever writes or governs the server', async () => {
    const url = redis?.url ?? '';
    await connected(url).set('circuit_breaker:sap_adapter', 'open');
    const reader = connected(url, { username: 'warroom_read', password: redis?.readPassword ?? '' });
    expect(await reader.get('circuit_breaker:sap_adapter')).toBe('open');
    expect((await reader.scan('0'))[1]).toEqual(['circuit_breaker:sap_adapter']);
    expect(await reader.select(2)).toBe('OK');
    expect(await reader.info('memory')).toContain('used_memory');
    expect(await reader.call('ACL', 'DRYRUN', 'warroom_read', 'SET', 'a', '1')).toContain('no permissions');
    for (const words of [
      'SET a 1',
      'DEL a',
      'FLUSHDB',
      'CONFIG GET *',
      'ACL LIST',
      'KEYS *',
      'SHUTDOWN NOSAVE',
      'PUBLISH a 1',
    ]) {
      const [name = '', ...rest] = words.split(' ');
      await expect(reader.call(name, ...rest), words).rejects.toThrow('NOPERM');
    }
  });

  it('keeps the password of that user off the command line and out of the file, which its owner alone may read', async () => {
    const dir = redis?.dir ?? '';
    const password = redis?.readPassword ?? '';
    expect(password.length).toBeGreaterThan(20);
    const users = await readFile(join(dir, 'users.acl'), 'utf8');
    expect(users).toContain('user warroom_read on #');
    expect(users).not.toContain(password);
    expect((await stat(join(dir, 'users.acl'))).mode & 0o777).toBe(0o600);
    const pid = /process_id:(\d+)/u.exec(await connected(redis?.url ?? '').info('server'))?.[1];
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    expect(line).not.toContain(password);
  });

  it('has another password after the next start, and takes the old one no longer', async () => {
    const again = await startTwinRedis(redis?.dir ?? '');
    const old = { username: 'warroom_read', password: redis?.readPassword ?? '' };
    try {
      expect(again?.readPassword).not.toBe(old.password);
      expect(await connected(again?.url ?? '', { ...old, password: again?.readPassword ?? '' }).dbsize()).toBe(0);
      await expect(connected(again?.url ?? '', old).get('a')).rejects.toThrow(/NOAUTH|WRONGPASS|Connection is closed/u);
    } finally {
      await again?.close();
    }
  });
});
