import { SocketModeReceiver } from '@slack/bolt';
import { LogLevel } from '@slack/logger';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { ManualClock } from './manual-clock.ts';
import { boltApp, client, sandboxOf, until } from './support.ts';

type Frame = { type: string; envelope_id?: string; [key: string]: unknown };

let sandbox: Sandbox;
let clock: ManualClock;
const releases: (() => unknown)[] = [];

beforeEach(async () => {
  clock = new ManualClock();
  sandbox = await sandboxOf({ clock });
});

afterEach(async () => {
  for (const release of releases.splice(0)) await release();
  await sandbox.close();
});

async function socketUrl(): Promise<string> {
  const response = await fetch(`${sandbox.apiUrl}apps.connections.open`, {
    method: 'POST',
    headers: { authorization: `Bearer ${sandbox.appToken}` },
  });
  return ((await response.json()) as { url: string }).url;
}

/** A bare connection that keeps its frames and acknowledges only when told to. */
async function connect(
  suffix = '',
): Promise<{ frames: Frame[]; socket: WebSocket; ack: (frame: Frame, payload?: object) => void }> {
  const socket = new WebSocket((await socketUrl()) + suffix);
  const frames: Frame[] = [];
  socket.on('message', (data) => frames.push(JSON.parse(String(data)) as Frame));
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  releases.push(() => socket.terminate());
  await until('hello', () => frames[0]);
  return {
    frames,
    socket,
    ack: (frame, payload = {}) => socket.send(JSON.stringify({ envelope_id: frame.envelope_id, payload })),
  };
}

const of = (frames: Frame[], type: string) => frames.filter((frame) => frame.type === type);

async function joinAndReact(): Promise<void> {
  const { workspace } = sandbox;
  await fetch(`${sandbox.apiUrl}conversations.join`, {
    method: 'POST',
    headers: { authorization: `Bearer ${sandbox.botToken}` },
    body: new URLSearchParams({ channel: 'C0GENERAL1' }),
  });
  expect(workspace.channels.get('C0GENERAL1')?.members).toContain('U0BOTUSER1');
}

const say = (text: string) => client(sandbox, 'U0ONCALL01', 'messages', { channel: '#general', text });

describe('a connection', () => {
  test('begins with hello and works with its address once', async () => {
    const url = await socketUrl();
    const first = new WebSocket(url);
    releases.push(() => first.terminate());
    const hello = await new Promise<Frame>((resolve) =>
      first.once('message', (data) => resolve(JSON.parse(String(data)) as Frame)),
    );
    expect(hello).toMatchObject({
      type: 'hello',
      num_connections: 1,
      connection_info: { app_id: 'A0SANDBOX1' },
      debug_info: { approximate_connection_time: 3_600 },
    });
    const second = new WebSocket(url);
    await expect(new Promise((_resolve, reject) => second.once('error', reject))).rejects.toThrow('404');
  });

  test('counts up to ten; the eleventh is told too_many_websockets', async () => {
    for (let count = 1; count <= 10; count += 1)
      expect((await connect()).frames[0]).toMatchObject({ num_connections: count });
    const eleventh = await connect();
    expect(eleventh.frames[0]).toMatchObject({ type: 'disconnect', reason: 'too_many_websockets' });
  });

  test('is warned ten seconds before it is refreshed, after an hour, or after 360 s for debugging', async () => {
    const [plain, debug] = [await connect(), await connect('&debug_reconnects=true')];
    clock.advance(350_000);
    await until('the warning', () => of(debug.frames, 'disconnect')[0]);
    expect(of(debug.frames, 'disconnect')).toMatchObject([{ reason: 'warning' }]);
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(10_000);
    await until('the refresh', () => of(debug.frames, 'disconnect')[1]);
    expect(of(debug.frames, 'disconnect')[1]).toMatchObject({ reason: 'refresh_requested' });
    expect(of(plain.frames, 'disconnect')).toEqual([]);
  });

  test('gets each payload alone: any one of several', async () => {
    const connections = [await connect(), await connect()];
    await joinAndReact();
    for (const text of ['a', 'b', 'c', 'd']) await say(text);
    await until('all five events', () => connections.flatMap((entry) => of(entry.frames, 'events_api')).length >= 5);
    const ids = connections.flatMap((entry) =>
      of(entry.frames, 'events_api').map((frame) => (frame.payload as { event_id: string }).event_id),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(connections.every((entry) => of(entry.frames, 'events_api').length > 0)).toBe(true);
  });
});

describe('events that are not acknowledged', () => {
  test('come again at once on another connection when theirs breaks', async () => {
    const first = await connect();
    await joinAndReact();
    await until('the joining', () => of(first.frames, 'events_api').length >= 1);
    for (const frame of of(first.frames, 'events_api')) first.ack(frame);
    await until('all acknowledged', () => sandbox.pendingEvents() === 0);
    await say('hello');
    const lost = await until('the event', () =>
      of(first.frames, 'events_api').find((frame) => JSON.stringify(frame).includes('hello')),
    );
    const second = await connect();
    first.socket.terminate();
    const again = await until('it comes again', () => of(second.frames, 'events_api')[0]);
    expect(again).toMatchObject({ retry_attempt: 1, retry_reason: 'timeout', payload: lost.payload });
    expect(again.envelope_id).not.toBe(lost.envelope_id);
  });

  test('come three times more: at once, after 1 minute, after 5 minutes, then never', async () => {
    const { frames } = await connect();
    await joinAndReact();
    const attempts = () => of(frames, 'events_api').map((frame) => frame.retry_attempt);
    const seen = async (count: number) => until(`${count} deliveries`, () => attempts().length === count || null);
    await until('the first', () => attempts().length > 0);
    const events = attempts().length;
    clock.advance(3_001);
    await seen(2 * events);
    clock.advance(3_001);
    await settle();
    clock.advance(60_000);
    await seen(3 * events);
    clock.advance(3_001);
    await settle();
    clock.advance(300_000);
    await seen(4 * events);
    expect(Math.max(...attempts().map(Number))).toBe(3);
    clock.advance(3_001);
    await until('given up', () => sandbox.pendingEvents() === 0);
  });

  test('commands and clicks are never delivered again', async () => {
    const { frames } = await connect();
    await client(sandbox, 'U0ONCALL01', 'messages', { channel: '#general', text: '/try x' });
    const [command] = await until('the command', () =>
      of(frames, 'slash_commands').length > 0 ? of(frames, 'slash_commands') : null,
    );
    expect(command).toMatchObject({ accepts_response_payload: true });
    clock.advance(3_001);
    await settle();
    clock.advance(600_000);
    await settle();
    expect(of(frames, 'slash_commands')).toHaveLength(1);
  });
});

async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 30));
}

