import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPool } from '../../src/db/pool.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { TestDatabase } from '../support/database.ts';
import { testLog } from '../support/log.ts';
import { openTwinSystem, type TwinSystem, twinDatabase } from './twin-steps.ts';

let system: TwinSystem;
let db: TestDatabase;
beforeAll(async () => {
  const made = await twinDatabase('agentic-platform', 'agentic_read');
  db = made.db;
  system = await openTwinSystem('agentic-platform', {
    settings: {
      AGENTIC_PLATFORM_DATABASE_URL: made.address(db.name),
      AGENTIC_PLATFORM_SERVER_URL: made.address('postgres'),
    },
    target: made.target,
  });
});
afterAll(async () => {
  await system.close();
  await db.drop();
});

const folder = (path: string) => join(system.twins.machine('agentic-platform').dir, path);
const containers = () => system.twins.machine('containers');

describe('AP-IR, AP-S1 and AP-S4: an API that is not healthy', () => {
  it('shows in readiness, in containers, in logs and in what the containers use', async () => {
    expect(await system.normal('AP-IR#ready')).toBe(false);
    expect((await system.run('AP-IR#services')).output).toContain('unhealthy');
    for (const step of ['api_tail', 'api_log', 'database_log', 'nginx_log', 'disk'])
      expect((await system.run(`AP-IR#${step}`)).status, step).toBe('ok');
    for (const step of ['AP-IR#api_errors', 'AP-S1#errors'])
      expect((await system.run(step)).output, step).toContain('QueuePool limit');
    expect((await system.run('AP-S1#timeouts')).output).toContain('timeout after 30 s');
    const { value } = await system.run('AP-IR#resources');
    expect(value.rows).toContainEqual(expect.objectContaining({ name: 'agentic-platform-api-1', cpu_percent: 96 }));
    expect((await system.run('AP-S4#memory')).output).toContain('1.9 GB / 2 GB');
    expect((await system.run('AP-S1#memory')).status).toBe('ok');
    expect((await system.run('AP-S4#memory_over_time', { api_container: 'agentic-platform-api-1' })).status).toBe('ok');
    expect(await system.normal('AP-S1#pool')).toBe(true);
    expect(await system.normal('AP-S1#database')).toBe(true);
  });

  it('is ready again after the restart that AP-IR offers, and no new error is written', async () => {
    const ready = await system.run('AP-IR#ready');
    expect(system.offered('AP-IR#restart_api', { ready })).toBe(true);
    await system.mend('AP-IR#restart_api', 'AP-IR#ready_after');
    for (const step of ['AP-IR#ready_fixed', 'AP-IR#ready_stays', 'AP-S1#ready', 'AP-S4#ready'])
      expect(await system.normal(step), step).toBe(true);
    expect((await system.run('AP-S1#errors_after')).output).toBe('');
    expect(system.offered('AP-IR#restart_api', { ready: await system.run('AP-IR#ready') })).toBe(false);
  });

  it('connects from inside while the database runs; AP-S4 counts objects and restarts', async () => {
    expect((await system.run('AP-S1#connect')).status).toBe('ok');
    await containers().write('agentic-platform/postgres/state', 'exited');
    expect(await system.run('AP-S1#connect')).toMatchObject({ status: 'failed', value: { exit_code: 1 } });
    await system.mend('AP-IR#restart_database', 'AP-IR#ready_after');
    expect((await system.run('AP-S4#objects')).output).toContain('Objects: 48211');
    await containers().write('agentic-platform/api/health', 'unhealthy');
    await system.mend('AP-S4#restart', 'AP-S4#ready');
    await containers().write('agentic-platform/api/health', 'unhealthy');
    await system.mend('AP-S1#recreate_api', 'AP-S1#ready');
    await containers().write('agentic-platform/api/health', 'unhealthy');
    await system.mend('AP-S1#recreate', 'AP-S1#ready');
  });
});

describe('AP-R1: every service is down', () => {
  it('is brought up store by store until the API is ready', async () => {
    expect((await system.run('AP-R1#down')).output).toContain('Container postgres Removed');
    expect((await system.run('AP-R1#services')).value).toMatchObject({ row_count: 0 });
    expect(await system.normal('AP-R1#ready')).toBe(false);
    expect((await system.run('AP-R1#daemon')).output).toContain('Active: active');
    await system.run('AP-R1#restart_daemon');
    // The steps wait for half a minute in between; their commands are those of AP-S1, tried above.
    await system.run('AP-S1#recreate_api');
    expect(await system.normal('AP-R1#ready_after')).toBe(false);
    await system.run('AP-S1#recreate');
    await system.run('AP-R1#start_edge');
    expect(await system.normal('AP-R1#ready_after')).toBe(true);
    expect((await system.run('AP-R1#services_after')).value).toMatchObject({ row_count: 5 });
    expect((await system.run('AP-R1#logs')).output).toContain('ready for requests');
  });
});

