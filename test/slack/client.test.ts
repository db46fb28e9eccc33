import { WebClient } from '@slack/web-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { boltLogger } from '../../src/slack/bolt-log.ts';
import { createSlackCaller, createSlackClients, type SlackCaller, webClientOptions } from '../../src/slack/client.ts';
import { RateLimiter } from '../../src/slack/rate-limiter.ts';
import { testLog } from '../support/log.ts';
import { countCalls, HUB, startTestSandbox } from './slack-world.ts';

let sandbox: Sandbox;
let call: SlackCaller;

beforeEach(async () => {
  sandbox = await startTestSandbox();
  const log = testLog();
  const access = { botToken: new Secret(sandbox.botToken), apiUrl: sandbox.apiUrl, log, timeoutMs: 2_000 };
  call = createSlackCaller({ clients: createSlackClients(access), limiter: new RateLimiter(systemClock), log });
});
afterEach(() => sandbox.close());

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (error: { failure?: { code: string } }) => error.failure?.code,
  );

describe('a call to Slack', () => {
  test('is given up when Slack does not answer', async () => {
    sandbox.faults.set('users.info', { kind: 'hang' });
    expect(await codeOf(call('interactive', 'users.info', { user: 'U0ONCALL01' }))).toBe('timeout');
  });

  test('is made once, whatever goes wrong: repeating is not for the client to decide', async () => {
    sandbox.faults.set('chat.postMessage', { kind: 'http-after', status: 503 });
    expect(await codeOf(call('page', 'chat.postMessage', { channel: HUB, text: 'x' }))).toBe('http_503');
    expect(countCalls(sandbox, 'chat.postMessage')).toBe(1);
  });

  test('is not delayed by a 429 on another method', async () => {
    sandbox.faults.set('conversations.info', { kind: 'rate-limit', retryAfterSeconds: 5 }, 1);
    expect(await codeOf(call('interactive', 'conversations.info', { channel: HUB }))).toBe('ratelimited');
    const before = performance.now();
    expect(await codeOf(call('interactive', 'users.info', { user: 'U0ONCALL01' }))).toBe('ok');
    expect(performance.now() - before).toBeLessThan(3_000);
  });

  test('is answered at once while its method is paused for longer than it is worth waiting', async () => {
    sandbox.faults.set('conversations.info', { kind: 'rate-limit', retryAfterSeconds: 60 }, 1);
    await codeOf(call('page', 'conversations.info', { channel: HUB }));
    const before = performance.now();
    await expect(call('page', 'conversations.info', { channel: HUB })).rejects.toMatchObject({
      failure: { code: 'ratelimited', retry: true, uncertain: false },
    });
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  test('control: one client of the library stands still for all methods', async () => {
    sandbox.faults.set('conversations.info', { kind: 'rate-limit', retryAfterSeconds: 1 }, 1);
    const logger = boltLogger(testLog());
    const client = new WebClient(sandbox.botToken, { slackApiUrl: sandbox.apiUrl, logger });
    const first = client.conversations.info({ channel: HUB });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = performance.now();
    await client.users.info({ user: 'U0ONCALL01' });
    expect(performance.now() - before).toBeGreaterThan(500);
    await first;
  });

  test('says what failed without saying any token', async () => {
    const error = await call('page', 'chat.postMessage', { channel: 'C404', text: 'x' }).catch(
      (thrown: Error) => thrown,
    );
    expect(String(error)).toBe(
      'InternalError: chat.postMessage failed: the channel does not take it: it is gone, archived or closed to the bot (channel_not_found).',
    );
    expect(JSON.stringify(error)).not.toContain('xoxb');
  });

  test('options are a new object each time and carry no headers, which would break Socket Mode', () => {
    const access = { apiUrl: null, log: testLog() };
    expect(webClientOptions(access)).not.toBe(webClientOptions(access));
    expect(webClientOptions(access)).not.toHaveProperty('headers');
    expect(webClientOptions(access)).toMatchObject({ retryConfig: { retries: 0 }, rejectRateLimitedCalls: true });
  });
});
