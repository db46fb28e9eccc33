import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { compileExpression, evaluate, isExpressionError } from '../../src/domain/expression.ts';
import type { ExecutableStep } from '../../src/domain/runbook.ts';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import { dockerTargetProblems } from '../../src/executors/docker/docker-target.ts';
import { httpTargetProblems } from '../../src/executors/http/http-target.ts';
import { probeTargetProblems } from '../../src/executors/probe/probe-target.ts';
import { redisTargetProblems } from '../../src/executors/redis/redis-target.ts';
import { createExecutors } from '../../src/executors/registry.ts';
import { shTargetProblems } from '../../src/executors/sh/sh-target.ts';
import { bindSql } from '../../src/executors/sql/bind-sql.ts';
import { sqlTargetProblems } from '../../src/executors/sql/sql-target.ts';
import { formatDuration } from '../../src/lib/duration.ts';
import { loadPacks, type Packs } from '../../src/packs/load.ts';
import { formatProblem } from '../../src/packs/problems.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

let packs: Packs;
beforeAll(async () => {
  const dir = join(import.meta.dirname, '../../runbooks');
  packs = await loadPacks({ dir, resolveSetting: (_, fallback) => fallback, analyse: analyseStatement });
});

function step(runbook: string, id: string): ExecutableStep {
  const found = packs.runbooks.get(runbook)?.steps.find((candidate) => candidate.id === id);
  if (found?.kind !== 'executable') throw new Error(`${runbook} has no step ${id}`);
  return found;
}

