import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTwinSystem, type TwinSystem } from './twin-steps.ts';

let system: TwinSystem;
beforeAll(async () => {
  system = await openTwinSystem('email-ingestion');
});
afterAll(async () => {
  const pid = Number(await system.twins.machine('email-ingestion').read('pids/worker.pid', '0'));
  if (isAlive(pid)) process.kill(pid);
  await system.close();
});

async function gone(pid: number): Promise<void> {
  await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const STREAM = { stream: 'mail:incoming', group: 'workers' };

describe('EI-2-1 on a Redis that is down', () => {
  it('sees that nothing answers, from outside and on its own host', async () => {
    for (const step of ['ping', 'keys', 'ready', 'breaker_closed', 'local_ping'])
      expect(await system.normal(`EI-2-1#${step}`), step).toBe(false);
    expect((await system.run('EI-2-1#redis_log')).status).toBe('failed');
    expect(await system.normal('EI-2-4#status')).toBe(false);
    expect(await system.normal('EI-2-4#breaker_metrics')).toBe(false);
  });

  it('restarts the service for real: keys, readiness and breaker are back', async () => {
    if (!system.redis) return;
    await system.mend('EI-2-1#restart_service', 'EI-2-1#ping');
    for (const step of ['keys', 'ready', 'breaker_closed', 'local_ping', 'process_linux'])
      expect(await system.normal(`EI-2-1#${step}`), step).toBe(true);
    expect((await system.run('EI-2-1#redis_log')).output).toContain('Ready to accept connections');
  });

  it('starts it from its configuration once it has gone again', async () => {
    if (!system.redis) return;
    const client = new Redis(Number(await system.twins.machine('redis-host').read('port')), {
      retryStrategy: () => null,
    });
    client.on('error', () => undefined);
    await client.shutdown('NOSAVE').catch(() => undefined);
    client.disconnect();
    await system.mend('EI-2-1#start_direct', 'EI-2-1#ping');
    expect((await system.run('EI-2-1#start_direct')).error).toContain('exit code 1');
  });
});

describe('EI-2-2 to EI-2-4 with a token that has expired', () => {
  it('tells it from the breaker of IMAP and from the token itself, which stays off Slack', async () => {
    expect(await system.normal('EI-2-2#status')).toBe(true);
    for (const step of ['EI-2-2#breakers', 'EI-2-2#wait', 'EI-2-2#resumed', 'EI-2-4#status', 'EI-2-4#breaker_metrics'])
      expect(await system.normal(step), step).toBe(false);
    expect(await system.normal('EI-2-2#gmail')).toBe(true);
    expect(system.step('EI-2-3#token_info').sensitive).toBe(true);
    expect((await system.run('EI-2-3#token_info')).value.stderr).toBe('The token has expired\n');
    expect((await system.run('EI-2-2#token_info')).status).toBe('failed');
  });

  it('connects to the port of IMAP, where nobody listens here', async () => {
    const listening = await new Promise<boolean>((resolve) => {
      const socket = connect(993, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    expect(await system.normal('EI-2-2#port')).toBe(listening);
    expect(await system.normal('EI-2-2#tls')).toBe(listening);
  });

  it('authenticates again only when the refresh fails', async () => {
    await system.twins.machine('email-ingestion').write('refresh_token', 'revoked');
    const refresh = await system.run('EI-2-3#refresh');
    expect(refresh).toMatchObject({ status: 'failed', value: { exit_code: 1 } });
    expect(system.offered('EI-2-3#authenticate', { refresh })).toBe(true);
    await system.mend('EI-2-3#authenticate', 'EI-2-3#token_after');
    const again = await system.run('EI-2-3#refresh');
    expect(system.offered('EI-2-3#authenticate', { refresh: again })).toBe(false);
    expect(await system.normal('EI-2-3#status_after')).toBe(true);
    expect(await system.normal('EI-2-3#status')).toBe(true);
  });

  it('refreshes the token, and the breakers close in status and in metrics', async () => {
    await system.twins.machine('email-ingestion').write('token', '0');
    await system.mend('EI-2-3#refresh', 'EI-2-2#resumed');
    if (!system.redis) return;
    for (const step of ['EI-2-2#breakers', 'EI-2-2#wait', 'EI-2-4#wait', 'EI-2-4#closed'])
      expect(await system.normal(step), step).toBe(true);
  });
});

describe('EI-2-5 and EI-2-6', () => {
  it('counts the dead letters in Redis', async () => {
    if (!system.redis) return;
    for (const step of ['dlq_metrics', 'dlq_after']) {
      const { value } = await system.run(`EI-2-5#${step}`);
      expect(value.body).toContain('email_ingestion_dlq_depth 2\n');
    }
  });

  it('finds the worker dead, with three messages that nobody processes', async () => {
    expect(await system.normal('EI-2-6#health')).toBe(false);
    expect(await system.normal('EI-2-6#process')).toBe(false);
    expect((await system.run('EI-2-6#worker_log')).output).toContain('MemoryError');
    if (!system.redis) return;
    expect((await system.run('EI-2-6#pending', STREAM)).value.value).toEqual(expect.arrayContaining([3]));
  });

  it('starts the worker, which lives on and claims the orphans', async () => {
    if (!system.redis) return;
    const machine = system.twins.machine('email-ingestion');
    const process = await system.run('EI-2-6#process');
    expect(system.offered('EI-2-6#start_direct', { process })).toBe(true);
    expect((await system.run('EI-2-6#start_direct')).status).toBe('ok');
    await expect.poll(() => system.normal('EI-2-6#health_after'), { timeout: 5_000 }).toBe(true);
    await expect
      .poll(async () => (await system.run('EI-2-6#pending_after', STREAM)).value.value, { timeout: 5_000 })
      .toEqual(expect.arrayContaining([0]));
    expect(await readFile(join(machine.dir, 'logs/worker.log'), 'utf8')).toContain('3 orphaned messages claimed');
    expect(system.offered('EI-2-6#start_direct', { process: await system.run('EI-2-6#process') })).toBe(false);
    const first = Number(await machine.read('pids/worker.pid'));
    globalThis.process.kill(first);
    await gone(first);
    await system.mend('EI-2-6#start_linux', 'EI-2-6#health_after');
  });
});

describe('how much of Email Ingestion runs here', () => {
  it('is every step but those for Windows', () => {
    const all = [...system.packs.runbooks.values()].filter((runbook) => runbook.system === 'email-ingestion');
    const steps = all.flatMap(({ id, steps }) =>
      steps.flatMap((one) => (one.kind === 'executable' ? [`${id}#${one.id}`] : [])),
    );
    if (!system.redis) return;
    expect(steps.filter((step) => !system.ran.has(step))).toEqual(['EI-2-1#process_windows', 'EI-2-6#start_windows']);
  });
});