describe('AP-S2, AP-S3, AP-P1 and AP-D2 on a real PostgreSQL', () => {
  it('AP-S2 finds the slow query and a fast endpoint', async () => {
    for (const step of ['response_time', 'cache_hits', 'fast'])
      expect(await system.normal(`AP-S2#${step}`), step).toBe(true);
    expect((await system.run('AP-S2#slow')).value.rows).toEqual([{ query: 'select slow', mean_ms: 2000 }]);
    for (const step of ['load', 'processes']) expect((await system.run(`AP-S2#${step}`)).status, step).toBe('ok');
  });

  it('AP-S3 deletes the rows that are older than was approved, and no other', async () => {
    const values = { retention_days: 90 };
    for (const step of ['docker_disk', 'database_size', 'table_sizes', 'disk', 'services_running'])
      expect((await system.run(`AP-S3#${step}`)).status, step).toBe('ok');
    const old_rows = await system.run('AP-S3#old_rows', values);
    expect(old_rows.value.rows).toMatchObject([{ old_rows: 4 }]);
    expect(system.offered('AP-S3#delete_old', { old_rows })).toBe(true);
    expect(system.step('AP-S3#delete_old').effect).toBe('destructive');
    expect((await system.run('AP-S3#delete_old', values)).status).toBe('ok');
    const after = await system.run('AP-S3#old_rows', values);
    expect(after.value.rows).toMatchObject([{ old_rows: 0 }]);
    expect(system.offered('AP-S3#delete_old', { old_rows: after })).toBe(false);
    expect((await db.owner.query('select count(*)::int as left from audit_logs')).rows).toEqual([{ left: 2 }]);
    expect((await system.run('AP-S3#vacuum')).status).toBe('ok');
    expect(await system.normal('AP-S3#writable')).toBe(true);
    await db.owner.query(`alter database ${db.name} set default_transaction_read_only = on`);
    expect(await system.normal('AP-S3#writable')).toBe(false);
    await db.owner.query(`begin read write; alter database ${db.name} reset default_transaction_read_only; commit`);
    expect(await system.normal('AP-S3#ready')).toBe(true);
  });

  it('AP-S3 removes what Docker does not use', async () => {
    const reclaimable = async () => {
      const { rows } = (await system.run('AP-S3#docker_disk')).value;
      return (rows as { type: string; reclaimable: number }[])[0]?.reclaimable;
    };
    expect(await reclaimable()).toBe(3_400_000_000);
    expect((await system.run('AP-S3#prune')).output).toContain('3.4 GB');
    expect(await reclaimable()).toBe(0);
    expect(await system.normal('AP-R1#ready_after')).toBe(true);
  });

  it('AP-P1 ends the session that runs longest, and nobody else’s', async () => {
    const other = createPool(db.connection, testLog(), { max: 1 });
    const client = await other.connect();
    client.on('error', () => undefined);
    const sleeping = client.query('select pg_sleep(60)').then(
      () => 'slept',
      (error: { code: string }) => error.code,
    );
    const longest = async () => await system.run('AP-P1#longest');
    await expect.poll(async () => (await longest()).value.row_count).toBe(1);
    const found = await longest();
    const [row] = found.value.rows as { pid: number }[];
    expect(system.offered('AP-P1#terminate', { longest: found })).toBe(true);
    expect((await system.run('AP-P1#busy')).output).toContain('pg_sleep');
    await system.run('AP-P1#terminate', { pid: row?.pid ?? 0 });
    expect(await sleeping).toBe('57P01');
    expect(system.offered('AP-P1#terminate', { longest: await longest() })).toBe(false);
    for (const step of ['resources', 'processes', 'ready'])
      expect((await system.run(`AP-P1#${step}`)).status, step).toBe('ok');
    client.release(true);
    await other.end();
  });

  it('AP-D2 logs slow statements until that is taken back', async () => {
    const logged = async () => {
      await expect.poll(async () => (await system.run('AP-D2#reload')).value.rows).toEqual([{ reloaded: true }]);
      return ((await system.run('AP-D2#slow_log')).value.rows as { logged_from: string }[])[0]?.logged_from;
    };
    expect((await system.run('AP-D2#slowest')).value.row_count).toBe(1);
    expect((await system.run('AP-D2#explain', { tenant_id: 'acme' })).output).toContain('Seq Scan on agents');
    await system.run('AP-D2#log_slow');
    await expect.poll(logged).toBe('1s');
    expect(system.step('AP-D2#log_slow').revert).toBe('log_default');
    await system.run('AP-D2#log_default');
    await expect.poll(logged).toBe('-1');
  });
});

