import { WebClient, WebClientEvent, type WebClientOptions } from '@slack/web-api';
import { afterEach, describe, expect, test } from 'vitest';
import { METHOD_NAMES } from '../../src/sandbox/method-table.ts';
import { METHODS, UNSUPPORTED_METHODS } from '../../src/sandbox/methods/registry.ts';
import type { Sandbox, SandboxOptions } from '../../src/sandbox/server.ts';
import { ManualClock } from './manual-clock.ts';
import { MANIFEST, sandboxOf, withoutScopes } from './support.ts';

const open: Sandbox[] = [];
afterEach(async () => {
  for (const sandbox of open.splice(0)) await sandbox.close();
});

async function world(
  options: Partial<SandboxOptions> = {},
  client: WebClientOptions = {},
): Promise<{ sandbox: Sandbox; web: WebClient }> {
  const sandbox = await sandboxOf(options);
  open.push(sandbox);
  const web = new WebClient(sandbox.botToken, { slackApiUrl: sandbox.apiUrl, retryConfig: { retries: 0 }, ...client });
  return { sandbox, web };
}

/** What a refused call answered. */
async function refusal(call: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await call;
  } catch (error) {
    return (error as { data: Record<string, unknown> }).data;
  }
  throw new Error('The call was not refused.');
}

const GENERAL = 'C0GENERAL1';

describe('the table of methods', () => {
  test('every method of the reference is carried out or listed as unsupported, and no other is carried out', () => {
    expect([...Object.keys(METHODS), ...UNSUPPORTED_METHODS].sort()).toEqual([...METHOD_NAMES].sort());
  });

  test('an unsupported method says so', async () => {
    const { web } = await world();
    const answer = await refusal(web.apiCall('functions.completeSuccess', { function_execution_id: 'x', outputs: {} }));
    expect(answer.error).toBe('method_not_supported_in_sandbox');
  });

  test('an unknown method is refused', async () => {
    const { web } = await world();
    expect((await refusal(web.apiCall('chat.postMesage'))).error).toBe('unknown_method');
  });
});

describe('tokens and scopes', () => {
  test.each([
    ['', 'not_authed'],
    ['xoxb-wrong', 'invalid_auth'],
    ['xapp-1-A0SANDBOX1-sandbox-app-token', 'not_allowed_token_type'],
  ])('the token "%s" is answered with %s', async (token, error) => {
    const { sandbox } = await world();
    const web = new WebClient(token, { slackApiUrl: sandbox.apiUrl, retryConfig: { retries: 0 } });
    expect((await refusal(web.auth.test())).error).toBe(error);
  });

  test('apps.connections.open takes the app token alone, in the header alone', async () => {
    const { sandbox, web } = await world();
    expect((await refusal(web.apps.connections.open({}))).error).toBe('not_allowed_token_type');
    const body = new URLSearchParams({ token: sandbox.appToken });
    const response = await fetch(`${sandbox.apiUrl}apps.connections.open`, { method: 'POST', body });
    expect(await response.json()).toMatchObject({ ok: false, error: 'not_authed' });
  });

  test('a missing scope is named, with what was provided', async () => {
    const { web } = await world({ manifest: withoutScopes('chat:write') });
    const answer = await refusal(web.chat.postMessage({ channel: GENERAL, text: 'x' }));
    expect(answer).toMatchObject({ error: 'missing_scope', needed: 'chat:write' });
    expect(answer.provided).toContain('channels:read');
  });

  test('the scope must fit the kind of channel', async () => {
    const { web } = await world();
    const answer = await refusal(web.conversations.create({ name: 'secret', is_private: true }));
    expect(answer).toMatchObject({ error: 'missing_scope', needed: 'groups:write' });
  });

  test('a name of its own needs chat:write.customize', async () => {
    const { web } = await world();
    await web.conversations.join({ channel: GENERAL });
    expect((await refusal(web.chat.postMessage({ channel: GENERAL, text: 'x', username: 'Boss' }))).error).toBe(
      'missing_scope',
    );
  });

  test('addresses are shown only with users:read.email', async () => {
    const { web } = await world({ manifest: withoutScopes('users:read.email') });
    expect((await web.users.info({ user: 'U0ONCALL01' })).user?.profile?.email).toBeUndefined();
  });
});

