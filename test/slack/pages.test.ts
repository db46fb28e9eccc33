import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listPages } from '../../src/db/escalations.ts';
import type { Intent } from '../../src/domain/intents.ts';
import { resolveIncident } from '../../src/incidents/change.ts';
import type { Delivery, Outcome } from '../../src/notify/delivery.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import type { DeliverDeps } from '../../src/slack/deliver/deliver-context.ts';
import { deliverPage, deliverUnreachable } from '../../src/slack/deliver/pages.ts';
import type { Hub } from '../../src/slack/hub.ts';
import { ALICE, type Desk, freshKey, openDesk } from '../support/desk.ts';
import { testLog } from '../support/log.ts';
import { HUB, messagesIn, ROOM, startTestSandbox, testSlack } from './slack-world.ts';

const NADIA = 'U0ONCALL01';

let desk: Desk;
let sandbox: Sandbox;
let deps: DeliverDeps;
let incident: number;

beforeAll(async () => {
  desk = await openDesk();
});
beforeEach(async () => {
  await desk.db.owner.query('truncate messages, outbox');
  sandbox = await startTestSandbox();
  const slack = testSlack(sandbox);
  const contacts = { shop: { 'on-call': [NADIA] } };
  const context = desk.with({ settings: { ...desk.context.settings, contacts } });
  const hub = async () => HUB;
  deps = { pool: desk.db.pool, call: slack.call, log: testLog(), context, hub, identity: slack.identity };
  incident = (await desk.declare()).number;
  await desk.work();
});
afterEach(async () => {
  await resolveIncident(desk.context, { incident, actor: ALICE, summary: 'over', requestKey: freshKey() });
  await sandbox.close();
});
afterAll(() => desk.close());

function delivery<T extends Intent>(intent: T): Delivery<T> {
  const signal = new AbortController().signal;
  return { intent, key: 'key', attempt: 1, createdAt: new Date(), uncertainSince: null, signal };
}

async function page(): Promise<number> {
  const [first] = await desk.tx((tx) => listPages(tx, incident));
  return first?.id ?? 0;
}

async function sendPage(with_: Partial<DeliverDeps> = {}): Promise<Outcome> {
  return deliverPage({ ...deps, ...with_ }, delivery({ type: 'page.send', page: await page(), ordinal: 1 } as const));
}

/** What stands in the direct messages of the on-call engineer. */
function pages(): string[] {
  const { channels } = sandbox.workspace;
  const dm = [...channels.values()].find((channel) => channel.kind === 'im' && channel.members.includes(NADIA));
  return dm ? messagesIn(sandbox, dm.id).map((message) => message.text) : [];
}

describe('a page', () => {
  test('goes out while the system.yml of its system cannot be read', async () => {
    const empty = { ...deps.context.packs(), systems: new Map() };
    const outcome = await sendPage({ context: { ...deps.context, packs: () => empty } });
    expect(outcome).toMatchObject({ status: 'sent' });
    expect(pages()).toEqual([expect.stringContaining('Page for on-call')]);
  });

  test('does not wait for the hub to be found', async () => {
    const never: Hub = () => new Promise(() => undefined);
    const outcome = await Promise.race([sendPage({ hub: never }), deps.context.pool.query('select pg_sleep(3)')]);
    expect(outcome).toMatchObject({ status: 'sent' });
    expect(pages()).toHaveLength(1);
  });
});

describe('that nobody was reached', () => {
  test('is said in the room also when the hub cannot be found', async () => {
    await desk.db.pool.query('update incidents set room_channel = $1 where number = $2', [ROOM, incident]);
    const lost: Hub = async () => {
      await deps.call('interactive', 'conversations.join', { channel: 'C0MISSING1' });
      return '';
    };
    const intent = { type: 'page.unreachable', page: await page() } as const;
    const outcome = await deliverUnreachable({ ...deps, hub: lost }, delivery(intent));
    expect(outcome).toMatchObject({ status: 'failed' });
    expect(messagesIn(sandbox, ROOM).map((message) => message.text)).toEqual([
      expect.stringContaining('Nobody could be paged'),
    ]);
  });
});
