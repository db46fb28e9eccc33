import { App, SocketModeReceiver } from '@slack/bolt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Secret } from '../../src/lib/secret.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { createSlackApp, type SlackApp } from '../../src/slack/app.ts';
import { until } from '../notify/outbox-world.ts';
import { testLog } from '../support/log.ts';
import { countCalls, startTestSandbox, testSlack, type } from './slack-world.ts';

let sandbox: Sandbox;
let stops: (() => Promise<unknown>)[];
const rejections: unknown[] = [];
const seen = (error: unknown) => rejections.push(error);

beforeEach(async () => {
  rejections.length = 0;
  process.on('unhandledRejection', seen);
  sandbox = await startTestSandbox();
  stops = [];
});
afterEach(async () => {
  for (const stop of stops) await stop();
  await sandbox.close();
  process.off('unhandledRejection', seen);
  expect(rejections).toEqual([]);
});

type Started = SlackApp & { log: ReturnType<typeof testLog>; answered: () => number };

/** Our app, connected, with a command that it counts. */
async function started(options: Parameters<typeof testSlack>[1] = {}): Promise<Started> {
  const slack = testSlack(sandbox, options);
  let count = 0;
  slack.app.command('/incident', async ({ ack }) => {
    await ack();
    count += 1;
  });
  stops.push(() => slack.stop());
  await slack.start();
  return Object.assign(slack, { answered: () => count });
}

const COMMANDS = 40;

/** Types a command every few milliseconds while the connections are refreshed. Slack delivers a command once or never. */
async function typeDuring(refresh: () => void): Promise<void> {
  const commands: Promise<unknown>[] = [];
  for (let n = 0; n < COMMANDS; n += 1) {
    if (n === 5) refresh();
    commands.push(type(sandbox, '/incident status'));
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  await Promise.all(commands);
}

describe('Socket Mode', () => {
  test('holds two connections, and knows who the bot is with one question', async () => {
    const slack = await started();
    expect(sandbox.socketMode?.connectionCount).toBe(2);
    expect(await slack.identity()).toMatchObject({ botUserId: 'U0BOTUSER1', teamId: 'T0SANDBOX1' });
    for (let n = 0; n < 5; n += 1) await type(sandbox, '/incident status');
    await until(() => slack.answered() === 5);
    expect(countCalls(sandbox, 'auth.test')).toBe(1);
    expect(slack.log.messages('error')).toEqual([]);
  });

  test.each([
    ['with a warning, all at once', () => sandbox.socketMode?.disconnectAll('warning')],
    ['one, at once', () => sandbox.socketMode?.refreshOldest()],
  ])('loses no command while Slack refreshes its connections: %s', async (_title, refresh) => {
    const slack = await started();
    await typeDuring(refresh);
    await until(() => slack.answered() === COMMANDS, 'every command is answered');
    await until(() => sandbox.socketMode?.connectionCount === 2, 'the old connections are closed');
  });

  test('control: with one receiver of Bolt commands are lost', async () => {
    const receiver = new SocketModeReceiver({
      appToken: sandbox.appToken,
      installerOptions: { clientOptions: { slackApiUrl: sandbox.apiUrl } },
    });
    const clientOptions = { slackApiUrl: sandbox.apiUrl };
    const app = new App({ receiver, token: sandbox.botToken, clientOptions, deferInitialization: true });
    let answered = 0;
    app.command('/incident', async ({ ack }) => {
      answered += 1;
      await ack();
    });
    await app.init();
    await app.start();
    stops.push(() => receiver.client.disconnect());
    await typeDuring(() => sandbox.socketMode?.disconnectAll('warning'));
    await until(() => countCalls(sandbox, 'apps.connections.open') === 2, 'it asks again, five seconds later');
    await until(() => sandbox.socketMode?.connectionCount === 1, 'it is back');
    await type(sandbox, '/incident status');
    await until(() => answered > 5);
    expect(answered).toBeLessThan(COMMANDS / 2);
  });

  test('comes back after the network broke, and after an outage, without ending the process', async () => {
    const slack = await started();
    sandbox.faults.outage = true;
    sandbox.socketMode?.drop();
    await until(() => slack.log.messages('warn').some((line) => line.includes('cannot be reached')));
    sandbox.faults.outage = false;
    await until(() => sandbox.socketMode?.connectionCount === 2, 'two connections are back');
    await type(sandbox, '/incident status');
    await until(() => slack.answered() === 1);
  });

  test('starts while Slack is away and connects when it is back', async () => {
    sandbox.faults.outage = true;
    const slack = await started();
    expect(slack.connections()).toBe(0);
    sandbox.faults.outage = false;
    await until(() => sandbox.socketMode?.connectionCount === 2, 'connected');
    await type(sandbox, '/incident status');
    await until(() => slack.answered() === 1);
  });

  test('has really disconnected when it has stopped', async () => {
    const slack = await started();
    await slack.stop();
    expect(slack.connections()).toBe(0);
    await until(() => sandbox.socketMode?.connectionCount === 0);
  });

  test('replaces a connection that has been silent for too long', async () => {
    const slack = await started({ watchdog: { silenceMs: 300 } });
    const opened = countCalls(sandbox, 'apps.connections.open');
    await until(() => countCalls(sandbox, 'apps.connections.open') > opened, 'a new connection');
    expect(slack.log.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', context: expect.objectContaining({ why: 'silent' }) }),
    );
    await type(sandbox, '/incident status');
    await until(() => slack.answered() === 1);
  });

  test('looks again when Slack counts connections that nobody holds, and stops looking after some times', async () => {
    // A half-open connection of an earlier life: it takes its share and answers nothing.
    const headers = { authorization: `Bearer ${sandbox.appToken}` };
    const answer = await fetch(`${sandbox.apiUrl}apps.connections.open`, { method: 'POST', headers });
    const { url } = (await answer.json()) as { url: string };
    const ghost = new WebSocket(url);
    stops.push(async () => ghost.terminate());
    await until(() => sandbox.socketMode?.connectionCount === 1);
    const slack = await started({ watchdog: { ghostDelayMs: 20 } });
    const told = () => slack.log.messages('warn').filter((line) => line.includes('does not hold')).length;
    await until(() => slack.log.messages('info').some((line) => line.includes('half-open')), 'it gives up looking');
    expect(told()).toBe(3);
  });
});

describe('tokens', () => {
  const refused = (over: { bot?: string; app?: string }) => {
    const config = {
      mode: 'socket',
      botToken: new Secret(over.bot ?? sandbox.botToken),
      appToken: new Secret(over.app ?? sandbox.appToken),
      apiUrl: sandbox.apiUrl,
    } as const;
    return createSlackApp({ config, log: testLog() }).start();
  };

  test('a bot token that Slack refuses is one sentence that names the variable', async () => {
    await expect(refused({ bot: 'xoxb-wrong' })).rejects.toMatchObject({
      name: 'UserError',
      message:
        'Slack does not accept SLACK_BOT_TOKEN (invalid_auth): copy the Bot User OAuth Token (xoxb-…) from OAuth & Permissions of your Slack app.',
    });
  });

  test('so is an app token', async () => {
    await expect(refused({ app: 'xapp-wrong' })).rejects.toMatchObject({
      name: 'UserError',
      message:
        'Slack does not accept SLACK_APP_TOKEN (invalid_auth): create an app-level token (xapp-…) with the scope connections:write under Basic Information and switch Socket Mode on.',
    });
  });
});
