import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Delivery, Outcome } from '../../src/notify/delivery.ts';
import type { Dispatcher } from '../../src/notify/dispatcher.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import type { SlackApp } from '../../src/slack/app.ts';
import { postOnce, postToSlot } from '../../src/slack/send.ts';
import { dispatch, put, rows, until } from '../notify/outbox-world.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type TestLog, testLog } from '../support/log.ts';
import { advance } from '../support/moved-time.ts';
import { countCalls, HUB, messagesIn, ROOM, startTestSandbox, testSlack } from './slack-world.ts';

let database: TestDatabase;
let sandbox: Sandbox;
let slack: SlackApp;
let log: TestLog;
let running: Dispatcher[];
let shown: string;

beforeAll(async () => {
  database = await testDatabase({ max: 20 });
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.owner.query('truncate messages, outbox');
  sandbox = await startTestSandbox();
  slack = testSlack(sandbox);
  log = testLog();
  running = [];
  shown = 'open';
});
afterEach(async () => {
  await Promise.all(running.map((dispatcher) => dispatcher.stop()));
  await sandbox.close();
});

/** Pages go to the hub, everything else shows `shown` in the room. */
function deliver(delivery: Delivery): Promise<Outcome> {
  const deps = { pool: database.pool, call: slack.call, log };
  const page = delivery.intent.type === 'page.send';
  const message = { text: page ? `page ${delivery.key}` : shown, blocks: [] };
  const wanted = { slot: delivery.key, channel: page ? HUB : ROOM, message, delivery };
  return page ? postOnce(deps, wanted) : postToSlot(deps, wanted);
}

async function start(): Promise<Dispatcher> {
  const dispatcher = await dispatch(database.pool, deliver, { log, drainMs: 500 });
  running.push(dispatcher);
  return dispatcher;
}

const page = (n: number) => ({ type: 'page.send', page: n, ordinal: 1 }) as const;
const texts = (channel = HUB) => messagesIn(sandbox, channel).map((message) => message.text);
const states = async () => (await rows(database.pool)).map((row) => row.state);

describe('the outbox on its way to Slack', () => {
  test('finds the page of a process that was killed after Slack had it, and does not send it again', async () => {
    await put(database.pool, page(1));
    const { botToken, apiUrl } = sandbox;
    const file = fileURLToPath(new URL('./fixtures/posting-process.ts', import.meta.url));
    const input = JSON.stringify({ connection: database.connection, botToken, apiUrl, channel: HUB });
    const child = spawn(process.execPath, ['--import', 'tsx', file, input], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    expect(await states()).toEqual(['sending']);
    await start();
    await until(async () => (await states())[0] === 'sent', 'the page is settled');
    expect(texts()).toEqual(['page page.send:1:1']);
    expect(countCalls(sandbox, 'chat.postMessage')).toBe(1);
    const stored = await database.pool.query('select ts from messages');
    expect(stored.rows).toEqual([{ ts: messagesIn(sandbox, HUB)[0]?.ts }]);
  }, 40_000);

  test('delivers after an outage what was decided during it, once and as things stand then', async () => {
    const dispatcher = await start();
    sandbox.faults.outage = true;
    await put(database.pool, page(1), { type: 'incident.card', incident: 7 });
    await dispatcher.idle();
    await advance(database.pool, '30 seconds');
    dispatcher.wake();
    await dispatcher.idle();
    expect(await states()).toEqual(['pending', 'pending']);
    shown = 'resolved';
    await put(database.pool, { type: 'incident.card', incident: 7 });
    sandbox.faults.outage = false;
    await advance(database.pool, '1 minute');
    dispatcher.wake();
    await dispatcher.idle();
    expect([texts(HUB), texts(ROOM)]).toEqual([['page page.send:1:1'], ['resolved']]);
    expect(await states()).toEqual(['sent', 'sent']);
  });

  test('sends a page while Slack holds up what is cosmetic', async () => {
    const dispatcher = await start();
    shown = 'first';
    await put(database.pool, { type: 'incident.topic', incident: 1 });
    await dispatcher.idle();
    sandbox.faults.set('chat.update', { kind: 'rate-limit', retryAfterSeconds: 30 });
    shown = 'second';
    await put(database.pool, { type: 'incident.topic', incident: 1 });
    await until(async () => (await rows(database.pool)).at(-1)?.last_error?.includes('ratelimited') === true);
    const before = performance.now();
    await put(database.pool, page(1));
    await until(() => texts().length === 1);
    expect(performance.now() - before).toBeLessThan(5_000);
    expect((await rows(database.pool))[1]).toMatchObject({ state: 'pending', uncertain: false });
  });

  test('sends a page while a cosmetic call hangs', async () => {
    await start();
    sandbox.faults.set('chat.postMessage', { kind: 'hang' }, 1);
    await put(database.pool, { type: 'incident.topic', incident: 1 });
    await until(async () => (await states())[0] === 'sending');
    await put(database.pool, page(1));
    await until(async () => (await states())[1] === 'sent', 'the page is sent');
    expect(await states()).toEqual(['sending', 'sent']);
  });

  test('costs few calls for many changes of a card, and ends with the last', async () => {
    const dispatcher = await start();
    for (let n = 1; n <= 50; n += 1) {
      shown = `step ${n}`;
      await put(database.pool, { type: 'run.card', run: 3 });
    }
    await dispatcher.idle();
    await advance(database.pool, '3 seconds');
    dispatcher.wake();
    await dispatcher.idle();
    expect(texts(ROOM)).toEqual(['step 50']);
    expect(countCalls(sandbox, 'chat.update') + countCalls(sandbox, 'chat.postMessage')).toBeLessThanOrEqual(3);
  });

  test('stays within the limits of Slack, as the sandbox enforces them', async () => {
    sandbox.setLimits('on');
    const dispatcher = await start();
    await put(database.pool, page(1), page(2), page(3));
    await dispatcher.idle();
    expect(texts()).toHaveLength(3);
    expect(sandbox.refusals()).toEqual([]);
  });
});