describe('arguments', () => {
  test.each([
    ['an unknown one', { channel: GENERAL, text: 'x', chanel: 'y' }, 'unknown argument: chanel'],
    ['a missing one', { text: 'x' }, 'missing required field: channel'],
    [
      'one of the wrong type',
      { channel: GENERAL, text: 'x', unfurl_links: 'maybe' },
      'must be a valid boolean: unfurl_links',
    ],
  ])('%s is refused and named', async (_name, args, line) => {
    const { web } = await world();
    const answer = await refusal(web.apiCall('chat.postMessage', args));
    expect(answer.error).toBe('invalid_arguments');
    expect(answer.response_metadata).toMatchObject({ messages: [`[ERROR] ${line}`] });
  });

  test('blocks that are no JSON have an error of their own', async () => {
    const { web } = await world();
    expect((await refusal(web.apiCall('chat.postMessage', { channel: GENERAL, blocks: '[{' }))).error).toBe(
      'invalid_blocks_format',
    );
  });
});

describe('posting', () => {
  test('needs membership, or chat:write.public', async () => {
    const { web } = await world();
    expect((await refusal(web.chat.postMessage({ channel: GENERAL, text: 'x' }))).error).toBe('not_in_channel');
    const bot = [...MANIFEST.oauth_config.scopes.bot, 'chat:write.public'];
    const open = await world({ manifest: { ...MANIFEST, oauth_config: { scopes: { bot } } } });
    expect((await open.web.chat.postMessage({ channel: GENERAL, text: 'x' })).ok).toBe(true);
  });

  test('timestamps are unique and grow, even when the clock stands still', async () => {
    const { web } = await world({ clock: new ManualClock() });
    await web.conversations.join({ channel: GENERAL });
    const posts = await Promise.all(
      Array.from({ length: 20 }, () => web.chat.postMessage({ channel: GENERAL, text: 'x' })),
    );
    expect(new Set(posts.map((post) => post.ts)).size).toBe(20);
  });

  test('too many blocks are refused with the place', async () => {
    const { web } = await world();
    await web.conversations.join({ channel: GENERAL });
    const blocks = Array.from({ length: 51 }, () => ({ type: 'divider' }));
    const answer = await refusal(web.chat.postMessage({ channel: GENERAL, text: 'x', blocks }));
    expect(answer.error).toBe('invalid_blocks');
    expect(answer.response_metadata).toMatchObject({
      messages: ['[ERROR] no more than 50 items allowed [json-pointer:/blocks]'],
    });
  });

  test.each([
    ['no text at all', {}, 'no_text'],
    ['text and markdown_text', { text: 'x', markdown_text: 'y' }, 'markdown_text_conflict'],
    [
      'blocks of more than 11,000 characters',
      {
        text: 'x',
        blocks: Array.from({ length: 4 }, () => ({
          type: 'section',
          text: { type: 'mrkdwn', text: 'x'.repeat(2_900) },
        })),
      },
      'msg_blocks_too_long',
    ],
    ['metadata without a type', { text: 'x', metadata: { event_payload: {} } }, 'invalid_metadata_format'],
    ['a parent that is not there', { text: 'x', thread_ts: '1.000001' }, 'cannot_reply_to_message'],
  ])('%s: %s', async (_name, args, error) => {
    const { web } = await world();
    await web.conversations.join({ channel: GENERAL });
    expect((await refusal(web.apiCall('chat.postMessage', { channel: GENERAL, ...args }))).error).toBe(error);
  });

  test('an update takes at most 4,000 characters, only of own messages, and never turns rich text into something else', async () => {
    const { web } = await world();
    await web.conversations.join({ channel: GENERAL });
    const rich = {
      type: 'rich_text' as const,
      elements: [{ type: 'rich_text_section' as const, elements: [{ type: 'text' as const, text: 'x' }] }],
    };
    const { ts = '' } = await web.chat.postMessage({ channel: GENERAL, text: 'x', blocks: [rich] });
    expect((await refusal(web.chat.update({ channel: GENERAL, ts, text: 'x'.repeat(4_001) }))).error).toBe(
      'msg_too_long',
    );
    expect(
      (await refusal(web.chat.update({ channel: GENERAL, ts, text: 'x', blocks: [{ type: 'divider' }] }))).error,
    ).toBe('block_mismatch');
    expect((await refusal(web.chat.update({ channel: GENERAL, ts: '1.000001', text: 'x' }))).error).toBe(
      'message_not_found',
    );
    const { messages } = await web.conversations.history({ channel: GENERAL });
    const join = messages?.find((message) => message.subtype === 'channel_join')?.ts ?? '';
    expect((await refusal(web.chat.update({ channel: GENERAL, ts: join, text: 'x' }))).error).toBe(
      'cant_update_message',
    );
  });

  test('metadata comes back only when it is asked for', async () => {
    const { web } = await world();
    await web.conversations.join({ channel: GENERAL });
    const metadata = { event_type: 'page', event_payload: { key: 'k1' } };
    await web.chat.postMessage({ channel: GENERAL, text: 'x', metadata });
    const plain = await web.conversations.history({ channel: GENERAL, limit: 1 });
    const full = await web.conversations.history({ channel: GENERAL, limit: 1, include_all_metadata: true });
    expect(plain.messages?.[0]?.metadata).toBeUndefined();
    expect(full.messages?.[0]?.metadata).toEqual(metadata);
  });

  test('an ephemeral message needs its reader in the channel and is in no history', async () => {
    const { web } = await world();
    await web.conversations.join({ channel: GENERAL });
    expect((await refusal(web.chat.postEphemeral({ channel: GENERAL, user: 'U0GUEST001', text: 'x' }))).error).toBe(
      'user_not_in_channel',
    );
    const { message_ts: ts = '' } = await web.chat.postEphemeral({
      channel: GENERAL,
      user: 'U0ONCALL01',
      text: 'only you',
    });
    const { messages = [] } = await web.conversations.history({ channel: GENERAL });
    expect(messages.map((message) => message.text)).not.toContain('only you');
    expect((await refusal(web.chat.update({ channel: GENERAL, ts, text: 'y' }))).error).toBe('message_not_found');
  });
});

