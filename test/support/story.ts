import { deepStrictEqual } from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { startWarroom, type Warroom } from '../../src/compose/warroom.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { Releasers } from '../../src/lib/releasers.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { type AutoBrokerTwin, startAutoBrokerTwin } from '../../twins/auto-broker/server.ts';
import { startTwinRedis } from '../../twins/support/redis-server.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { type TestLog, testLog } from './log.ts';
import { advance } from './moved-time.ts';
import { type Person, person } from './people.ts';
import { Transcript } from './transcript.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
/** The token that the twin of Auto-Broker accepts; it guards nothing real. */
const TWIN_TOKEN = 'twin-token';
const SETTLES_WITHIN_MS = 15_000;

export const NADIA = 'U0ONCALL01';
export const TOMAS = 'U0APPROVE1';
export const MEI = 'U0COMMAND1';
export const RUTH = 'U0STAKEHO1';
export const IVO = 'U0TECHLEAD';
export const SAM = 'U0GUEST001';
export const HUB = '#incidents-war-room';

type Contacts = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** Who is behind the contacts of the shipped systems. Nobody is the CTO. */
const CONTACTS: Contacts = {
  'auto-broker': { 'on-call': [NADIA], 'tech-lead': [IVO], 'vp-engineering': [MEI] },
  warroom: { 'on-call': [NADIA], commander: [MEI], 'platform-owner': [IVO] },
};

export type StoryOptions = {
  readonly contacts?: Contacts;
  /** Redis and the twin of Auto-Broker, with its breaker open and its backlog high. */
  readonly autoBroker?: boolean;
  readonly transport?: 'socket' | 'http';
  /** Whether calls to Slack are paced by its limits, and the sandbox insists on them; otherwise nobody waits. */
  readonly limits?: 'on';
  /** Folder of the packs instead of the shipped ones. */
  readonly packs?: string;
  /** More of warroom.yml. */
  readonly settings?: Readonly<Record<string, unknown>>;
};

/** A clock that runs with the machine's and can be moved ahead. Who sleeps is woken by `pass` alone, in its time. */
export type LeapingClock = Clock & { leap(ms: number): void; pass(ms: number): void };

/** The whole product, started as `npm start` does it, with people who can play. */
export type Story = {
  readonly warroom: Warroom;
  readonly sandbox: Sandbox;
  readonly transcript: Transcript;
  readonly db: TestDatabase;
  readonly log: TestLog;
  readonly twin: AutoBrokerTwin;
  /** Address of the Redis of the twin. */
  readonly redisUrl: string;
  /** Slack's clock: triggers grow old by it. */
  readonly slackClock: LeapingClock;
  /**
   * The clock of the bot's process: by it the same button pressed twice within 1.5 s is a double click, so leap before a
   * second press that is meant. Deadlines follow the database instead.
   */
  readonly botClock: LeapingClock;
  /** On-call engineer. */
  readonly nadia: Person;
  /** Approver. */
  readonly tomas: Person;
  /** Commander. */
  readonly mei: Person;
  /** Stakeholder. */
  readonly ruth: Person;
  /** Tech lead. */
  readonly ivo: Person;
  /** Guest. */
  readonly sam: Person;
  /** Moves the database's clock in one leap, then waits until everything that became due is done. */
  advance(interval: string): Promise<void>;
  /** Lets minutes pass one after the other, as when nothing was out of order. */
  live(minutes: number): Promise<void>;
  /** Waits until no job is due and the outbox is empty. */
  settle(): Promise<void>;
  /** Declares an incident through the form; returns when it is announced and its cards are there. */
  declare(incident: Declared): Promise<void>;
  /** Fails for messages that nobody asked for, calls that Slack refuses, and errors in the log. */
  expectNothingElse(options?: Accepted): void;
};

/** What a test may expect beside messages: refusals of Slack by their code, logged errors by their message. */
export type Accepted = { readonly refusals?: readonly string[]; readonly errors?: readonly string[] };

export type Declared = {
  readonly title: string;
  readonly system: 'auto-broker' | 'warroom';
  readonly severity: string;
  readonly by?: Person;
  readonly impact?: string;
  readonly customers?: boolean;
};

