import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Logger, runOnce, type TaskList } from 'graphile-worker';
import { readSettingsFile } from '../../src/config/settings-file.ts';
import { query, type Tx, withTransaction } from '../../src/db/transaction.ts';
import type { Incident } from '../../src/domain/incident.ts';
import type { Intent } from '../../src/domain/intents.ts';
import type { Person } from '../../src/domain/person.ts';
import type { TimelineFact } from '../../src/domain/timeline.ts';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import { createExecutors } from '../../src/executors/registry.ts';
import { createSecretResolver } from '../../src/executors/secrets.ts';
import { type Declaration, declareIncident } from '../../src/incidents/declare.ts';
import { createTasks } from '../../src/jobs/tasks.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { loadPacks, type Packs } from '../../src/packs/load.ts';
import type { RunsContext } from '../../src/runs/context.ts';
import { SecretShelf } from '../../src/runs/secret-shelf.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { type ShopTarget, startShopTarget } from './shop-target.ts';

const PACKS = fileURLToPath(new URL('../fixtures/packs', import.meta.url));

/** A member of the workspace; name what is different. */
export function person(id: string, different: Partial<Person> = {}): Person {
  const plain = { isBot: false, isGuest: false, isExternal: false, isDeactivated: false, groups: [] };
  return { id, team: 'T1', name: id.toLowerCase(), ...plain, ...different };
}

export const ALICE = person('UALICE');
export const BOB = person('UBOB');
export const CAROL = person('UCAROL');
export const GUEST = person('UGUEST', { isGuest: true });

/** Everything that use cases need, for real: a database, packs on disk, executors, and targets that count. */
export type Desk = {
  readonly db: TestDatabase;
  readonly context: RunsContext;
  readonly target: ShopTarget;
  /** The packs of this desk, to be changed on disk; `reload` reads them again. */
  readonly packsDir: string;
  reload(): Promise<Packs>;
  /** The same desk with parts of its context replaced: another process, another policy. */
  with(parts: Partial<RunsContext>): RunsContext;
  /** Runs every job that is due by the database's clock, as an engine would, and fails when one of them fails. */
  work(context?: RunsContext, signal?: AbortSignal): Promise<void>;
  /** What the scripts on the worker left behind, one line each. */
  effects(): Promise<string[]>;
  /** Intents of the outbox with their state, oldest first. */
  outbox(): Promise<{ intent: Intent; state: string }[]>;
  /** Forgets what waits in the outbox, as if it had been delivered. */
  deliverAll(): Promise<void>;
  /** Keys of the jobs that wait. */
  jobs(): Promise<string[]>;
  facts(incident: number): Promise<TimelineFact[]>;
  audit(): Promise<{ action: string; actor: string | null; data: Record<string, unknown> }[]>;
  declare(different?: Partial<Declaration>): Promise<Incident>;
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

let keys = 0;
/** A request key that nobody used yet. */
export function freshKey(): string {
  keys += 1;
  return `key-${keys}`;
}

/** Opens a desk; close it after the tests of the file. */
export async function openDesk(): Promise<Desk> {
  const db = await testDatabase({ max: 20 });
  const target = await startShopTarget();
  const dir = await mkdtemp(join(tmpdir(), 'warroom-desk-'));
  const packsDir = join(dir, 'packs');
  await cp(PACKS, packsDir, { recursive: true });
  const effectsFile = join(dir, 'effects.log');
  await writeFile(effectsFile, '');
  const settings: Record<string, string> = { SHOP_API_URL: target.url, SHOP_WORKER_DIR: dir };
  const load = () =>
    loadPacks({
      dir: packsDir,
      resolveSetting: (name, fallback) => settings[name] ?? fallback,
      analyse: analyseStatement,
    });
  let packs = await load();
  const secrets = createSecretResolver(() => undefined);
  const context: RunsContext = {
    pool: db.pool,
    packs: () => packs,
    settings: defaultSettings(),
    executors: createExecutors({ secrets }),
    analyse: analyseStatement,
    secrets,
    owner: 'desk:1',
    clock: systemClock,
    log: db.log,
    shelf: new SecretShelf(systemClock),
    pageUrl: 'http://127.0.0.1:3210',
  };
  return {
    db,
    context,
    target,
    packsDir,
    reload: async () => {
      packs = await load();
      return packs;
    },
    with: (parts) => ({ ...context, ...parts }),
    work: (other = context, signal = new AbortController().signal) => runDueJobs(other, signal),
    effects: async () => (await readFile(effectsFile, 'utf8')).split('\n').filter((line) => line !== ''),
    outbox: () => query(db.pool, 'select intent, state from outbox order by id'),
    deliverAll: async () => void (await db.pool.query(`update outbox set state = 'sent' where state = 'pending'`)),
    jobs: async () =>
      (await query<{ key: string }>(db.pool, 'select key from graphile_worker.jobs order by id')).map((job) => job.key),
    facts: async (incident) =>
      (
        await query<{ fact: TimelineFact }>(
          db.pool,
          'select fact from timeline_events where incident = $1 order by id',
          [incident],
        )
      ).map((row) => row.fact),
    audit: () => query(db.pool, 'select action, actor, data from audit_entries order by id'),
    declare: (different = {}) =>
      declareIncident(context, {
        requestKey: freshKey(),
        actor: ALICE,
        title: 'Orders are stuck',
        system: 'shop',
        severity: 'SEV1',
        impact: '',
        customerImpact: false,
        runbook: null,
        ...different,
      }),
    tx: (work) => withTransaction(db.pool, work),
    close: async () => {
      await target.stop();
      await db.drop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function defaultSettings() {
  const file = readSettingsFile('');
  if ('problems' in file) throw new TypeError('The default settings are not valid.');
  return file.settings;
}

async function runDueJobs(context: RunsContext, signal: AbortSignal): Promise<void> {
  const failures: string[] = [];
  const logger = new Logger(() => (level, message) => {
    if (level === 'error') failures.push(message);
  });
  const taskList = Object.fromEntries(
    Object.entries(createTasks(context, signal)).map(([name, task]) => [
      name,
      (payload: unknown) => task(payload, { attempt: 1, jobId: '0', runAt: new Date(0) }),
    ]),
  ) as TaskList;
  await runOnce({ pgPool: context.pool, taskList, logger, noHandleSignals: true });
  if (failures.length > 0) throw new Error(failures.join('\n'));
}