describe('channels', () => {
  test.each([
    ['', 'invalid_name_required'],
    ['x'.repeat(81), 'invalid_name_maxlength'],
    ['Upper', 'invalid_name_specials'],
    ['two words', 'invalid_name_specials'],
    ['---', 'invalid_name_punctuation'],
    ['general', 'name_taken'],
  ])('the name "%s" is refused: %s', async (name, error) => {
    const { web } = await world();
    expect((await refusal(web.conversations.create({ name }))).error).toBe(error);
  });

  test('an archived channel keeps its name and takes nothing', async () => {
    const { web } = await world();
    const { channel } = await web.conversations.create({ name: 'inc-1' });
    const id = channel?.id ?? '';
    await web.conversations.archive({ channel: id });
    expect((await refusal(web.conversations.create({ name: 'inc-1' }))).error).toBe('name_taken');
    expect((await refusal(web.chat.postMessage({ channel: id, text: 'x' }))).error).toBe('is_archived');
    expect((await refusal(web.conversations.archive({ channel: id }))).error).toBe('already_archived');
  });

  test('a topic has at most 250 characters', async () => {
    const { web } = await world();
    const { channel } = await web.conversations.create({ name: 'inc-1' });
    await web.conversations.setTopic({ channel: channel?.id ?? '', topic: 'x'.repeat(250) });
    expect(
      (await refusal(web.conversations.setTopic({ channel: channel?.id ?? '', topic: 'x'.repeat(251) }))).error,
    ).toBe('too_long');
  });

  test.each([
    ['U0BOTUSER1', 'cant_invite_self'],
    ['U0NOBODY01', 'user_not_found'],
    ['U0LEFT0001', 'cant_invite'],
    ['U0GUEST001', 'user_is_restricted'],
    [Array.from({ length: 101 }, () => 'U0ONCALL01').join(','), 'invalid_arguments'],
  ])('inviting %s is refused: %s', async (users, error) => {
    const { web } = await world();
    const { channel } = await web.conversations.create({ name: 'inc-1' });
    expect((await refusal(web.conversations.invite({ channel: channel?.id ?? '', users }))).error).toBe(error);
  });

  test('force invites the rest', async () => {
    const { sandbox, web } = await world();
    const { channel } = await web.conversations.create({ name: 'inc-1' });
    const id = channel?.id ?? '';
    await web.conversations.invite({ channel: id, users: 'U0ONCALL01,U0LEFT0001', force: true });
    expect(sandbox.workspace.channels.get(id)?.members).toEqual(['U0BOTUSER1', 'U0ONCALL01']);
    expect((await refusal(web.conversations.invite({ channel: id, users: 'U0ONCALL01' }))).error).toBe(
      'already_in_channel',
    );
  });

  test('pins, bookmarks and reactions refuse what is there already or not there', async () => {
    const { web } = await world();
    await web.conversations.join({ channel: GENERAL });
    const { ts: timestamp = '' } = await web.chat.postMessage({ channel: GENERAL, text: 'x' });
    await web.pins.add({ channel: GENERAL, timestamp });
    expect((await refusal(web.pins.add({ channel: GENERAL, timestamp }))).error).toBe('already_pinned');
    await web.reactions.add({ channel: GENERAL, timestamp, name: 'eyes' });
    expect((await refusal(web.reactions.add({ channel: GENERAL, timestamp, name: 'eyes' }))).error).toBe(
      'already_reacted',
    );
    expect((await refusal(web.reactions.remove({ channel: GENERAL, timestamp, name: 'tada' }))).error).toBe(
      'no_reaction',
    );
    const link = { channel_id: GENERAL, title: 'x', type: 'link' as const };
    expect((await refusal(web.bookmarks.add({ ...link, link: 'ftp://x' }))).error).toBe('invalid_link');
    await web.bookmarks.add({ ...link, link: 'https://example.com' });
    expect((await web.bookmarks.list({ channel_id: GENERAL })).bookmarks).toHaveLength(1);
  });

  test('lists come in pages', async () => {
    const { web } = await world();
    const names: string[] = [];
    for await (const page of web.paginate('users.list', { limit: 3 })) {
      for (const member of (page as { members?: { name: string }[] }).members ?? []) names.push(member.name);
    }
    expect(names).toHaveLength(8);
  });
});