/** Starts everything for one test and ends it with the test. */
export async function startStory(options: StoryOptions = {}): Promise<Story> {
  const releasers = new Releasers();
  onTestFinished(async () => {
    const failures = await releasers.releaseAll();
    if (failures.length > 0)
      throw new AggregateError(
        failures.map((failure) => failure.error),
        'The story did not end cleanly.',
      );
  });
  const log = testLog();
  const home = await mkdtemp(join(tmpdir(), 'warroom-story-'));
  releasers.add('home', () => rm(home, { recursive: true, force: true }));
  const db = await testDatabase({ max: 4 });
  releasers.add('database', () => db.drop());
  if (!options.limits) await neverPauseBetweenEdits(db);
  const slackClock = leapingClock();
  const botClock = leapingClock();
  const port = options.transport === 'http' ? await freePort() : 0;
  const manifest: unknown = parse(await readFile(join(PROJECT, 'manifest.yml'), 'utf8'));
  const sandbox = await startSandbox({
    manifest,
    log: log.child({ part: 'sandbox' }),
    clock: slackClock,
    port: 0,
    limits: options.limits ?? 'off',
    ...(options.transport === 'http' ? { requestUrl: `http://127.0.0.1:${port}/slack/events` } : {}),
  });
  releasers.add('sandbox', () => sandbox.close());
  const transcript = Transcript.of(sandbox);
  const outside = options.autoBroker === true ? await startAutoBroker(home, releasers) : null;
  const file = join(home, 'warroom.yml');
  await writeFile(file, stringify({ contacts: options.contacts ?? CONTACTS, ...options.settings }));
  const { host, user, database } = db.connection;
  const config = readConfig(
    {
      WARROOM_HOME: home,
      WARROOM_CONFIG: file,
      WARROOM_PORT: String(port),
      DATABASE_URL: `postgres://${user}@${encodeURIComponent(host)}/${database}`,
      SLACK_BOT_TOKEN: sandbox.botToken,
      SLACK_API_URL: sandbox.apiUrl,
      ...(options.transport === 'http'
        ? { SLACK_SIGNING_SECRET: sandbox.signingSecret }
        : { SLACK_APP_TOKEN: sandbox.appToken }),
      ...(options.packs === undefined ? {} : { WARROOM_PACKS: options.packs }),
      AUTO_BROKER_TOKEN: TWIN_TOKEN,
      AUTO_BROKER_REDIS_READ_PASSWORD: outside?.redisReadPassword ?? TWIN_TOKEN,
      AUTO_BROKER_WORKER_DIR: join(PROJECT, 'twins', 'auto-broker'),
      ...(outside
        ? {
            AUTO_BROKER_API_URL: outside.twin.url,
            AUTO_BROKER_VAULT_URL: outside.twin.url,
            AUTO_BROKER_REDIS_URL: outside.redisUrl,
          }
        : {}),
    },
    PROJECT,
  );
  const warroom = await startWarroom({
    config,
    log,
    project: PROJECT,
    clock: botClock,
    ...(options.limits ? {} : { pace: HURRIED }),
  });
  releasers.add('warroom', () => warroom.stop());
  const people = await Promise.all(
    [NADIA, TOMAS, MEI, RUTH, IVO, SAM].map(async (id) => {
      const player = await person(sandbox, id);
      releasers.add(id, async () => player.leaves());
      return player;
    }),
  );
  const [nadia, tomas, mei, ruth, ivo, sam] = people as [Person, Person, Person, Person, Person, Person];
  const settle = () => settled(warroom, db);
  return {
    warroom,
    sandbox,
    transcript,
    db,
    log,
    get twin() {
      return needed(outside).twin;
    },
    get redisUrl() {
      return needed(outside).redisUrl;
    },
    slackClock,
    botClock,
    nadia,
    tomas,
    mei,
    ruth,
    ivo,
    sam,
    settle,
    advance: async (interval) => {
      await advance(db.pool, interval);
      await settle();
    },
    live: async (minutes) => {
      for (let minute = 0; minute < minutes; minute += 1) {
        await advance(db.pool, '1 minute');
        await settle();
      }
    },
    declare: async (incident) => {
      await declare(incident.by ?? nadia, incident);
      await settle();
    },
    expectNothingElse: (accepted = {}) => {
      transcript.expectNothingElse(accepted);
      const errors = log.lines.filter((line) => line.level === 'error' && !accepted.errors?.includes(line.message));
      deepStrictEqual(errors, [], 'errors were logged that the test did not expect');
    },
  };
}