describe('the shipped packs', () => {
  it('load without a problem', () => {
    expect(packs.problems.map(formatProblem)).toEqual([]);
    expect([...packs.runbooks.keys()]).toEqual(
      expect.arrayContaining([
        'auto-broker/RB-001',
        'auto-broker/RB-002',
        'auto-broker/RB-012',
        'warroom/WR-001',
        'warroom/WR-002',
        'warroom/WR-003',
      ]),
    );
  });

  it('have targets that their executors accept', () => {
    const checks = {
      http: httpTargetProblems,
      redis: redisTargetProblems,
      sql: sqlTargetProblems,
      sh: shTargetProblems,
      docker: dockerTargetProblems,
      probe: probeTargetProblems,
      promql: httpTargetProblems,
    };
    for (const system of packs.systems.values()) {
      for (const target of system.targets) {
        const check = checks[target.executor as keyof typeof checks];
        expect(check?.(target) ?? [], `${system.id}/${target.name}`).toEqual([]);
      }
    }
  });

  it('have docker, probe and PromQL steps that their executors can prepare', async () => {
    const executors = createExecutors({ secrets: () => Promise.reject(new Error('nothing is run here')) });
    let prepared = 0;
    for (const runbook of packs.runbooks.values()) {
      const targets = packs.systems.get(runbook.system)?.targets ?? [];
      for (const item of runbook.steps) {
        if (item.kind !== 'executable' || !['docker', 'probe', 'promql'].includes(item.language)) continue;
        const executor = executors.get(item.language);
        const target = targets.find(({ name }) => name === item.target);
        if (!executor || !target) throw new Error(`${runbook.id}#${item.id} has no executor or target`);
        const values = Object.fromEntries((await executor.placeholders(item.text)).map((name) => [name, 'value']));
        const statement = await executor.prepare({ text: item.text, values, target, allowed: item.effect });
        expect(statement.display, `${runbook.id}#${item.id}`).not.toBe('');
        prepared += 1;
      }
    }
    expect(prepared).toBeGreaterThan(50);
  });

  it('carry the process of Auto-Broker: severities, milestones and the ladder', () => {
    const system = packs.systems.get('auto-broker');
    expect(
      system?.severities.map((item) => [
        item.level,
        formatDuration(item.respondWithinMs ?? 0),
        formatDuration(item.resolveWithinMs ?? 0),
        item.warRoom,
      ]),
    ).toEqual([
      ['SEV1', '5m', '1h', 'hub-thread'],
      ['SEV2', '15m', '4h', 'hub-thread'],
      ['SEV3', '1h', '1d', 'none'],
      ['SEV4', '4h', '7d', 'none'],
    ]);
    expect(system?.milestones.map((item) => [item.id, item.afterMs / 60_000, item.severities.join()])).toEqual([
      ['acknowledge', 5, 'SEV1,SEV2'],
      ['assess', 5, 'SEV1,SEV2'],
      ['inform', 15, 'SEV1'],
      ['root-cause', 30, 'SEV1,SEV2'],
      ['mitigate', 60, 'SEV1,SEV2'],
    ]);
    expect(system?.escalation.map((rung) => [rung.id, rung.until, rung.triggers])).toEqual([
      [
        'l1',
        'acknowledged',
        ['SEV1', 'SEV2', 'SEV3', 'SEV4'].map((severity) => ({ kind: 'elapsed', severity, afterMs: 0 })),
      ],
      [
        'l2',
        'resolved',
        [
          { kind: 'elapsed', severity: 'SEV1', afterMs: 1_800_000 },
          { kind: 'elapsed', severity: 'SEV2', afterMs: 7_200_000 },
        ],
      ],
      [
        'l3',
        'resolved',
        [
          { kind: 'elapsed', severity: 'SEV1', afterMs: 3_600_000 },
          { kind: 'several-open', severity: 'SEV2', count: 2 },
        ],
      ],
      ['l4', 'resolved', [{ kind: 'customer-impact', afterMs: 14_400_000 }]],
      ['vendor', 'resolved', [{ kind: 'manual' }]],
      ['platform', 'acknowledged', [{ kind: 'manual' }]],
      ['ml', 'resolved', [{ kind: 'manual' }]],
      ['blockchain', 'acknowledged', [{ kind: 'manual' }]],
    ]);
    expect(system?.components).toHaveLength(12);
  });

  it('keep the trigger of a real call out of the diagnostics', () => {
    expect(step('auto-broker/RB-012', 'trigger')).toMatchObject({ phase: 'recover', effect: 'change' });
    const diagnostics = packs.runbooks.get('auto-broker/RB-012')?.steps.filter((item) => item.phase === 'diagnose');
    expect(diagnostics?.map((item) => [item.id, item.kind === 'executable' ? item.effect : ''])).toEqual([
      ['stats', 'read'],
      ['breakers', 'read'],
      ['breaker', 'read'],
    ]);
  });

  it('come with the scripts that they call', () => {
    for (const runbook of packs.runbooks.values()) {
      for (const item of runbook.steps) {
        const script =
          item.kind === 'executable' && item.language === 'sh' ? /scripts\/\S+\.py/u.exec(item.text)?.[0] : undefined;
        if (script) expect(existsSync(join(import.meta.dirname, '../../twins/auto-broker', script)), script).toBe(true);
      }
    }
  });
});