describe('files', () => {
  test('uploadV2 works, and a byte too few is refused', async () => {
    const { sandbox, web } = await world();
    await web.conversations.join({ channel: GENERAL });
    await web.files.uploadV2({
      channel_id: GENERAL,
      filename: 'timeline.md',
      content: '# Hello',
      initial_comment: 'The timeline',
    });
    const message = sandbox.workspace
      .messages(GENERAL)
      .values()
      .find((row) => row.text === 'The timeline');
    const [id = ''] = message?.files ?? [];
    expect(await (await fetch(`${sandbox.url}/sandbox/files/${id}`)).text()).toBe('# Hello');
    expect((await refusal(web.files.getUploadURLExternal({ filename: 'x', length: 0 }))).error).toBe(
      'invalid_arguments',
    );
    const { upload_url: url = '' } = await web.files.getUploadURLExternal({ filename: 'x', length: 5 });
    expect((await fetch(url, { method: 'POST', body: 'four' })).status).toBe(400);
  });

  test('a file is not shared where the app is not', async () => {
    const { web } = await world();
    const { upload_url: url = '', file_id: id = '' } = await web.files.getUploadURLExternal({
      filename: 'x',
      length: 1,
    });
    await fetch(url, { method: 'POST', body: 'x' });
    expect((await refusal(web.files.completeUploadExternal({ files: [{ id }], channel_id: GENERAL }))).error).toBe(
      'not_in_channel',
    );
  });
});

