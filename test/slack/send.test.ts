import { WebClient } from '@slack/web-api';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findMessage } from '../../src/db/messages.ts';
import { withTransaction } from '../../src/db/transaction.ts';
import type { Intent } from '../../src/domain/intents.ts';
import type { Delivery, Outcome } from '../../src/notify/delivery.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import type { SlackApp } from '../../src/slack/app.ts';
import type { SlackCaller } from '../../src/slack/client.ts';
import { editSlot, openDm, postOnce, postToSlot, type SlotMessage } from '../../src/slack/send.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { testLog } from '../support/log.ts';
import { countCalls, HUB, messagesIn, ROOM, startTestSandbox, testSlack } from './slack-world.ts';

let database: TestDatabase;
let sandbox: Sandbox;
let slack: SlackApp;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.owner.query('truncate messages');
  sandbox = await startTestSandbox();
  slack = testSlack(sandbox);
});
afterEach(() => sandbox.close());

const deps = () => ({ pool: database.pool, call: slack.call, log: testLog() });
const CARD: Intent = { type: 'incident.card', incident: 7 };

function delivery(over: Partial<Delivery> = {}): Delivery {
  const base = { intent: CARD, key: 'incident.card:7', attempt: 1, createdAt: new Date(), uncertainSince: null };
  return { ...base, signal: new AbortController().signal, ...over };
}

function wanted(text: string, over: Partial<SlotMessage> = {}): SlotMessage {
  const blocks = [{ type: 'section', text: { type: 'plain_text', text } }] as const;
  return { slot: 'incident.card:7', channel: HUB, message: { text, blocks }, delivery: delivery(), ...over };
}

/** Settles an outcome as the dispatcher does. */
async function record(outcome: Outcome): Promise<Outcome> {
  if (outcome.status === 'sent') await withTransaction(database.pool, async (tx) => outcome.record?.(tx));
  return outcome;
}

const texts = (channel = HUB) => messagesIn(sandbox, channel).map((message) => message.text);
const doubt = () => delivery({ attempt: 2, uncertainSince: new Date() });

describe('the message of a slot', () => {
  test('is posted once, edited afterwards, and left alone when it already shows just that', async () => {
    expect((await record(await postToSlot(deps(), wanted('open')))).status).toBe('sent');
    expect((await record(await postToSlot(deps(), wanted('resolved')))).status).toBe('sent');
    expect((await record(await postToSlot(deps(), wanted('resolved')))).status).toBe('sent');
    expect(texts()).toEqual(['resolved']);
    expect([countCalls(sandbox, 'chat.postMessage'), countCalls(sandbox, 'chat.update')]).toEqual([1, 1]);
    expect(sandbox.refusals()).toEqual([]);
  });

  test('carries its slot, and nothing in it links or mentions by itself', async () => {
    await record(await postToSlot(deps(), wanted('@here http://example.com')));
    await record(await postToSlot(deps(), wanted('@here http://example.com again')));
    const args = sandbox.calls.map((call) => call.args);
    expect(args[0]).toMatchObject({ unfurl_links: 'false', unfurl_media: 'false' });
    for (const one of args) {
      expect(one).toMatchObject({ parse: 'none', link_names: 'false' });
      const metadata = { event_type: 'warroom_message', event_payload: { slot: 'incident.card:7' } };
      expect(JSON.parse(String(one.metadata))).toMatchObject(metadata);
    }
  });

  test('is cut at 4,000 characters, which chat.update refuses to exceed', async () => {
    await record(await postToSlot(deps(), { ...wanted('x'), message: { text: 'x'.repeat(5_000), blocks: [] } }));
    await record(await postToSlot(deps(), { ...wanted('x'), message: { text: 'y'.repeat(5_000), blocks: [] } }));
    expect(texts()[0]).toHaveLength(4_000);
    expect(sandbox.refusals()).toEqual([]);
  });

  test('is posted anew when somebody deleted it', async () => {
    await record(await postToSlot(deps(), wanted('open')));
    const [message] = messagesIn(sandbox, HUB);
    sandbox.workspace.messages(HUB).delete(message?.ts ?? '');
    await record(await postToSlot(deps(), wanted('resolved')));
    expect(texts()).toEqual(['resolved']);
    const stored = await withTransaction(database.pool, (tx) => findMessage(tx, 'incident.card:7'));
    expect(stored?.ts).toBe(messagesIn(sandbox, HUB)[0]?.ts);
  });

  test('moves with its incident to another channel', async () => {
    await record(await postToSlot(deps(), wanted('open')));
    await record(await postToSlot(deps(), wanted('open', { channel: ROOM })));
    expect([texts(HUB), texts(ROOM)]).toEqual([['open'], ['open']]);
  });

  test('can stand in a thread', async () => {
    await record(await postToSlot(deps(), wanted('parent')));
    const thread = messagesIn(sandbox, HUB)[0]?.ts ?? '';
    await record(await postToSlot(deps(), wanted('reply', { slot: 'reply', thread })));
    expect(messagesIn(sandbox, HUB).find((message) => message.text === 'reply')?.thread_ts).toBe(thread);
  });

  test('is edited only where it stands, if only an edit is wanted', async () => {
    const edit = () => editSlot(deps(), wanted('acknowledged'));
    expect(await edit()).toMatchObject({ status: 'obsolete' });
    await record(await postOnce(deps(), wanted('page')));
    await record(await edit());
    expect(texts()).toEqual(['acknowledged']);
    sandbox.workspace.messages(HUB).delete(messagesIn(sandbox, HUB)[0]?.ts ?? '');
    expect(await editSlot(deps(), wanted('later'))).toMatchObject({ status: 'obsolete' });
  });
});

