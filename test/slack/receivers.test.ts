import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/lib/secret.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { createSlackApp, type SlackApp } from '../../src/slack/app.ts';
import { SLACK_PATH } from '../../src/slack/receivers.ts';
import { until } from '../notify/outbox-world.ts';
import { testLog } from '../support/log.ts';
import { startTestSandbox, type } from './slack-world.ts';

let sandbox: Sandbox;
let slack: SlackApp;
let server: Server;
let url: string;
let commands: string[];

beforeEach(async () => {
  server = createServer((req, res) => slack.handler?.(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${SLACK_PATH}`;
  sandbox = await startTestSandbox({ requestUrl: url });
  const config = {
    mode: 'http',
    botToken: new Secret(sandbox.botToken),
    signingSecret: new Secret(sandbox.signingSecret),
    apiUrl: sandbox.apiUrl,
  } as const;
  slack = createSlackApp({ config, log: testLog() });
  commands = [];
  slack.app.command('/incident', async ({ ack, command }) => {
    commands.push(command.text);
    await ack();
  });
  await slack.start();
});
afterEach(async () => {
  await slack.stop();
  await sandbox.close();
  server.closeAllConnections();
  server.close();
});

type Post = { stamp?: number; secret?: string; contentType?: string; path?: string };

async function post(options: Post = {}): Promise<number> {
  const { stamp = Math.floor(Date.now() / 1_000), secret = sandbox.signingSecret } = options;
  const body = 'command=%2Fincident&text=status&team_id=T0SANDBOX1&user_id=U0ONCALL01&channel_id=C1';
  const signature = `v0=${createHmac('sha256', secret).update(`v0:${stamp}:${body}`).digest('hex')}`;
  const answer = await fetch(options.path ? new URL(options.path, url) : url, {
    method: 'POST',
    body,
    headers: {
      'content-type': options.contentType ?? 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': String(stamp),
      'x-slack-signature': signature,
    },
  });
  return answer.status;
}

describe('signed HTTP', () => {
  test('carries a command from the workspace to its listener', async () => {
    expect(await type(sandbox, '/incident list')).toMatchObject({ ok: true });
    await until(() => commands.length === 1);
    expect(commands).toEqual(['list']);
  });

  test.each([
    ['a good signature', {}, 200],
    [
      'a form with a charset, as proxies send it',
      { contentType: 'application/x-www-form-urlencoded; charset=utf-8' },
      200,
    ],
    ['another secret', { secret: 'wrong' }, 401],
    ['a stamp six minutes old', { stamp: Math.floor(Date.now() / 1_000) - 360 }, 401],
    ['a stamp six minutes from now', { stamp: Math.floor(Date.now() / 1_000) + 360 }, 401],
    ['another path', { path: '/elsewhere' }, 404],
  ])('%s', async (_title, options, status) => {
    expect(await post(options)).toBe(status);
    expect(commands).toEqual(status === 200 ? ['status'] : []);
  });
});
