import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { compileExpression, evaluate, isExpressionError } from '../../src/domain/expression.ts';
import type { ExecutableStep } from '../../src/domain/runbook.ts';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import type { StatementResult } from '../../src/executors/executor.ts';
import { createExecutors } from '../../src/executors/registry.ts';
import { createSecretResolver } from '../../src/executors/secrets.ts';
import { bindSql } from '../../src/executors/sql/bind-sql.ts';
import { Secret } from '../../src/lib/secret.ts';
import { loadPacks, type Packs } from '../../src/packs/load.ts';
import { VAULT_SHARES } from '../../twins/auto-broker/outside.ts';
import { type AutoBrokerTwin, startAutoBrokerTwin } from '../../twins/auto-broker/server.ts';
import { execute } from '../executors/harness.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { testTwinRedis } from '../support/twin-redis.ts';

const ROOT = join(import.meta.dirname, '../..');
const TOKEN = 'twin-token';
const redis = await testTwinRedis();
const secrets = (reference: string) =>
  Promise.resolve(
    new Secret(reference === 'env:AUTO_BROKER_REDIS_READ_PASSWORD' ? (redis?.readPassword ?? '') : TOKEN),
  );
const executors = createExecutors({ secrets });

let twin: AutoBrokerTwin;
let packs: Packs;
beforeAll(async () => {
  twin = await startAutoBrokerTwin({ port: 0, token: TOKEN, ...(redis ? { redis: { url: redis.url } } : {}) });
  const here: Record<string, string> = {
    AUTO_BROKER_WORKER_DIR: join(ROOT, 'twins/auto-broker'),
    AUTO_BROKER_REDIS_URL: redis?.url ?? 'redis://127.0.0.1:1/0',
  };
  for (const name of ['API', 'DAT', 'HUME', 'OLLAMA', 'VAULT']) here[`AUTO_BROKER_${name}_URL`] = twin.url;
  packs = await loadPacks({
    dir: join(ROOT, 'runbooks'),
    resolveSetting: (name, fallback) => here[name] ?? fallback,
    analyse: analyseStatement,
  });
});
afterAll(async () => {
  await twin.close();
  await redis?.close();
});
beforeEach(() => twin.setState('healthy'));

function stepOf(runbook: string, id: string): ExecutableStep {
  const found = packs.runbooks.get(`auto-broker/${runbook}`)?.steps.find((candidate) => candidate.id === id);
  if (found?.kind !== 'executable') throw new Error(`${runbook} has no step ${id}`);
  return found;
}

/** Runs a step as the product would: with its own effect as the limit, against its own target. */
async function run(
  runbook: string,
  id: string,
  values: Record<string, string | number | Secret> = {},
  resolve: typeof secrets = secrets,
) {
  const step = stepOf(runbook, id);
  const target = packs.systems.get('auto-broker')?.targets.find(({ name }) => name === step.target);
  const executor = executors.get(step.language);
  if (!target || !executor) throw new Error(`${runbook}#${id} cannot be run here`);
  return await execute(executor, { text: step.text, values, target, allowed: step.effect }, { secrets: resolve });
}

function holds(text: string, vars: Record<string, unknown>): unknown {
  const compiled = compileExpression(text);
  if (isExpressionError(compiled)) throw new Error(compiled.error);
  const found = evaluate(compiled, vars as Parameters<typeof evaluate>[1]);
  return found.status === 'value' ? found.value : found;
}

const isNormal = (runbook: string, id: string, result: StatementResult) =>
  holds(stepOf(runbook, id).expect ?? 'true', result.value);
const isNext = (runbook: string, id: string, steps: Record<string, StatementResult>) => {
  const values = Object.fromEntries(Object.entries(steps).map(([name, result]) => [name, result.value]));
  return holds(stepOf(runbook, id).when ?? 'true', { steps: values });
};

describe('what RB-003 to RB-011 look at, on the twin', () => {
  const looks: [string, string, Parameters<AutoBrokerTwin['setState']>[0]][] = [
    ['RB-003', 'breakers', 'hume-down'],
    ['RB-004', 'breakers', 'sap-down'],
    ['RB-005', 'breakers', 'dat-down'],
    ['RB-005', 'subscription', 'dat-down'],
    ['RB-007', 'seal', 'vault-sealed'],
    ['RB-007', 'health', 'database-down'],
    ['RB-011', 'stats', 'cache-down'],
  ];
  it.each(looks)('%s#%s is normal when all is well and is not in the state %s', async (runbook, id, broken) => {
    expect(isNormal(runbook, id, await run(runbook, id))).toBe(true);
    await twin.setState(broken);
    expect(isNormal(runbook, id, await run(runbook, id))).toBe(false);
  });

  it('RB-004 reads the credentials of SAP with a token that may only read, and keeps them off Slack', async () => {
    expect(stepOf('RB-004', 'credentials')).toMatchObject({ effect: 'read', sensitive: true });
    expect(isNormal('RB-004', 'credentials', await run('RB-004', 'credentials'))).toBe(true);
    await twin.setState('vault-sealed');
    expect(isNormal('RB-004', 'credentials', await run('RB-004', 'credentials'))).toBe(false);
  });
});

