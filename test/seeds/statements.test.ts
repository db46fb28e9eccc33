import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExecutableStep, Param, ParamValue, Runbook } from '../../src/domain/runbook.ts';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import { createExecutors } from '../../src/executors/registry.ts';
import { bindSql } from '../../src/executors/sql/bind-sql.ts';
import { InternalError, messageOf } from '../../src/lib/errors.ts';
import { Secret } from '../../src/lib/secret.ts';
import { loadPacks, type Packs } from '../../src/packs/load.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

let packs: Packs;
beforeAll(async () => {
  const dir = join(import.meta.dirname, '../../runbooks');
  packs = await loadPacks({ dir, resolveSetting: (_, fallback) => fallback, analyse: analyseStatement });
});

function executable(runbook: Runbook): ExecutableStep[] {
  return runbook.steps.filter((step) => step.kind === 'executable');
}

/** A value that the parameter allows: its default, or one made from its pattern. */
function sample(param: Param): ParamValue | Secret {
  if (param.default !== null) return param.default;
  switch (param.type) {
    case 'secret':
      return new Secret('a-secret-value');
    case 'integer':
    case 'number':
      return param.min ?? 1;
    case 'boolean':
      return true;
    case 'choice':
      return param.choices[0] ?? '';
    case 'duration':
      return '5m';
    case 'k8s-name':
      return 'name';
    case 'string':
      return param.pattern === null
        ? 'text'
        : (fc.sample(fc.stringMatching(new RegExp(`^(?:${param.pattern})$`)), { numRuns: 1, seed: 7 })[0] ?? '');
  }
}

describe('the steps of every shipped runbook', () => {
  it('are taken by their executors with values of the declared types', async () => {
    const executors = createExecutors({ secrets: () => Promise.reject(new InternalError('test', 'nothing is sent')) });
    const refused: string[] = [];
    let prepared = 0;
    for (const runbook of packs.runbooks.values()) {
      const values = Object.fromEntries(runbook.params.map((param) => [param.name, sample(param)]));
      const system = packs.systems.get(runbook.system);
      for (const step of executable(runbook)) {
        const executor = executors.get(step.language);
        const target = system?.targets.find(({ name }) => name === step.target);
        if (!executor || !target) continue;
        try {
          const statement = await executor.prepare({ text: step.text, values, target, allowed: step.effect });
          expect(statement.display).not.toContain('a-secret-value');
          prepared += 1;
        } catch (error) {
          refused.push(`${runbook.source.file}#${step.id}: ${messageOf(error)}`);
        }
      }
    }
    expect(refused).toEqual([]);
    expect(prepared).toBeGreaterThan(100);
  });

  it('fill every parameter that they declare, and use it', () => {
    const unused = [...packs.runbooks.values()].flatMap((runbook) => {
      const text = executable(runbook)
        .map((step) => step.text)
        .join('\n');
      const isUsed = (name: string) => text.includes(`\${${name}}`) || new RegExp(`\\$${name}\\b`, 'u').test(text);
      return runbook.params.filter(({ name }) => !isUsed(name)).map(({ name }) => `${runbook.source.file}: ${name}`);
    });
    expect(unused).toEqual([]);
  });

  it('are looked at again after they destroyed something', () => {
    const blind = [...packs.runbooks.values()].flatMap((runbook) =>
      executable(runbook)
        .filter((step) => step.effect === 'destructive' && step.verify === null)
        .map((step) => `${runbook.source.file}#${step.id}`),
    );
    expect(blind).toEqual([]);
  });
});