describe('the real client', () => {
  test('has a gap at each refresh, and a second receiver in the process closes it', async () => {
    const bolt = await boltApp(sandbox, (app) => app.command('/try', async ({ ack }) => ack('here')));
    releases.push(bolt.stop);
    sandbox.socketMode?.disconnectAll('refresh_requested');
    await until('the gap', () => sandbox.socketMode?.connectionCount === 0);
    const texts = () =>
      sandbox.workspace
        .messages('C0GENERAL1')
        .values()
        .map((row) => row.text);
    await client(sandbox, 'U0ONCALL01', 'messages', { channel: '#general', text: '/try lost' });
    await settle();
    expect(texts()).not.toContain('here');
    const second = new SocketModeReceiver({
      appToken: sandbox.appToken,
      logLevel: LogLevel.ERROR,
      installerOptions: { clientOptions: { slackApiUrl: sandbox.apiUrl } },
    });
    second.init(bolt.app);
    await second.start();
    releases.push(() => second.client.disconnect());
    await until('the first is back', () => sandbox.socketMode?.connectionCount === 2);
    sandbox.socketMode?.refreshOldest();
    await until('one is left', () => sandbox.socketMode?.connectionCount === 1);
    await client(sandbox, 'U0ONCALL01', 'messages', { channel: '#general', text: '/try kept' });
    await until('the answer', () => texts().includes('here'));
  });

  test('hears what it has subscribed to, and nothing of channels that it is not in', async () => {
    const heard: string[] = [];
    const bolt = await boltApp(sandbox, (app) => {
      app.event('message', async ({ event }) => void heard.push(`message ${'text' in event ? event.text : ''}`));
      app.event('app_mention', async ({ event }) => void heard.push(`mention ${event.text}`));
      app.event('reaction_added', async ({ event }) => void heard.push(`reaction ${event.reaction}`));
      app.event('pin_added', async () => void heard.push('pin'));
    });
    releases.push(bolt.stop);
    await say('unheard');
    await bolt.app.client.conversations.join({ channel: 'C0GENERAL1' });
    const said = await say('<@U0BOTUSER1> look');
    await client(sandbox, 'U0ONCALL01', 'reactions', { channel: 'C0GENERAL1', ts: said.ts, name: 'eyes' });
    await bolt.app.client.pins.add({ channel: 'C0GENERAL1', timestamp: String(said.ts) });
    await until('the reaction', () => heard.includes('reaction eyes'));
    expect(heard).toEqual(expect.arrayContaining(['message <@U0BOTUSER1> look', 'mention <@U0BOTUSER1> look']));
    expect(heard.join()).not.toMatch(/unheard|pin/u);
  });
});