describe('what RB-003 to RB-011 change, on the twin', () => {
  it('RB-003 asks for the quota with the code of the application, and sends a test job only while there is some', async () => {
    expect((await run('RB-003', 'quota')).value).toMatchObject({ exit_code: 0, stdout: '9300\n' });
    const values = { audio_url: 'https://example.com/audio.wav' };
    expect(isNormal('RB-003', 'test_job', await run('RB-003', 'test_job', values))).toBe(true);
    await twin.setState('hume-down');
    expect((await run('RB-003', 'quota')).value).toMatchObject({ stdout: '0\n' });
    expect(isNormal('RB-003', 'test_job', await run('RB-003', 'test_job', values))).toBe(false);
  });

  it('RB-004 replays what waited once SAP is back, and nothing before', async () => {
    await twin.setState('sap-down');
    expect(await run('RB-004', 'connection')).toMatchObject({ status: 'failed', value: { exit_code: 1 } });
    expect((await run('RB-004', 'replay')).status).toBe('failed');
    expect(twin.state.unapplied).toBe(37);
    expect(isNext('RB-004', 'replay', { closed: await run('RB-004', 'closed') })).toBe(false);
    await twin.setState('healthy');
    expect(isNext('RB-004', 'replay', { closed: await run('RB-004', 'closed') })).toBe(true);
    expect((await run('RB-004', 'replay')).output).toContain('0 are waiting');
  });

  it('RB-006 sends pending transactions again with the percentage that was approved', async () => {
    await twin.setState('chain-busy');
    expect((await run('RB-006', 'pending')).output).toContain('14 transactions are pending');
    expect(stepOf('RB-006', 'resubmit').effect).toBe('destructive');
    const sent = await run('RB-006', 'resubmit', { increase_gas: 30 });
    expect(sent.output).toContain('14 transactions sent again at 546 gwei');
    expect((await run('RB-006', 'pending')).output).toContain('0 transactions are pending');
  });

  it('RB-007 opens Vault with the shares of three holders, none of which is shown', async () => {
    await twin.setState('vault-sealed');
    expect(stepOf('RB-007', 'unseal')).toMatchObject({ quorum: 3, effect: 'change', verify: 'unsealed' });
    expect(isNext('RB-007', 'unseal', { seal: await run('RB-007', 'seal') })).toBe(true);
    for (const [index, share] of VAULT_SHARES.slice(1, 4).entries()) {
      const given = await run('RB-007', 'unseal', { unseal_key: new Secret(share) });
      expect(given.output).not.toContain(share);
      expect(given.value).toMatchObject({ body: { sealed: index < 2, progress: index < 2 ? index + 1 : 0 } });
    }
    expect(isNormal('RB-007', 'unsealed', await run('RB-007', 'unsealed'))).toBe(true);
    expect((await run('RB-007', 'unseal', { unseal_key: new Secret('wrong') })).value).toMatchObject({ status: 400 });
  });

  it('RB-009 tells a contract that fails and a wallet that is empty', async () => {
    expect((await run('RB-009', 'contract')).status).toBe('ok');
    expect((await run('RB-009', 'wallet')).status).toBe('ok');
    await twin.setState('contract-failing');
    expect((await run('RB-009', 'contract')).status).toBe('failed');
    expect(await run('RB-009', 'wallet')).toMatchObject({
      status: 'failed',
      value: { stdout: expect.stringContaining('0.2') },
    });
  });

  it('RB-010 computes the figures from the day the outage began', async () => {
    await twin.setState('carbon-down');
    expect((await run('RB-010', 'recalculate', { date_from: '2026-02-10' })).output).toContain('52 figures computed');
    expect(packs.runbooks.get('auto-broker/RB-010')?.params).toMatchObject([{ name: 'date_from', default: null }]);
  });

  it('RB-011 finds the model, warms the cache and clears what is old', async () => {
    await twin.setState('cache-down');
    expect(isNormal('RB-011', 'embedding_model', await run('RB-011', 'embedding_model'))).toBe(true);
    expect(isNext('RB-011', 'warm', { stats: await run('RB-011', 'stats') })).toBe(true);
    await run('RB-011', 'warm', { phrase_1: 'where is my "shipment"', phrase_2: 'what does it cost' });
    expect(isNormal('RB-011', 'hit_rate', await run('RB-011', 'hit_rate'))).toBe(true);
    expect((await run('RB-011', 'clear_old', { days: 30 })).value).toMatchObject({ body: { cleared: 120 } });
    expect(twin.state.oldEntries).toBe(0);
  });
});

