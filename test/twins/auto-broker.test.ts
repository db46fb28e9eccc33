import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type AutoBrokerTwin, startAutoBrokerTwin, type TwinOptions } from '../../twins/auto-broker/server.ts';
import { testRedis } from '../support/redis.ts';

const run = promisify(execFile);
const TOKEN = 'twin-token';
const redis = await testRedis();

afterAll(async () => {
  await redis?.stop();
});

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const item of open.splice(0).reverse()) await item.close();
});

async function start(options: Partial<TwinOptions> = {}): Promise<AutoBrokerTwin> {
  const twin = await startAutoBrokerTwin({ port: 0, token: TOKEN, ...options });
  open.push(twin);
  return twin;
}

async function call(twin: AutoBrokerTwin, method: string, path: string, token?: string) {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${twin.url}${path}`, { method, headers });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function script(name: string, twin: AutoBrokerTwin, args: readonly string[], token = TOKEN) {
  const file = join(import.meta.dirname, '../../twins/auto-broker/scripts', name);
  const env = { PATH: process.env.PATH ?? '', AUTO_BROKER_URL: twin.url, AUTO_BROKER_TOKEN: token };
  return run('python3', [file, ...args], { env }).then(
    ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      stdout: error.stdout,
      stderr: error.stderr,
    }),
  );
}

describe('the Auto-Broker twin', () => {
  it('reports health, breakers, caches and costs of the scenario it is in', async () => {
    const twin = await start();
    expect(await call(twin, 'GET', '/health')).toEqual({
      status: 200,
      body: { status: 'ok', db: 'connected', cache: 'ok' },
    });
    expect(await call(twin, 'GET', '/franco/stats')).toMatchObject({ body: { backlog: 12, breaker: 'closed' } });
    expect(await call(twin, 'GET', '/costs/metrics')).toMatchObject({ status: 200 });
    await twin.setState('franco-failing');
    expect(await call(twin, 'GET', '/franco/stats')).toMatchObject({ body: { backlog: 107, breaker: 'open' } });
    expect(await call(twin, 'GET', '/metrics/circuit_breakers')).toMatchObject({
      body: { circuit_breakers: { franco_retell: { state: 'open' }, hume_api: { state: 'closed' } } },
    });
    await twin.setState('database-down');
    expect(await call(twin, 'GET', '/health')).toMatchObject({ status: 503, body: { db: 'disconnected' } });
    await twin.setState('cache-down');
    expect(await call(twin, 'GET', '/cache/stats')).toMatchObject({ body: { hit_rate: 0 } });
  });

  it('places a call only with the token and a closed breaker', async () => {
    const twin = await start({ state: 'franco-failing' });
    expect((await call(twin, 'POST', '/franco/internal/trigger')).status).toBe(401);
    expect((await call(twin, 'POST', '/franco/internal/trigger', 'wrong')).status).toBe(401);
    expect((await call(twin, 'POST', '/franco/internal/trigger', TOKEN)).status).toBe(503);
    await twin.setState('healthy');
    expect(await call(twin, 'POST', '/franco/internal/trigger', TOKEN)).toEqual({
      status: 200,
      body: { called: 1, backlog: 11 },
    });
    expect((await call(twin, 'GET', '/franco/internal/trigger')).status).toBe(405);
    expect((await call(twin, 'GET', '/constructor')).status).toBe(404);
  });

  it('is worked off by the script that RB-012 calls, as far as it was allowed to', async () => {
    const twin = await start({ state: 'franco-failing' });
    const refused = await script('franco_process_backlog.py', twin, ['--max-calls=10']);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain('0 calls placed, then the API refused: 503');
    await twin.setState('healthy');
    expect(await script('franco_process_backlog.py', twin, ['--max-calls=5'])).toMatchObject({
      code: 0,
      stdout: '5 calls placed, backlog 7\n',
    });
    expect(await script('franco_process_backlog.py', twin, ['--max-calls=50'])).toMatchObject({
      code: 0,
      stdout: '7 calls placed, backlog 0\n',
    });
    expect((await script('franco_process_backlog.py', twin, ['--max-calls=0'])).code).toBe(2);
    expect((await script('franco_process_backlog.py', twin, [], 'wrong')).stderr).toContain('401');
  });

  it('is warmed by the script that RB-002 calls', async () => {
    const twin = await start({ state: 'cache-down' });
    expect((await script('warm_cache.py', twin, [])).code).toBe(0);
    expect(await call(twin, 'GET', '/cache/stats')).toMatchObject({ body: { hit_rate: 0.918 } });
  });

  it('rejects when its port is taken', async () => {
    const twin = await start();
    await expect(startAutoBrokerTwin({ port: twin.port, token: TOKEN })).rejects.toThrow('EADDRINUSE');
  });

  it('rejects when its Redis is not there', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    await expect(
      startAutoBrokerTwin({ port: 0, token: TOKEN, redis: { url: `redis://127.0.0.1:${port}` } }),
    ).rejects.toThrow();
  });
});

describe.skipIf(redis === null)('the breaker in Redis', () => {
  afterEach(async () => {
    const client = new Redis(redis?.path ?? '');
    await client.flushall();
    client.disconnect();
  });

  it('is what the API reports: deleting the key closes it', async () => {
    const twin = await start({ state: 'franco-failing', redis: { url: redis?.path ?? '' } });
    const client = new Redis(redis?.path ?? '');
    open.push({ close: async () => client.disconnect() });
    expect(await client.get('circuit_breaker:franco_retell')).toBe('open');
    expect((await call(twin, 'POST', '/franco/internal/trigger', TOKEN)).status).toBe(503);
    await client.del('circuit_breaker:franco_retell');
    expect(await call(twin, 'GET', '/franco/stats')).toMatchObject({ body: { breaker: 'closed' } });
    const worked = await script('franco_process_backlog.py', twin, ['--max-calls=10']);
    expect(worked.stdout).toBe('10 calls placed, backlog 97\n');
    await twin.setState('healthy');
    expect(await client.exists('circuit_breaker:franco_retell')).toBe(0);
  });
});
