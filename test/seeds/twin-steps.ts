import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject } from 'vitest';
import { compileExpression, evaluate, isExpressionError } from '../../src/domain/expression.ts';
import type { ExecutableStep } from '../../src/domain/runbook.ts';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import type { StatementResult } from '../../src/executors/executor.ts';
import { createExecutors } from '../../src/executors/registry.ts';
import { Secret } from '../../src/lib/secret.ts';
import { loadPacks, type Packs } from '../../src/packs/load.ts';
import { startTwinRedis } from '../../twins/support/redis-server.ts';
import { startTwins, type TwinName, type Twins } from '../../twins/twins.ts';
import { execute } from '../executors/harness.ts';
import { testDatabase } from '../support/database.ts';
import { ROOT } from './covers.ts';

type Values = Readonly<Record<string, string | number | boolean | Secret>>;

/** A system on its twin: steps are named `RUNBOOK#step`. */
export type TwinSystem = {
  readonly twins: Twins;
  readonly packs: Packs;
  /** True when this machine has a redis-server. */
  readonly redis: boolean;
  /** Steps that were carried out so far. */
  readonly ran: ReadonlySet<string>;
  step(address: string): ExecutableStep;
  /** Runs a step as the product would after its approval: its own effect is the limit, its own target the place. */
  run(address: string, values?: Values): Promise<StatementResult>;
  /** Runs a step and says whether its `expect` holds; without one, whether it succeeded. */
  normal(address: string, values?: Values, steps?: Steps): Promise<boolean>;
  /** Whether `when` of a step holds after those results. */
  offered(address: string, steps: Steps): boolean;
  /**
   * Runs a mitigation and the step that verifies it: not normal before, done, normal afterwards. Returns what the mitigation found.
   */
  mend(address: string, check: string, values?: Values): Promise<StatementResult>;
  close(): Promise<void>;
};
export type Steps = Readonly<Record<string, StatementResult>>;

/** The schema of a twin in a database of its own, and how its targets get there: as its reading role, and as the superuser of the tests. */
export async function twinDatabase(system: TwinName, reader: string) {
  const db = await testDatabase();
  await db.owner.query(await readFile(join(ROOT, 'twins', system, 'schema.sql'), 'utf8'));
  const { host, user } = inject('postgres');
  return {
    db,
    address: (database: string) => `postgres:///${database}?host=${encodeURIComponent(host)}`,
    target: (defined: TargetDefinition): TargetDefinition =>
      defined.executor === 'sql' ? { ...defined, read: { user: reader }, write: { user } } : defined,
  };
}

type Options = {
  readonly settings?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Targets as they are here, where a test brings its own. */
  readonly target?: (defined: TargetDefinition) => TargetDefinition;
};

/** Starts every twin with fresh machines and loads the system's pack with their addresses. */
export async function openTwinSystem(system: TwinName, options: Options = {}): Promise<TwinSystem> {
  const dir = await mkdtemp(join(tmpdir(), 'warroom-twins-'));
  const redis = await startTwinRedis(join(dir, 'redis'));
  if (redis === null && process.env.CI) throw new Error('redis-server is missing: apt-get install -y redis-server');
  const twins = await startTwins({ port: 0, dir: join(dir, 'machines'), redis });
  const known: Readonly<Record<string, string>> = { ...twins.environment, ...options.secrets };
  const secrets = (reference: string) => Promise.resolve(new Secret(known[reference.replace(/^env:/u, '')] ?? 'none'));
  const executors = createExecutors({ secrets });
  const settings: Readonly<Record<string, string>> = { ...twins.settings, ...options.settings };
  // One system is loaded several times as fast as all of them.
  await cp(join(ROOT, 'runbooks', system), join(dir, 'packs', system), { recursive: true });
  const packs = await loadPacks({
    dir: join(dir, 'packs'),
    resolveSetting: (name, fallback) => settings[name] ?? fallback,
    analyse: analyseStatement,
  });
  const ran = new Set<string>();
  const step = (address: string): ExecutableStep => {
    const [runbook = '', id] = address.split('#');
    const found = packs.runbooks.get(`${system}/${runbook}`)?.steps.find((candidate) => candidate.id === id);
    if (found?.kind !== 'executable') throw new Error(`there is no step ${address}`);
    return found;
  };
  const run: TwinSystem['run'] = async (address, values = {}) => {
    const { language, text, effect, target: name } = step(address);
    const defined = packs.systems.get(system)?.targets.find((target) => target.name === name);
    const executor = executors.get(language);
    if (!defined || !executor) throw new Error(`${address} cannot be run here`);
    const target = options.target?.(defined) ?? defined;
    const result = await execute(executor, { text, values, target, allowed: effect }, { secrets });
    // The shipped packs read Redis as a user who may not write.
    if (language === 'redis') expect(result.warnings ?? [], address).toEqual([]);
    ran.add(address);
    return result;
  };
  const normal: TwinSystem['normal'] = async (address, values, steps = {}) => {
    const result = await run(address, values);
    const { expect: condition } = step(address);
    if (condition === null) return result.status === 'ok';
    return holds(condition, { ...result.value, steps: valuesOf(steps) });
  };
  return {
    twins,
    packs,
    redis: redis !== null,
    ran,
    step,
    run,
    normal,
    offered: (address, steps) => holds(step(address).when ?? 'true', { steps: valuesOf(steps) }),
    mend: async (address, check, values) => {
      expect(await normal(check), `${check} before ${address}`).toBe(false);
      const result = await run(address, values);
      expect(result, address).toMatchObject({ status: 'ok' });
      expect(await normal(check), `${check} after ${address}`).toBe(true);
      return result;
    },
    close: async () => {
      await twins.close();
      await redis?.close();
      await rm(dir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

function valuesOf(steps: Steps): Record<string, StatementResult['value']> {
  return Object.fromEntries(Object.entries(steps).map(([name, result]) => [name, result.value]));
}

/** A condition that cannot be told, for want of an answer, does not hold. */
function holds(text: string, vars: Record<string, unknown>): boolean {
  const compiled = compileExpression(text);
  if (isExpressionError(compiled)) throw new Error(compiled.error);
  const found = evaluate(compiled, vars as Parameters<typeof evaluate>[1]);
  return found.status === 'value' && found.value === true;
}