/** Fills in the form as a person does. */
async function declare(by: Person, incident: Declared): Promise<void> {
  await by.types(HUB, '/incident declare');
  const form = await by.seesModal('Declare an incident');
  await form.press('System', incident.system);
  await by.until(`the levels of ${incident.system}`, {}, () => form.text.includes(`severity:${incident.system}`));
  form.fill({ title: incident.title, [`severity:${incident.system}`]: incident.severity });
  if (incident.impact) form.fill({ impact: incident.impact });
  if (incident.customers) form.fill({ affected: ['yes'] });
  await form.submit();
}

async function startAutoBroker(home: string, releasers: Releasers) {
  const redis = await startTwinRedis(join(home, 'redis'));
  if (!redis) throw new Error('redis-server is missing: apt-get install -y redis-server');
  releasers.add('redis', () => redis.close());
  const twin = await startAutoBrokerTwin({
    port: 0,
    token: TWIN_TOKEN,
    state: 'franco-failing',
    redis: { url: redis.url },
  });
  releasers.add('twin', () => twin.close());
  return { twin, redisUrl: redis.url, redisReadPassword: redis.readPassword };
}

function needed<T>(value: T | null): T {
  if (value === null) throw new Error('Start this story with { autoBroker: true }.');
  return value;
}

/** The product lets two seconds pass between two edits of a card, by the database's clock. */
async function neverPauseBetweenEdits(db: TestDatabase): Promise<void> {
  await db.owner.query(`
    create function at_once() returns trigger language plpgsql as
      $$ begin new.not_before := least(new.not_before, now()); return new; end $$;
    create trigger at_once before insert on outbox for each row when (new.lane = 'card') execute function at_once()`);
}

/** No job is due or under way, and nothing waits in the outbox. */
async function settled(warroom: Warroom, db: TestDatabase): Promise<void> {
  const deadline = performance.now() + SETTLES_WITHIN_MS;
  for (;;) {
    await warroom.settle();
    const { rows } = await db.pool.query<{ what: string }>(
      `select 'job ' || task_identifier || ' ' || coalesce(key, '') as what from graphile_worker.jobs
        where locked_at is not null or (run_at <= now() and attempts < max_attempts)
       union all
       select 'message ' || (intent->>'type') from outbox where state = 'sending' or (state = 'pending' and not_before <= now())`,
    );
    if (rows.length === 0) return;
    if (performance.now() > deadline) throw new Error(`Still to be done: ${rows.map((row) => row.what).join(', ')}`);
    await delay(10);
  }
}

/** A minute of Slack's limits passes in a third of a second. */
const HURRIED: Clock = {
  now: () => systemClock.now(),
  monotonicMs: () => systemClock.monotonicMs() * 200,
  sleep: (ms, signal) => systemClock.sleep(ms / 200, signal),
};

function leapingClock(): LeapingClock {
  let ahead = 0;
  const sleepers = new Set<() => void>();
  const monotonicMs = () => systemClock.monotonicMs() + ahead;
  return {
    now: () => new Date(systemClock.now().getTime() + ahead),
    monotonicMs,
    sleep: async (ms, signal) => {
      const until = monotonicMs() + ms;
      for (let left = ms; left > 0; left = until - monotonicMs()) {
        const woken = new AbortController();
        const wake = () => woken.abort();
        sleepers.add(wake);
        await systemClock
          .sleep(left, signal ? AbortSignal.any([signal, woken.signal]) : woken.signal)
          .catch((error: unknown) => {
            if (!woken.signal.aborted || signal?.aborted === true) throw error;
          })
          .finally(() => sleepers.delete(wake));
      }
    },
    leap: (ms) => {
      ahead += ms;
    },
    pass: (ms) => {
      ahead += ms;
      for (const wake of sleepers) wake();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
