import { readFileSync } from 'node:fs';
import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { METHOD_LIMITS } from '../../src/slack/method-tiers.ts';
import { classifyFailure, findSlackError } from '../../src/slack/retry-table.ts';

const facts = z
  .object({
    common_errors: z.union([z.array(z.string()), z.record(z.string(), z.string()).transform(Object.keys)]),
    methods: z.record(
      z.string(),
      z.object({
        tier: z.unknown(),
        errors: z.union([z.array(z.string()), z.record(z.string(), z.string()).transform(Object.keys)]),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../../src/sandbox/data/slack-methods.json', import.meta.url), 'utf8')));

const platform = (error: string) => new WebAPIPlatformError({ ok: false, error, response_metadata: {} });
const http = (status: number) => new WebAPIHTTPError(status, '', {}, '');
const network = (code: string) =>
  new WebAPIRequestError(new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) }));

describe('the table of failures', () => {
  test('knows every error that Slack documents for the methods we call', () => {
    const methods = Object.keys(METHOD_LIMITS);
    const names = methods.flatMap((method) => facts.methods[method]?.errors ?? [`no facts about ${method}`]);
    const missing = [...facts.common_errors, ...names].filter((name) => findSlackError(name) === undefined);
    expect([...new Set(missing)]).toEqual([]);
  });

  test.each([
    ['an answer that says what was wrong', platform('channel_not_found'), { retry: false, uncertain: false }],
    ['a token that was revoked', platform('token_revoked'), { retry: true, uncertain: false }],
    ['a fault of ours', platform('invalid_blocks'), { retry: false, uncertain: false }],
    ['a server failure in which part may have succeeded', platform('fatal_error'), { retry: true, uncertain: true }],
    ['a service that is down', platform('service_unavailable'), { retry: true, uncertain: false }],
    ['an error name that is new', platform('brand_new_error'), { retry: true, uncertain: true }],
    [
      'a page of a proxy instead of JSON',
      platform('<html>502</html>'),
      { retry: true, uncertain: true, code: 'no_json' },
    ],
    ['a limit', new WebAPIRateLimitedError(30), { retry: true, uncertain: false, afterMs: 30_000 }],
    ['HTTP 500', http(500), { retry: true, uncertain: true }],
    ['HTTP 503', http(503), { retry: true, uncertain: true }],
    ['HTTP 413', http(413), { retry: false, uncertain: false }],
    ['HTTP 404', http(404), { retry: false, uncertain: false }],
    ['a refused connection', network('ECONNREFUSED'), { retry: true, uncertain: false, code: 'network_ECONNREFUSED' }],
    ['an unknown name', network('ENOTFOUND'), { retry: true, uncertain: false }],
    ['a reset connection', network('ECONNRESET'), { retry: true, uncertain: true }],
    ['a socket that ended', network('UND_ERR_SOCKET'), { retry: true, uncertain: true }],
    [
      'no answer in time',
      new WebAPIRequestError(new DOMException('late', 'TimeoutError')),
      { retry: true, uncertain: true, code: 'timeout' },
    ],
    ['something nobody foresaw', new Error('?'), { retry: true, uncertain: true, code: 'unknown' }],
  ])('judges %s', (_title, error, expected) => {
    expect(classifyFailure(error)).toMatchObject(expected);
  });

  test('gives a reason that a person can read and search for', () => {
    expect(classifyFailure(platform('missing_scope')).reason).toBe(
      'the bot is not allowed to: check its token and its scopes (missing_scope)',
    );
  });
});
