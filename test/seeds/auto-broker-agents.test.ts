import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { compileExpression, evaluate, isExpressionError } from '../../src/domain/expression.ts';
import type { ExecutableStep } from '../../src/domain/runbook.ts';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import type { StatementResult } from '../../src/executors/executor.ts';
import { createExecutors } from '../../src/executors/registry.ts';
import { bindSql } from '../../src/executors/sql/bind-sql.ts';
import { Secret } from '../../src/lib/secret.ts';
import { loadPacks, type Packs } from '../../src/packs/load.ts';
import { type AutoBrokerTwin, startAutoBrokerTwin } from '../../twins/auto-broker/server.ts';
import { execute } from '../executors/harness.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { testTwinRedis } from '../support/twin-redis.ts';
import { ROOT } from './covers.ts';

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
  const names = ['API_URL', 'OLLAMA_URL', 'VAULT_URL', 'POLYGON_RPC'];
  const here = new Map(names.map((name) => [`AUTO_BROKER_${name}`, twin.url]));
  here.set('AUTO_BROKER_REDIS_URL', redis?.url ?? 'redis://127.0.0.1:1/0');
  packs = await loadPacks({
    dir: join(ROOT, 'runbooks'),
    resolveSetting: (name, fallback) => here.get(name) ?? fallback,
    analyse: analyseStatement,
  });
});
afterAll(async () => {
  await twin.close();
  await redis?.close();
});
beforeEach(() => twin.setState('healthy'));

function stepOf(address: string): ExecutableStep {
  const [runbook = '', id] = address.split('#');
  const found = packs.runbooks.get(`auto-broker/${runbook}`)?.steps.find((candidate) => candidate.id === id);
  if (found?.kind !== 'executable') throw new Error(`there is no step ${address}`);
  return found;
}

/** Runs a step as the product would: with its own effect as the limit, against its own target. */
async function run(address: string, values: Record<string, string | number> = {}): Promise<StatementResult> {
  const step = stepOf(address);
  const target = packs.systems.get('auto-broker')?.targets.find(({ name }) => name === step.target);
  const executor = executors.get(step.language);
  if (!target || !executor) throw new Error(`${address} cannot be run here`);
  return await execute(executor, { text: step.text, values, target, allowed: step.effect }, { secrets });
}

function holds(address: string, vars: Record<string, unknown>): unknown {
  const compiled = compileExpression(stepOf(address).expect ?? 'true');
  if (isExpressionError(compiled)) throw new Error(compiled.error);
  const found = evaluate(compiled, vars);
  return found.status === 'value' ? found.value : found;
}

const isNormal = async (address: string) => holds(address, (await run(address)).value);

describe('what the agents report', () => {
  const looks: [string, Parameters<AutoBrokerTwin['setState']>[0]][] = [
    ['RB-013#report', 'enclave-unattested'],
    ['RB-014#paolo', 'paolo-stopped'],
    ['RB-015#rate', 'giulia-unsure'],
    ['RB-015#rate_after', 'giulia-unsure'],
    ['AB-CL1#health', 'database-down'],
    ['AB-CL1#breakers', 'sap-down'],
    ['AB-CL1#cache', 'cache-down'],
    ['AB-CL1#franco', 'franco-failing'],
    ['AB-CL1#enclave', 'enclave-unattested'],
    ['AB-CL1#paolo', 'paolo-stopped'],
    ['AB-CL1#giulia', 'giulia-unsure'],
    ['AB-QC1#vault', 'vault-sealed'],
    ['AB-QC1#breakers', 'hume-down'],
  ];
  it.each(looks)('%s is normal when all is well and is not in the state %s', async (address, broken) => {
    expect(await isNormal(address)).toBe(true);
    await twin.setState(broken);
    expect(await isNormal(address)).toBe(false);
  });

  it.each([
    'AB-CL1#costs',
    'AB-CL1#self_healing',
    'AB-CL1#disputes',
    'RB-015#disputes',
    'RB-015#ollama',
    'AB-MQ2#api_view',
  ])('%s answers', async (address) => {
    expect(await isNormal(address)).toBe(true);
  });
});