describe('the statements of the Warroom pack on a real PostgreSQL', () => {
  let db: TestDatabase;
  let fault: pg.Client | null = null;
  beforeAll(async () => {
    db = await testDatabase();
  });
  // A fault that outlives its test would make every later one wait for its lock.
  afterEach(async () => {
    await fault?.end().catch(() => undefined);
    fault = null;
    await back();
  });
  afterAll(async () => {
    await db.drop();
  });

  async function run(runbook: string, id: string, values: Readonly<Record<string, unknown>> = {}) {
    const { text, names } = await bindSql(step(runbook, id).text);
    const result = await db.pool.query(
      text,
      names.map((name) => values[name]),
    );
    return { rows: result.rows as Record<string, unknown>[], row_count: result.rowCount ?? 0 };
  }
  const passes = (runbook: string, id: string, result: object) => {
    const compiled = compileExpression(step(runbook, id).expect ?? 'true');
    if (isExpressionError(compiled)) throw new Error(compiled.error);
    return evaluate(compiled, { ...result });
  };
  const captured = (runbook: string, id: string, result: object) =>
    Object.fromEntries(
      step(runbook, id).captures.map(({ name, expression }) => {
        const compiled = compileExpression(expression);
        if (isExpressionError(compiled)) throw new Error(compiled.error);
        const found = evaluate(compiled, { ...result });
        return [name, found.status === 'value' ? found.value : found.message];
      }),
    );
  async function makeFault(): Promise<pg.Client> {
    const client = new pg.Client({ ...db.connection, application_name: 'warroom-drill' });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('begin');
    await client.query('select id from drill.parcels where id = 1 for update');
    return client;
  }
  // The sessions count as idle after five seconds; the test moves the server's clock instead of waiting.
  const later = (interval: string) => db.pool.query('update clock.shift set shift = shift + $1::interval', [interval]);
  const back = () => db.pool.query("update clock.shift set shift = '0'");

  it('WR-001 finds the session that holds a lock and the one that waits, ends exactly it, and finds none afterwards', async () => {
    expect(await passes('warroom/WR-001', 'holders', await run('warroom/WR-001', 'holders'))).toEqual({
      status: 'value',
      value: true,
    });
    expect(captured('warroom/WR-001', 'holders', { rows: [] })).toEqual({ pid: null, backend_start: null });
    fault = await makeFault();
    const waiting = db.pool.query(
      "set application_name = 'victim'; update drill.parcels set status = 'late' where id = 1",
    );
    try {
      await later('10 seconds');
      const holders = await run('warroom/WR-001', 'holders');
      expect(holders.rows).toMatchObject([{ application_name: 'warroom-drill', locked: 'drill.parcels' }]);
      expect(passes('warroom/WR-001', 'holders', holders)).toEqual({ status: 'value', value: false });
      await expect.poll(async () => (await run('warroom/WR-001', 'blocked')).rows.length, { timeout: 5_000 }).toBe(1);

      const values = captured('warroom/WR-001', 'holders', holders);
      expect(values.backend_start).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/u);
      const wrong = await run('warroom/WR-001', 'terminate', {
        ...values,
        backend_start: '2020-01-01T00:00:00.000000Z',
      });
      expect(wrong.row_count).toBe(0);
      const ended = await run('warroom/WR-001', 'terminate', values);
      expect(passes('warroom/WR-001', 'terminate', ended)).toEqual({ status: 'value', value: true });
      await waiting;
      await expect
        .poll(async () => (await run('warroom/WR-001', 'holders_left')).rows[0]?.holding, { timeout: 5_000 })
        .toBe(0);
      expect((await run('warroom/WR-001', 'terminate', values)).row_count).toBe(0);
    } finally {
      await back();
    }
  });

  it('WR-001 leaves a session alone that went back to work', async () => {
    fault = await makeFault();
    await later('10 seconds');
    const values = captured('warroom/WR-001', 'holders', await run('warroom/WR-001', 'holders'));
    await fault.query('commit');
    expect((await run('warroom/WR-001', 'terminate', values)).row_count).toBe(0);
    await expect(fault.query('select 1 as alive')).resolves.toMatchObject({ rows: [{ alive: 1 }] });
  });

  it('WR-001 is seen by the reading role as well', async () => {
    fault = await makeFault();
    await later('10 seconds');
    const reader = new pg.Client({ ...db.connection, user: 'warroom_read' });
    await reader.connect();
    const { rows } = await reader.query(step('warroom/WR-001', 'holders').text);
    await reader.end();
    expect(rows).toMatchObject([{ application_name: 'warroom-drill', locked: 'drill.parcels' }]);
  });

  it('WR-002 counts what is due, names the failing task, and runs exhausted jobs again', async () => {
    await db.pool.query('delete from graphile_worker._private_jobs');
    const quiet = await run('warroom/WR-002', 'due');
    expect(passes('warroom/WR-002', 'due', quiet)).toEqual({ status: 'value', value: true });
    await db.pool.query(
      "select graphile_worker.add_job('send_page', run_at => now() - interval '10 minutes', max_attempts => 3) from generate_series(1, 3)",
    );
    await db.pool.query(
      "update graphile_worker._private_jobs set attempts = 3, last_error = 'no route' where id = (select min(id) from graphile_worker._private_jobs)",
    );
    const due = await run('warroom/WR-002', 'due');
    expect(due.rows).toMatchObject([{ due: 2, exhausted: 1, running: 0, scheduled: 0 }]);
    expect(passes('warroom/WR-002', 'due', due)).toEqual({ status: 'value', value: false });
    const failing = await run('warroom/WR-002', 'failing');
    expect(failing.rows).toMatchObject([{ task: 'send_page', exhausted: 1, last_error: 'no route' }]);
    expect(passes('warroom/WR-002', 'moving', await run('warroom/WR-002', 'moving'))).toEqual({
      status: 'value',
      value: false,
    });
    expect(await run('warroom/WR-002', 'rerun', captured('warroom/WR-002', 'failing', failing))).toMatchObject({
      row_count: 1,
    });
    expect((await run('warroom/WR-002', 'due')).rows).toMatchObject([{ due: 3, exhausted: 0 }]);
  });

  it('WR-002 gives back jobs of a worker that is silent, and of no other', async () => {
    await db.pool.query('delete from graphile_worker._private_jobs');
    await db.pool.query("select graphile_worker.add_job('send_page') from generate_series(1, 2)");
    await db.pool.query(
      "update graphile_worker._private_jobs set locked_by = 'worker-1', locked_at = now() - interval '10 minutes'",
    );
    const held = await run('warroom/WR-002', 'held');
    expect(held.rows).toMatchObject([{ worker: 'worker-1', jobs: 2 }]);
    expect((await run('warroom/WR-002', 'unlock', { worker: 'worker-2' })).row_count).toBe(0);
    const unlocked = await run('warroom/WR-002', 'unlock', captured('warroom/WR-002', 'held', held));
    expect(unlocked.rows).toMatchObject([{ jobs: 2 }]);
    expect(passes('warroom/WR-002', 'unlock', unlocked)).toEqual({ status: 'value', value: true });
    expect((await run('warroom/WR-002', 'held')).row_count).toBe(0);
    await db.pool.query("update graphile_worker._private_jobs set locked_by = 'worker-1', locked_at = now()");
    expect((await run('warroom/WR-002', 'unlock', { worker: 'worker-1' })).row_count).toBe(0);
  });

  it('WR-002 needs no more of the reading role than the view of the jobs', async () => {
    await db.pool.query('grant usage on schema graphile_worker to warroom_read');
    await db.pool.query('grant select on graphile_worker.jobs to warroom_read');
    const reader = new pg.Client({ ...db.connection, user: 'warroom_read' });
    await reader.connect();
    for (const id of ['due', 'failing', 'held', 'moving']) await reader.query(step('warroom/WR-002', id).text);
    await reader.end();
  });

  it('WR-003 finds a statement that runs for long and cancels exactly that one', async () => {
    const slow = db.pool.query('select pg_sleep(60)').catch((error: Error) => error.message);
    await expect
      .poll(
        async () =>
          (await db.pool.query("select from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'"))
            .rowCount,
        { timeout: 5_000 },
      )
      .toBe(1);
    await later('1 minute');
    const found = await run('warroom/WR-003', 'slow');
    expect(found.rows).toMatchObject([{ query: 'select pg_sleep(60)' }]);
    const values = captured('warroom/WR-003', 'slow', found);
    expect(
      (await run('warroom/WR-003', 'cancel', { ...values, query_start: '2020-01-01T00:00:00.000000Z' })).row_count,
    ).toBe(0);
    const cancelled = await run('warroom/WR-003', 'cancel', values);
    expect(passes('warroom/WR-003', 'cancel', cancelled)).toEqual({ status: 'value', value: true });
    expect(await slow).toBe('canceling statement due to user request');
  });

  it('RB-001 asks what PostgreSQL understands', async () => {
    expect(passes('auto-broker/RB-001', 'accepts', await run('auto-broker/RB-001', 'accepts'))).toEqual({
      status: 'value',
      value: true,
    });
    expect(passes('auto-broker/RB-001', 'recovered', await run('auto-broker/RB-001', 'recovered'))).toEqual({
      status: 'value',
      value: true,
    });
  });
});
