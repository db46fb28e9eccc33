import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { parse } from 'yaml';
import { query } from '../../../src/db/transaction.ts';
import { type Clock, systemClock } from '../../../src/lib/clock.ts';
import { parseDuration } from '../../../src/lib/duration.ts';
import type { MessageRecord } from '../../../src/sandbox/records.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.ts';
import { type BotProcess, spawnBot } from '../../support/bot-process.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { testLog } from '../../support/log.ts';
import { advance } from '../../support/moved-time.ts';
import { type Person, person } from '../../support/people.ts';
import { type Hit, type ShopTarget, startShopTarget } from '../../support/shop-target.ts';

const FIXTURE_PACKS = fileURLToPath(new URL('../../fixtures/packs', import.meta.url));
const MANIFEST = fileURLToPath(new URL('../../../manifest.yml', import.meta.url));

export const NADIA = 'U0ONCALL01';
export const TOMAS = 'U0APPROVE1';
export const IVO = 'U0TECHLEAD';
export const MEI = 'U0COMMAND1';
export const HUB = '#incidents-war-room';

const CONTACTS = `contacts:
  shop:
    on-call: [${NADIA}]
    lead: [${IVO}]
    vp: [${MEI}]
    vendor: [${MEI}]
`;

/** What survives when the bot is killed: Slack, the database, the target, the people. */
export type CrashWorld = {
  readonly sandbox: Sandbox;
  readonly target: ShopTarget;
  readonly nadia: Person;
  readonly tomas: Person;
  /** Starts one more bot process and waits until it is ready. */
  start(): Promise<BotProcess>;
  /** Moves the time of database and workspace by a duration such as `5m`. */
  advance(duration: string): Promise<void>;
  query<Row>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Called for each request that reaches the target, before it is answered. */
  onHit(tell: (hit: Hit) => void): void;
  /** Called at the moment at which Slack has taken a new message of the bot and has not answered yet. */
  onPost(tell: (slot: string, message: MessageRecord) => void): void;
  /** Messages of the bot that carry this slot. */
  posted(slot: string): MessageRecord[];
  /** All messages of the bot with a slot, by slot. */
  postedBySlot(): Map<string, MessageRecord[]>;
  close(): Promise<void>;
};

type Options = {
  /** Another database than one of the test run's own server, and how to reach it. */
  readonly database?: { readonly pool: pg.Pool; readonly url: string };
  /** Keeps a process in reserve that has loaded its modules, for tests that start often. */
  readonly reserve?: boolean;
  /** Folder of the packs instead of the fixtures'. */
  readonly packs?: string;
};

/** Opens a world without a bot. */
export async function openCrashWorld(options: Options = {}): Promise<CrashWorld> {
  const own: TestDatabase | null = options.database ? null : await testDatabase();
  const pool = options.database?.pool ?? own?.pool;
  if (!pool) throw new TypeError('there is no database');
  const databaseUrl = options.database?.url ?? socketUrl((own as TestDatabase).connection);
  const home = await mkdtemp(join(tmpdir(), 'warroom-crash-'));
  await writeFile(join(home, 'warroom.yml'), CONTACTS);
  const clock = shiftedClock();
  const manifest: unknown = parse(await readFile(MANIFEST, 'utf8'));
  const sandbox = await startSandbox({ manifest, log: testLog(), clock, port: 0 });
  const hitListeners: ((hit: Hit) => void)[] = [];
  const target = await startShopTarget((hit) => hitListeners.forEach((tell) => void tell(hit)));
  const bots: BotProcess[] = [];
  const spawn = (held: boolean) => {
    const variables = {
      SLACK_BOT_TOKEN: sandbox.botToken,
      SLACK_APP_TOKEN: sandbox.appToken,
      SLACK_API_URL: sandbox.apiUrl,
      DATABASE_URL: databaseUrl,
      WARROOM_HOME: home,
      WARROOM_CONFIG: join(home, 'warroom.yml'),
      WARROOM_PACKS: options.packs ?? FIXTURE_PACKS,
      WARROOM_PORT: '0',
      SHOP_API_URL: target.url,
      SHOP_WORKER_DIR: home,
    };
    const bot = spawnBot(variables, { held });
    bots.push(bot);
    return bot;
  };
  let reserve = options.reserve === true ? spawn(true) : null;
  const people = [await person(sandbox, NADIA), await person(sandbox, TOMAS)] as const;
  return {
    sandbox,
    target,
    nadia: people[0],
    tomas: people[1],
    start: async () => {
      const bot = reserve ?? spawn(false);
      if (reserve) {
        reserve.release();
        reserve = spawn(true);
      }
      await bot.ready();
      return bot;
    },
    advance: async (duration) => {
      const ms = parseDuration(duration) ?? 0;
      clock.shiftMs += ms;
      await advance(pool, `${ms} milliseconds`);
    },
    query: (sql, values = []) => query(pool, sql, [...values]),
    onHit: (tell) => void hitListeners.push(tell),
    onPost: (tell) =>
      void sandbox.workspace.watch((change) => {
        const slot = change.type === 'message' ? slotOf(change.message) : null;
        if (change.type === 'message' && slot !== null) tell(slot, change.message);
      }),
    posted: (slot) => postedBySlot(sandbox).get(slot) ?? [],
    postedBySlot: () => postedBySlot(sandbox),
    close: async () => {
      await Promise.all(bots.map((bot) => bot.kill()));
      for (const one of people) one.leaves();
      await sandbox.close();
      await target.stop();
      await own?.drop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** `postgres://` for a server that listens on a socket alone. */
export function socketUrl(connection: { host: string; user: string; database: string }): string {
  return `postgres://${connection.user}@localhost/${connection.database}?host=${encodeURIComponent(connection.host)}`;
}

function shiftedClock(): Clock & { shiftMs: number } {
  const clock = {
    ...systemClock,
    shiftMs: 0,
    now: () => new Date(Date.now() + clock.shiftMs),
  };
  return clock;
}

/** Under which name the bot has posted a message; null for what is none of its own. */
export function slotOf(message: MessageRecord): string | null {
  const payload = message.metadata?.event_payload;
  if (typeof payload !== 'object' || payload === null || !('slot' in payload)) return null;
  return String(payload.slot);
}

function postedBySlot(sandbox: Sandbox): Map<string, MessageRecord[]> {
  const bySlot = new Map<string, MessageRecord[]>();
  for (const channel of sandbox.workspace.channels.values()) {
    for (const message of sandbox.workspace.messages(channel.id).values()) {
      const slot = slotOf(message);
      if (slot !== null) bySlot.set(slot, [...(bySlot.get(slot) ?? []), message]);
    }
  }
  return bySlot;
}