describe('what is done about them', () => {
  it('RB-013 forces a new attestation; the other spelling of its address changes nothing', async () => {
    await twin.setState('enclave-unattested');
    expect((await run('RB-013#force', { reattest: 'reattest' })).value).toMatchObject({ status: 404 });
    expect(await isNormal('RB-013#report_after')).toBe(false);
    await run('RB-013#force', { reattest: 're-attest' });
    expect(await isNormal('RB-013#report_after')).toBe(true);
  });

  it('RB-014 lets PAOLO go on, and moves exactly the shipment that was named', async () => {
    await twin.setState('paolo-stopped');
    await run('RB-014#failover', { shipment_id: 'S-4711' });
    expect(twin.state.failovers).toEqual(['S-4711']);
    expect(await isNormal('RB-014#paolo_after')).toBe(false);
    await run('RB-014#resume');
    expect(await isNormal('RB-014#paolo_after')).toBe(true);
  });

  it('RB-015 leaves every dispute to people, which shows in its own figure until it is lifted', async () => {
    await twin.setState('giulia-unsure');
    await run('RB-015#override');
    expect(twin.state.humanOnly).toBe(true);
    expect(await isNormal('RB-015#rate_after')).toBe(false);
    expect(stepOf('RB-015#override').revert).toBe('manual_4');
  });

  it('RB-016 asks a node for the gas price, and an approval for asking because it is a POST', async () => {
    await twin.setState('chain-busy');
    const asked = await run('RB-016#gas_price');
    expect(asked.value).toMatchObject({ body: { result: `0x${(420e9).toString(16)}` } });
    expect(holds('RB-016#gas_price', asked.value)).toBe(true);
    expect(stepOf('RB-016#gas_price').effect).toBe('change');
  });
});

describe.skipIf(redis === null)('AB-MQ2 and AB-QC1 on a real Redis', () => {
  it('find the breaker that is open by its key and by its value', async () => {
    expect(await isNormal('AB-QC1#redis')).toBe(true);
    expect(await isNormal('AB-MQ2#values')).toBe(true);
    await twin.setState('dat-down');
    expect((await run('AB-MQ2#keys')).value).toEqual({ value: ['0', ['circuit_breaker:dat_iq']] });
    expect((await run('AB-MQ2#values')).value).toEqual({ value: [null, null, 'open', null] });
    expect(await isNormal('AB-MQ2#values')).toBe(false);
  });
});

describe('the SQL of AB-MQ1, AB-QC1 and AB-RP2 on a real PostgreSQL', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await testDatabase();
    // The extension has to be loaded when the server starts: a table with its columns stands in.
    await db.owner.query(`
      create table pg_stat_statements (query text, calls bigint, mean_exec_time float8);
      insert into pg_stat_statements values ('select fast', 10, 2), ('select slow', 1, 1900.55), ('select slower', 1, 2000);
      create table shipments (id int);
      insert into shipments values (1), (2), (3)`);
  });
  afterAll(() => db.drop());

  async function rows(address: string, values: Record<string, unknown> = {}): Promise<Record<string, unknown>[]> {
    const { text, names } = await bindSql(stepOf(address).text);
    const found = await db.owner.query(
      text,
      names.map((name) => values[name]),
    );
    return found.rows as Record<string, unknown>[];
  }

  it('lists what is slow, slowest first, and no more than was asked for', async () => {
    expect(await rows('AB-MQ1#slow', { min_mean_ms: 1_000, max_rows: 10 })).toEqual([
      { query: 'select slower', mean_ms: '2000.0', calls: 1 },
      { query: 'select slow', mean_ms: '1900.6', calls: 1 },
    ]);
    expect(await rows('AB-MQ1#slow', { min_mean_ms: 1_000, max_rows: 1 })).toHaveLength(1);
  });

  it('shows a lock that is waited for, and connections by state', async () => {
    const [holder, waiter] = [await db.owner.connect(), await db.owner.connect()];
    await holder.query('begin; lock table shipments');
    const waiting = waiter.query('select count(*) from shipments');
    await expect.poll(() => rows('AB-MQ1#locks'), { timeout: 5_000 }).toMatchObject([{ mode: 'AccessShareLock' }]);
    expect(await rows('AB-MQ1#connections')).toContainEqual(expect.objectContaining({ state: 'idle in transaction' }));
    await holder.query('rollback');
    await waiting;
    holder.release();
    waiter.release();
    expect(await rows('AB-MQ1#locks')).toEqual([]);
  });

  it('counts shipments, and knows a server that is not recovering', async () => {
    expect(await rows('AB-QC1#database')).toEqual([{ shipments: 3 }]);
    expect(await rows('AB-RP2#running')).toMatchObject([{ in_recovery: false }]);
    expect(await rows('AB-RP2#recovered')).toMatchObject([{ in_recovery: false, replayed_until: null }]);
  });
});