describe.skipIf(redis === null)('what they do to Redis', () => {
  const client = new Redis(redis?.url ?? '', { lazyConnect: true });
  afterAll(() => client.disconnect());

  it('RB-012 reads the breaker as a user who may not write, and says which variable has the password when it is not set', async () => {
    await twin.setState('franco-failing');
    expect(await run('RB-012', 'breaker')).toMatchObject({ status: 'ok', output: '"open"', warnings: [] });
    const unset = createSecretResolver(() => undefined);
    expect(await run('RB-012', 'breaker', {}, unset)).toMatchObject({
      status: 'refused',
      error:
        'The secret env:AUTO_BROKER_REDIS_READ_PASSWORD is not set: set the environment variable AUTO_BROKER_REDIS_READ_PASSWORD and start again.',
    });
  });

  it('RB-003 closes the breaker, and offers that only while it is open', async () => {
    expect(isNext('RB-003', 'close', { breaker: await run('RB-003', 'breaker') })).toBe(false);
    await twin.setState('hume-down');
    const open = await run('RB-003', 'breaker');
    expect(isNormal('RB-003', 'breaker', open)).toBe(false);
    expect(isNext('RB-003', 'close', { breaker: open })).toBe(true);
    await run('RB-003', 'close');
    expect(isNormal('RB-003', 'closed', await run('RB-003', 'closed'))).toBe(true);
  });

  it('RB-005 drops every cached rate and nothing else, and only when DAT answers; the command of the source drops none', async () => {
    await client.set('dat_iq:token', 'kept');
    const many = Array.from({ length: 2_500 }, (_, index) => [`dat_iq:rates:${index}`, '1']).flat();
    await client.mset(many);
    expect(await client.del('dat_iq:rates:*')).toBe(0);
    const seen = (await run('RB-005', 'rates')).value.value as [string, string[]];
    expect(seen[1].length).toBeGreaterThan(0);
    await twin.setState('dat-down');
    expect(isNext('RB-005', 'refresh', { subscription: await run('RB-005', 'subscription') })).toBe(false);
    await twin.setState('healthy');
    expect(isNext('RB-005', 'refresh', { subscription: await run('RB-005', 'subscription') })).toBe(true);
    expect(stepOf('RB-005', 'refresh').effect).toBe('destructive');
    expect((await run('RB-005', 'refresh')).value).toEqual({ value: 2_503 });
    expect(await client.keys('dat_iq:*')).toEqual(['dat_iq:token']);
  });
});

describe('the SQL of RB-001 to RB-011 on a real PostgreSQL', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await testDatabase();
    for (const table of ['unapplied_changes', 'blockchain_queue', 'sentiment_cache'])
      await db.owner.query(`create table ${table} (id int)`);
  });
  afterAll(() => db.drop());

  it.each([
    ['RB-004', 'queue_empty', 'unapplied_changes'],
    ['RB-006', 'queue_after', 'blockchain_queue'],
    ['RB-009', 'queue_after', 'blockchain_queue'],
  ])('%s#%s is satisfied when %s is empty, and not before', async (runbook, id, table) => {
    const { text } = await bindSql(stepOf(runbook, id).text);
    const normal = async () => holds(stepOf(runbook, id).expect ?? '', { rows: (await db.owner.query(text)).rows });
    await db.owner.query(`insert into ${table} values (1)`);
    expect(await normal()).toBe(false);
    await db.owner.query(`delete from ${table}`);
    expect(await normal()).toBe(true);
  });

  it('RB-011 counts the entries of the cache', async () => {
    await db.owner.query('insert into sentiment_cache values (1), (2)');
    const { text } = await bindSql(stepOf('RB-011', 'size').text);
    expect((await db.owner.query(text)).rows).toEqual([{ entries: 2 }]);
  });
});

describe('the scripts of the twin', () => {
  const script = (name: string, ...args: string[]) =>
    promisify(execFile)('python3', ['-B', join(ROOT, 'twins/auto-broker/scripts', name), ...args], {
      env: { PATH: process.env.PATH ?? '', AUTO_BROKER_URL: 'http://127.0.0.1:9' },
    }).then(
      () => ({ code: 0, stderr: '' }),
      ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
    );

  it('say in one sentence that the API is not there, and refuse wrong arguments', async () => {
    expect(await script('check_pending_tx.py')).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^The API could not be reached: .+\n$/u),
    });
    expect((await script('resubmit_tx.py', '--increase-gas', '0')).code).toBe(2);
    expect((await script('recalculate_carbon.py', '--date-from', '2026-02-30')).code).toBe(2);
    expect((await script('replay_erp_changes.py', '--system=oracle')).code).toBe(2);
  });
});
