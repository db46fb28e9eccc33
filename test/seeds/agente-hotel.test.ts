import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/lib/secret.ts';
import type { TestDatabase } from '../support/database.ts';
import { openTwinSystem, type TwinSystem, twinDatabase } from './twin-steps.ts';

let system: TwinSystem;
let db: TestDatabase;
beforeAll(async () => {
  const made = await twinDatabase('agente-hotel', 'agente_read');
  db = made.db;
  system = await openTwinSystem('agente-hotel', {
    settings: { AGENTE_HOTEL_DATABASE_URL: made.address(db.name) },
    target: made.target,
  });
});
afterAll(async () => {
  await system.close();
  await db.drop();
});

const machine = () => system.twins.machine('agente-hotel');

describe('AH-R1 with a PMS that does not answer', () => {
  it('sees it in readiness, at the PMS, in the logs and in the breaker', async () => {
    expect(await system.normal('AH-R1#ready')).toBe(false);
    expect(await system.normal('AH-R1#pms_health')).toBe(false);
    expect((await system.run('AH-R1#app_log')).output).toContain('pms_adapter timeout');
    expect((await system.run('AH-R1#fly_log')).output).toContain('circuit breaker opened');
    expect((await system.run('AH-R1#name')).status).toBe('ok');
    expect((await system.run('AH-R1#port')).durationMs).toBeLessThan(10_000);
    for (const step of ['AH-R1#breaker', 'AH-G1#breaker'])
      expect((await system.run(step)).value, step).toMatchObject({ value: 1 });
    expect((await system.run('AH-R1#breaker_closed')).value).toMatchObject({ count: 0 });
  });

  it('answers from mock data until that is taken back', async () => {
    const pms_health = await system.run('AH-R1#pms_health');
    expect(system.offered('AH-R1#mock', { pms_health })).toBe(true);
    await system.mend('AH-R1#mock', 'AH-R1#ready');
    expect(await machine().read('fly/secrets')).toBe('PMS_TYPE=mock');
    expect(system.step('AH-R1#mock').revert).toBe('real_pms');
    await system.run('AH-R1#real_pms');
    expect(await system.normal('AH-R1#ready')).toBe(false);
  });

  it('uses the backup PMS, and closes the breaker', async () => {
    await system.mend('AH-R1#backup_pms', 'AH-G1#ready', { backup_pms_url: 'https://backup.example.com' });
    expect(await machine().read('fly/secrets')).toContain('PMS_BASE_URL=https://backup.example.com');
    expect((await system.run('AH-R1#deploy')).output).toContain('deployed');
    expect((await system.run('AH-R1#breaker_closed')).value).toMatchObject({ count: 1, value: 0 });
    expect((await system.run('AH-G1#breaker_after')).value).toMatchObject({ value: 0 });
    expect(await system.normal('AH-G1#ready_after')).toBe(true);
    await machine().write('facts/pms', 'up');
    expect(system.offered('AH-R1#mock', { pms_health: await system.run('AH-R1#pms_health') })).toBe(false);
  });
});

describe('AH-R2 with a database container that is down', () => {
  it('is brought back by a restart, on a real PostgreSQL all is counted', async () => {
    await system.twins.machine('containers').write('agente-hotel-api/postgres/state', 'exited');
    expect((await system.run('AH-R2#container')).output).not.toContain('agente-postgres');
    await system.mend('AH-R2#restart_container', 'AH-R2#ready');
    expect((await system.run('AH-R2#container')).output).toContain('agente-postgres');
    expect((await system.run('AH-R2#database_log')).output).toContain('ready for requests');
    for (const step of ['AH-R2#accepts', 'AH-R2#integrity', 'AH-R2#ready_after', 'AH-G2#ready', 'AH-G2#ready_after'])
      expect(await system.normal(step), step).toBe(true);
    const before = await system.run('AH-G2#before');
    expect(await system.normal('AH-G2#after', {}, { before })).toBe(true);
    await db.owner.query(`insert into users (phone) values ('+39 06 0000003')`);
    expect(await system.normal('AH-G2#after', {}, { before })).toBe(false);
    await db.owner.query('truncate users cascade');
    expect(await system.normal('AH-R2#integrity')).toBe(false);
  });

  it('is looked at and replaced on Fly; the address with its password is not shown', async () => {
    expect((await system.run('AH-R2#fly_databases')).output).toContain('agente-hotel-db');
    expect((await system.run('AH-R2#fly_connect')).status).toBe('ok');
    const database_url = new Secret('postgresql+asyncpg://app:very-secret@backup-db:5432/agente_hotel');
    const given = await system.run('AH-R2#backup_database', { database_url });
    expect(JSON.stringify(given)).not.toContain('very-secret');
    expect(await machine().read('fly/staged')).toContain('very-secret');
    expect(await machine().read('fly/secrets')).not.toContain('very-secret');
    await system.run('AH-R2#deploy_backup');
    expect(await machine().read('fly/secrets')).toContain('very-secret');
    expect((await system.run('AH-R2#deploy')).status).toBe('ok');
    const restored = await system.run('AH-R2#restore', { backup_file: 'backups/agente-hotel-api_20260210.sql.gz' });
    expect(restored.output).toContain('2 lines restored');
  });
});