describe('when Slack fails', () => {
  test.each([
    ['channel_not_found', { status: 'failed' }],
    ['is_archived', { status: 'failed' }],
    ['invalid_blocks', { status: 'failed' }],
    ['service_unavailable', { status: 'retry', uncertain: false }],
    ['fatal_error', { status: 'retry', uncertain: true }],
  ])('%s leads to the right outcome', async (error, outcome) => {
    sandbox.faults.set('chat.postMessage', { kind: 'refuse', error });
    expect(await postToSlot(deps(), wanted('open'))).toMatchObject(outcome);
  });

  test('a 429 comes back with its pause', async () => {
    sandbox.faults.set('chat.postMessage', { kind: 'rate-limit', retryAfterSeconds: 7 });
    expect(await postToSlot(deps(), wanted('open'))).toMatchObject({
      status: 'retry',
      afterMs: 7_000,
      uncertain: false,
    });
  });

  test('a server that refuses connections has certainly not got the message', async () => {
    const closed = await startTestSandbox();
    const gone = testSlack(closed);
    await closed.close();
    const outcome = await postToSlot({ ...deps(), call: gone.call }, wanted('open'));
    expect(outcome).toMatchObject({ status: 'retry', uncertain: false });
  });

  test.each([
    ['answered 503 after it was accepted', { kind: 'http-after', status: 503 }],
    ['reset after it was accepted', { kind: 'reset-after' }],
  ] as const)('a message %s is found again, not posted twice', async (_title, fault) => {
    sandbox.faults.set('chat.postMessage', fault, 1);
    expect(await postOnce(deps(), wanted('page'))).toMatchObject({ status: 'retry', uncertain: true });
    expect((await record(await postOnce(deps(), wanted('page', { delivery: doubt() })))).status).toBe('sent');
    expect(texts()).toEqual(['page']);
    const stored = await withTransaction(database.pool, (tx) => findMessage(tx, 'incident.card:7'));
    expect(stored?.ts).toBe(messagesIn(sandbox, HUB)[0]?.ts);
  });

  test('control: the library by itself posts the same message twice', async () => {
    sandbox.faults.set('chat.postMessage', { kind: 'http-after', status: 503 }, 1);
    const client = new WebClient(sandbox.botToken, { slackApiUrl: sandbox.apiUrl, retryConfig: { minTimeout: 1 } });
    await client.chat.postMessage({ channel: HUB, text: 'page' });
    expect(texts()).toEqual(['page', 'page']);
  });

  test('a message that was found and shows an older state is edited', async () => {
    sandbox.faults.set('chat.postMessage', { kind: 'http-after', status: 503 }, 1);
    await postToSlot(deps(), wanted('open'));
    await record(await postToSlot(deps(), wanted('resolved', { delivery: doubt() })));
    expect(texts()).toEqual(['resolved']);
  });

  test('a reply in a thread is found there', async () => {
    await record(await postToSlot(deps(), wanted('parent')));
    const thread = messagesIn(sandbox, HUB)[0]?.ts ?? '';
    const reply = (over: Partial<SlotMessage> = {}) => wanted('reply', { slot: 'reply', thread, ...over });
    sandbox.faults.set('chat.postMessage', { kind: 'reset-after' }, 1);
    await postToSlot(deps(), reply());
    await record(await postToSlot(deps(), reply({ delivery: doubt() })));
    expect(texts()).toEqual(['parent', 'reply']);
  });

  test('a message in doubt that never arrived is posted, unmarked', async () => {
    await record(await postOnce(deps(), wanted('page', { delivery: doubt() })));
    expect(texts()).toEqual(['page']);
  });

  test('while Slack cannot be asked, a message in doubt waits for some attempts', async () => {
    sandbox.faults.set('conversations.history', { kind: 'http-before', status: 503 });
    const outcome = await postOnce(deps(), wanted('page', { delivery: doubt() }));
    expect(outcome).toMatchObject({ status: 'retry', uncertain: true });
    expect(texts()).toEqual([]);
  });

  test.each([
    ['after some attempts', { kind: 'http-before', status: 503 }, 4],
    ['at once when Slack does not let us look', { kind: 'refuse', error: 'missing_scope' }, 2],
  ] as const)('when Slack cannot be asked it is repeated, marked as a repeat: %s', async (_title, fault, attempt) => {
    sandbox.faults.set('conversations.history', fault);
    const again = delivery({ attempt, uncertainSince: new Date() });
    await record(await postOnce(deps(), wanted('page', { delivery: again })));
    expect(texts()).toEqual(['(repeat) page']);
    expect(JSON.stringify(messagesIn(sandbox, HUB)[0]?.blocks)).toContain('Repeated: Slack did not tell');
    expect(sandbox.calls.filter((call) => !call.ok && call.method === 'chat.postMessage')).toEqual([]);
  });
});

test('a direct message is opened before it is sent', async () => {
  const channel = await openDm(deps(), 'U0ONCALL01');
  expect(channel).toMatch(/^D/u);
  await record(await postOnce(deps(), wanted('page', { channel })));
  expect(texts(channel)).toEqual(['page']);
});

test('a message that could not be looked for to the end is sent again and says that it is a repeat', async () => {
  // A channel so busy that its history never ends.
  const call = (async (lane, method, args) => {
    if (method !== 'conversations.history') return slack.call(lane, method, args);
    const { cursor: _, ...first } = args as { cursor?: string };
    const answer = await slack.call(lane, method, first as typeof args);
    return { ...answer, response_metadata: { next_cursor: 'more' } };
  }) as SlackCaller;
  const outcome = await postOnce({ ...deps(), call }, wanted('page', { delivery: doubt() }));
  expect(outcome.status).toBe('sent');
  expect(texts()).toEqual(['(repeat) page']);
});