describe('AP-X2, AP-S5, AP-X1 and AP-D3 on the machine', () => {
  it('AP-X2 replaces every secret, ends every session and leaves the other systems their Redis', async () => {
    const read = (name: string) => readFile(folder(`secrets/${name}.txt`), 'utf8');
    for (const step of ['application_secret', 'jwt_secret']) {
      expect(system.step(`AP-X2#${step}`).effect).toBe('destructive');
      expect((await system.run(`AP-X2#${step}`)).status, step).toBe('ok');
    }
    expect(await read('secret_key')).toMatch(/^[A-Za-z0-9+/]{86}==$/u);
    expect(await read('jwt_secret')).not.toBe(await read('secret_key'));
    const given = { anthropic_api_key: new Secret('new-key-1'), openai_api_key: new Secret('new-key-2') };
    for (const step of ['anthropic_key', 'openai_key']) {
      expect(JSON.stringify(await system.run(`AP-X2#${step}`, given))).not.toContain('new-key');
    }
    expect([await read('anthropic_api_key'), await read('openai_api_key')]).toEqual(['new-key-1\n', 'new-key-2\n']);
    expect((await system.run('AP-X2#restart_api')).status).toBe('ok');
    expect(await system.normal('AP-X2#ready')).toBe(true);
    if (!system.redis) return;
    expect((await system.run('AP-X2#keys')).value).toEqual({ value: 4 });
    expect((await system.run('AP-X2#flush')).status).toBe('ok');
    expect((await system.run('AP-X2#keys')).value).toEqual({ value: 0 });
    const hotel = new Redis(system.twins.settings.AGENTE_HOTEL_REDIS_URL ?? '');
    expect(await hotel.dbsize()).toBe(2);
    hotel.disconnect();
  });

  it('AP-S5 renews the certificate and puts chain and key where nginx reads them', async () => {
    await system.mend('AP-S5#renew', 'AP-S5#file_one_day').then(
      () => expect.fail('the file must be copied first'),
      () => undefined,
    );
    await system.mend('AP-S5#copy_chain', 'AP-S5#file_one_day');
    await system.run('AP-S5#copy_key');
    expect((await system.run('AP-S5#file_dates')).output).toContain('notAfter=');
    const chain = new X509Certificate(await readFile(folder('nginx/ssl/cert.pem')));
    expect(chain.subject).toBe('CN=api.yourdomain.com');
    expect(await readFile(folder('nginx/ssl/key.pem'), 'utf8')).toContain('PRIVATE KEY');
    expect((await system.run('AP-S5#restart_nginx')).status).toBe('ok');
    expect(await system.normal('AP-S5#ready')).toBe(true);
  });

  it('AP-X1 cuts the machine off, and lets requests in again', async () => {
    expect((await system.run('AP-X1#refused')).output).toContain('401 unauthorized');
    expect((await system.run('AP-X1#audit')).value.row_count).toBe(1);
    for (const step of ['deny_http', 'deny_https']) await system.run(`AP-X1#${step}`);
    expect(await readFile(folder('firewall'), 'utf8')).toBe('80/tcp\n443/tcp\n');
    for (const step of ['allow_http', 'allow_https']) await system.run(`AP-X1#${step}`);
    expect(await readFile(folder('firewall'), 'utf8')).toBe('');
    expect(await system.normal('AP-X1#ready')).toBe(true);
  });

  it('AP-D3 makes a backup; AP-R2 checks the newest and loads it', async () => {
    const before = await readdir(folder('backups'));
    expect((await system.run('AP-D3#services')).output).toContain('backup');
    expect((await system.run('AP-D3#size')).status).toBe('ok');
    expect((await system.run('AP-D3#backups')).output).toContain('backup_agentic_db_20260210_020000.sql.gz');
    expect((await system.run('AP-D3#backup')).output).toContain('wrote backup_agentic_db_');
    expect((await system.run('AP-D3#backup_log')).output).toContain('wrote backup_agentic_db_');
    expect(await readdir(folder('backups'))).toHaveLength(before.length + 1);
    const values = { backup_file: 'backups/backup_agentic_db_20260210_020000.sql.gz' };
    expect((await system.run('AP-R2#newest')).output).toContain('backups/backup_agentic_db_');
    expect(await system.normal('AP-R2#checksum', values)).toBe(true);
    for (const step of ['AP-D3#restore', 'AP-R2#load']) {
      await containers().write('agentic-platform/postgres/loaded.sql', null);
      expect((await system.run(step, values)).status, step).toBe('ok');
      expect(await containers().read('agentic-platform/postgres/loaded.sql')).toContain('backup of 20260210');
    }
    expect((await system.run('AP-R2#stop_api')).status).toBe('ok');
    expect(await system.normal('AP-R2#ready')).toBe(false);
    expect((await system.run('AP-R2#migrate')).status).toBe('ok');
    await system.mend('AP-R2#start_api', 'AP-R2#ready');
    for (const step of ['database', 'databases', 'services', 'loaded'])
      expect(await system.normal(`AP-R2#${step}`), step).toBe(true);
  });
});