describe('AH-R3 with a latency that is too high', () => {
  const isOver = async () => (await system.run('AH-R3#alert_after')).value.count === 1;

  it('sees the alert and the slow engine, and nothing that runs for long in the database', async () => {
    for (const step of ['AH-R3#alert', 'AH-G3#alert'])
      expect((await system.run(step)).value, step).toMatchObject({ count: 1 });
    for (const step of ['AH-R3#nlp', 'AH-G3#nlp'])
      expect((await system.run(step)).value, step).toMatchObject({ value: 3.6 });
    expect((await system.run('AH-R3#pms')).value).toMatchObject({ value: 0.6 });
    expect(await system.normal('AH-R3#running')).toBe(true);
  });

  it.each([
    ['memory', 'memory_back', { memory_mb: '512' }],
    ['audio_off', 'audio_on', {}],
  ] as const)('%s ends the alert, %s takes that back', async (mitigation, revert, values) => {
    expect(await isOver()).toBe(false);
    await system.run(`AH-R3#${mitigation}`, values);
    expect(await isOver()).toBe(true);
    expect((await system.run('AH-G3#alert_after')).value).toMatchObject({ count: 0 });
    expect(system.step(`AH-R3#${mitigation}`).revert).toBe(revert);
    await system.run(`AH-R3#${revert}`);
    expect(await isOver()).toBe(false);
  });

  it('keeps answers of the PMS longer', async () => {
    await system.run('AH-R3#cache_ttl', { cache_ttl_seconds: 300 });
    expect((await system.run('AH-R3#pms')).value).toMatchObject({ value: 0.1 });
  });

  it('logs slow statements without a restart, until that is taken back', async () => {
    const logged = async () => {
      await system.run('AH-R3#reload');
      return await system.run('AH-R3#slow_log');
    };
    await system.run('AH-R3#log_slow');
    await expect.poll(async () => (await logged()).value.rows, { timeout: 5_000 }).toEqual([{ logged_from: '1s' }]);
    expect(system.offered('AH-R3#restart_database', { slow_log: await system.run('AH-R3#slow_log') })).toBe(false);
    await system.run('AH-R3#log_default');
    await expect.poll(async () => (await logged()).value.rows, { timeout: 5_000 }).toEqual([{ logged_from: '-1' }]);
    expect((await system.run('AH-R3#restart_database')).status).toBe('ok');
  });
});

describe('AH-R4, AH-Q3 and AH-Q5', () => {
  it('AH-R4 lets more requests through, or adds machines, and the hits of the limiter end', async () => {
    const hits = async (step: string) => Number((await system.run(step)).value.value);
    expect((await system.run('AH-R4#refused')).output).toContain('429');
    expect(await hits('AH-R4#hits')).toBeGreaterThan(2);
    await system.run('AH-R4#limit', { requests_per_minute: 300 });
    expect(await hits('AH-R4#hits_after')).toBe(0);
    await system.run('AH-R4#limit_back');
    expect(await hits('AH-R4#hits')).toBeGreaterThan(2);
    await system.run('AH-R4#scale', { machines: 3 });
    expect(await hits('AH-R4#hits_after')).toBe(0);
    expect((await system.run('AH-R4#restart_nginx')).status).toBe('ok');
    expect(await system.normal('AH-R4#ready')).toBe(true);
  });

  it('AH-Q3 asks a real Redis, and offers a restart only when it does not answer', async () => {
    const ping = await system.run('AH-Q3#ping');
    if (system.redis) {
      expect(await system.normal('AH-Q3#ping_after')).toBe(true);
      expect((await system.run('AH-Q3#memory')).output).toContain('used_memory');
    }
    expect(system.offered('AH-Q3#restart', { ping })).toBe(!system.redis);
    expect((await system.run('AH-Q3#restart')).output).toContain('agente-hotel-api-redis-1');
    expect(await system.normal('AH-Q3#ready')).toBe(true);
  });

  it('AH-Q5 deploys the patch, and the alert is over', async () => {
    await machine().write('facts/release', 'bad');
    expect((await system.run('AH-Q5#alert')).value).toMatchObject({ count: 1 });
    expect((await system.run('AH-Q5#errors')).output).toContain('timeout calling qloapps');
    await system.run('AH-Q5#deploy');
    expect((await system.run('AH-Q5#alert')).value).toMatchObject({ count: 0 });
    for (const step of ['ready', 'ready_after']) expect(await system.normal(`AH-Q5#${step}`), step).toBe(true);
  });
});

describe('how much of Agente Hotel runs here', () => {
  it('is every step', () => {
    const steps = [...system.packs.runbooks.values()].flatMap(({ id, steps: own }) =>
      own.flatMap((step) => (step.kind === 'executable' ? [`${id}#${step.id}`] : [])),
    );
    expect(steps.filter((step) => !system.ran.has(step))).toEqual([]);
  });
});