describe('rate limits', () => {
  test('with limits on a tier 2 method has 20 calls a minute, then 429 with Retry-After', async () => {
    const clock = new ManualClock();
    const { sandbox } = await world({ clock, limits: 'on' });
    const call = () =>
      fetch(`${sandbox.apiUrl}usergroups.list`, {
        method: 'POST',
        headers: { authorization: `Bearer ${sandbox.botToken}` },
      });
    for (let count = 0; count < 20; count += 1) expect((await call()).status).toBe(200);
    const limited = await call();
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '60']);
    clock.advance(60_001);
    expect((await call()).status).toBe(200);
  });

  test('with limits on a channel takes one message a second', async () => {
    const clock = new ManualClock();
    const { web } = await world({ clock, limits: 'on' }, { rejectRateLimitedCalls: true });
    await web.conversations.join({ channel: GENERAL });
    await web.chat.postMessage({ channel: GENERAL, text: 'x' });
    await expect(web.chat.postMessage({ channel: GENERAL, text: 'x' })).rejects.toMatchObject({ retryAfter: 1 });
    clock.advance(1_001);
    await web.chat.postMessage({ channel: GENERAL, text: 'x' });
  });

  test('a 429 on one method pauses the whole queue of a WebClient', async () => {
    const { sandbox, web } = await world({}, { retryConfig: { retries: 1, minTimeout: 1 } });
    sandbox.faults.set('users.list', { kind: 'rate-limit', retryAfterSeconds: 1 }, 1);
    const listing = web.users.list({});
    await new Promise((resolve) => web.once(WebClientEvent.RATE_LIMITED, resolve));
    const before = performance.now();
    await web.auth.test();
    expect(performance.now() - before).toBeGreaterThan(800);
    await listing;
  });
});

describe('faults', () => {
  test.each([
    ['http-after', { kind: 'http-after', status: 503 }],
    ['reset-after', { kind: 'reset-after' }],
  ] as const)(
    '%s: a WebClient that retries posts twice (why bots must look before they repeat)',
    async (_name, fault) => {
      const { sandbox, web } = await world({}, { retryConfig: { retries: 1, minTimeout: 1 } });
      await web.conversations.join({ channel: GENERAL });
      sandbox.faults.set('chat.postMessage', fault, 1);
      await web.chat.postMessage({ channel: GENERAL, text: 'page' });
      expect(
        sandbox.workspace
          .messages(GENERAL)
          .values()
          .filter((row) => row.text === 'page'),
      ).toHaveLength(2);
    },
  );

  test('http-before: nothing was done', async () => {
    const { sandbox, web } = await world({}, { retryConfig: { retries: 1, minTimeout: 1 } });
    await web.conversations.join({ channel: GENERAL });
    sandbox.faults.set('chat.postMessage', { kind: 'http-before', status: 500 }, 1);
    await web.chat.postMessage({ channel: GENERAL, text: 'page' });
    expect(
      sandbox.workspace
        .messages(GENERAL)
        .values()
        .filter((row) => row.text === 'page'),
    ).toHaveLength(1);
  });

  test('hang: a call without a timeout of its own would wait for ever', async () => {
    const { sandbox, web } = await world({}, { timeout: 100 });
    sandbox.faults.set('auth.test', { kind: 'hang' });
    await expect(web.auth.test()).rejects.toThrow();
  });

  test('an outage answers 503 until it is over', async () => {
    const { sandbox, web } = await world();
    sandbox.faults.outage = true;
    await expect(web.auth.test()).rejects.toMatchObject({ statusCode: 503 });
    sandbox.faults.outage = false;
    expect((await web.auth.test()).ok).toBe(true);
  });
});
