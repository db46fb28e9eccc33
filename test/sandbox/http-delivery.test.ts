import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { App, HTTPReceiver } from '@slack/bolt';
import { LogLevel } from '@slack/logger';
import { afterEach, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { ManualClock } from './manual-clock.ts';
import { client, MANIFEST, recordingLog, sandboxOf, until } from './support.ts';

const releases: (() => unknown)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

async function listen(handler: (req: IncomingMessage, res: ServerResponse) => void): Promise<string> {
  const server: Server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  releases.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
}

/** A sandbox that speaks signed HTTP to a real Bolt app. */
async function overHttp(prepare: (app: App) => void): Promise<Sandbox> {
  const receiver = new HTTPReceiver({ signingSecret: 'sandbox-signing-secret', logLevel: LogLevel.ERROR });
  const requestUrl = await listen((req, res) => receiver.requestListener(req, res));
  const sandbox = await sandboxOf({ requestUrl });
  releases.push(() => sandbox.close());
  const app = new App({
    token: sandbox.botToken,
    receiver,
    logLevel: LogLevel.ERROR,
    clientOptions: { slackApiUrl: sandbox.apiUrl },
    deferInitialization: true,
  });
  prepare(app);
  await app.init();
  return sandbox;
}

describe('signed HTTP', () => {
  test('passes the handshakes and carries commands, events and interactions to real Bolt', async () => {
    const heard: string[] = [];
    const sandbox = await overHttp((app) => {
      app.command('/try', async ({ ack, command, client: web }) => {
        await ack(`got ${command.text}`);
        await web.views.publish({
          user_id: command.user_id,
          view: {
            type: 'home',
            blocks: [
              {
                type: 'actions',
                block_id: 'b',
                elements: [{ type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' } }],
              },
            ],
          },
        });
      });
      app.event('app_home_opened', async () => void heard.push('home'));
      app.action('go', async ({ ack }) => {
        heard.push('click');
        await ack();
      });
    });
    expect([await sandbox.http?.verifyUrl(), await sandbox.http?.sslCheck()]).toEqual([true, true]);
    await client(sandbox, 'U0ONCALL01', 'messages', { channel: '#general', text: '/try it & more' });
    await until('the answer', () =>
      sandbox.workspace
        .messages('C0GENERAL1')
        .values()
        .find((row) => row.text === 'got it & more'),
    );
    await client(sandbox, 'U0ONCALL01', 'home', { tab: 'home' });
    const home = await until('the Home tab', () => sandbox.workspace.views.values()[0]);
    await client(sandbox, 'U0ONCALL01', 'actions', {
      view_id: home.id,
      action: { type: 'button', action_id: 'go', block_id: 'b' },
    });
    await until('the click', () => heard.includes('click') && heard.includes('home'));
  });

  test('a wrong secret is refused by Bolt, and the person learns that the command failed', async () => {
    const receiver = new HTTPReceiver({ signingSecret: 'another secret', logLevel: LogLevel.ERROR });
    const requestUrl = await listen((req, res) => receiver.requestListener(req, res));
    const sandbox = await sandboxOf({ requestUrl });
    releases.push(() => sandbox.close());
    receiver.init(new App({ authorize: async () => ({}), receiver, logLevel: LogLevel.ERROR }));
    const notices: string[] = [];
    sandbox.workspace.watch((change) => change.type === 'notice' && notices.push(change.error));
    await client(sandbox, 'U0ONCALL01', 'messages', { channel: '#general', text: '/try x' });
    await until('the notice', () => notices[0]);
    expect(notices).toEqual(['dispatch_failed']);
  });

  test.each([
    ['500', {}, 'http_error', 2],
    ['500 with x-slack-no-retry', { 'x-slack-no-retry': '1' }, undefined, 1],
  ])('an event answered with %s comes again unless that is forbidden', async (_name, headers, reason, count) => {
    const seen: IncomingMessage[] = [];
    const requestUrl = await listen((req, res) => {
      seen.push(req);
      req.resume();
      res.writeHead(500, headers).end();
    });
    const clock = new ManualClock();
    const sandbox = await startSandbox({ manifest: MANIFEST, log: recordingLog(), port: 0, requestUrl, clock });
    releases.push(() => sandbox.close());
    await client(sandbox, 'U0ONCALL01', 'home', { tab: 'home' });
    await until('all deliveries', () => seen.length >= count);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(seen).toHaveLength(count);
    expect(seen.at(-1)?.headers['x-slack-retry-reason']).toBe(reason);
    expect(seen.at(-1)?.headers['x-slack-retry-num']).toBe(count === 2 ? '1' : undefined);
  });
});