describe('the SQL of Agentic Platform and Agente Hotel on a real PostgreSQL', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await testDatabase();
    // The extension has to be loaded when the server starts: a table with its columns (PostgreSQL 13 and later) stands in.
    await db.owner.query(`
      create table pg_stat_statements (query text, calls bigint, total_exec_time float8, mean_exec_time float8);
      insert into pg_stat_statements values ('select fast', 10, 20, 2), ('select slow', 1, 900.55, 900.55);
      create table audit_logs (id int, created_at timestamptz);
      insert into audit_logs values (1, now() - interval '100 days'), (2, now() - interval '1 hour');
      create table agents (id int, tenant_id text);
      create table users (id int);
      insert into users values (1), (2);
      create table sessions (id int)`);
  });
  afterAll(() => db.drop());

  async function run(key: string, id: string, values: Readonly<Record<string, unknown>> = {}) {
    const step = packs.runbooks.get(key)?.steps.find((candidate) => candidate.id === id);
    if (step?.kind !== 'executable') throw new Error(`${key} has no step ${id}`);
    const { text, names } = await bindSql(step.text);
    const { rows } = await db.owner.query(
      text,
      names.map((name) => values[name]),
    );
    return rows as Record<string, unknown>[];
  }

  it('can be read, every statement that only reads', async () => {
    let read = 0;
    for (const [key, runbook] of packs.runbooks) {
      if (!['agentic-platform', 'agente-hotel'].includes(runbook.system)) continue;
      const values = Object.fromEntries(runbook.params.map((param) => [param.name, sample(param)]));
      for (const step of executable(runbook)) {
        if (step.language !== 'sql' || step.effect !== 'read') continue;
        await run(key, step.id, values);
        read += 1;
      }
    }
    expect(read).toBeGreaterThanOrEqual(18);
  });

  it('AP-S2 and AP-D2 name the slowest statement first', async () => {
    expect((await run('agentic-platform/AP-S2', 'slow'))[0]).toEqual({ query: 'select slow', mean_ms: '900.6' });
    expect((await run('agentic-platform/AP-D2', 'slowest'))[0]).toMatchObject({
      query: 'select slow',
      total_ms: '901',
    });
  });

  it('AP-S3 deletes what is older than it is told, and nothing else', async () => {
    expect(await run('agentic-platform/AP-S3', 'old_rows', { retention_days: 90 })).toMatchObject([{ old_rows: 1 }]);
    await run('agentic-platform/AP-S3', 'delete_old', { retention_days: 90 });
    expect((await db.owner.query('select id from audit_logs')).rows).toEqual([{ id: 2 }]);
    await run('agentic-platform/AP-S3', 'vacuum');
  });

  it('AP-P1 ends exactly the session that it found, and nobody who has gone idle', async () => {
    const victim = await db.owner.connect();
    const ended = new Promise((resolve) => victim.on('error', resolve));
    const slow = victim.query('select pg_sleep(60)').catch((error: Error) => error.message);
    await expect
      .poll(async () => (await run('agentic-platform/AP-P1', 'longest'))[0]?.query, { timeout: 5_000 })
      .toBe('select pg_sleep(60)');
    const [found] = await run('agentic-platform/AP-P1', 'longest');
    expect(await run('agentic-platform/AP-P1', 'terminate', { pid: found?.pid })).toMatchObject([{ ended: true }]);
    expect(await slow).toBe('terminating connection due to administrator command');
    await ended;
    victim.release(true);
    expect(await run('agentic-platform/AP-P1', 'terminate', { pid: found?.pid })).toEqual([]);
  });

  it('AP-D2 and AH-R3 switch the log of slow statements on and off again', async () => {
    for (const key of ['agentic-platform/AP-D2', 'agente-hotel/AH-R3']) {
      const logged = async () => (await run(key, 'slow_log'))[0]?.logged_from;
      const before = await logged();
      await run(key, 'log_slow');
      expect(await run(key, 'reload')).toEqual([{ reloaded: true }]);
      await expect.poll(logged, { timeout: 5_000 }).toBe('1s');
      await run(key, 'log_default');
      await run(key, 'reload');
      await expect.poll(logged, { timeout: 5_000 }).toBe(before);
    }
  });

  it('AP-R2 makes the database anew', async () => {
    const exists = async () =>
      (await run('agentic-platform/AP-R2', 'databases')).some(({ datname }) => datname === 'agentic_db');
    await run('agentic-platform/AP-R2', 'create');
    expect(await exists()).toBe(true);
    await run('agentic-platform/AP-R2', 'drop');
    expect(await exists()).toBe(false);
  });

  it('AH-R2 counts users and sessions at once', async () => {
    expect(await run('agente-hotel/AH-R2', 'integrity')).toEqual([{ users: 2, sessions: 0 }]);
  });
});
