import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isMember } from '../../src/domain/person.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import type { SlackCaller } from '../../src/slack/client.ts';
import { fetchPerson, nameOf, type PeopleDeps, toPerson } from '../../src/slack/people.ts';
import { uploadFile } from '../../src/slack/upload.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { countCalls, HUB, messagesIn, startTestSandbox, testSlack } from './slack-world.ts';

let database: TestDatabase;
let sandbox: Sandbox;
let deps: PeopleDeps;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  sandbox = await startTestSandbox();
  const { call } = testSlack(sandbox);
  deps = { call, pool: database.pool, teamId: async () => 'T0SANDBOX1' };
});
afterEach(() => sandbox.close());

describe('a person', () => {
  test('is asked for anew each time a decision needs them, and remembered for names', async () => {
    expect(isMember(await fetchPerson(deps, 'U0ONCALL01'))).toBe(true);
    const user = sandbox.workspace.users.get('U0ONCALL01');
    if (user) sandbox.workspace.users.set('U0ONCALL01', { ...user, deleted: true });
    expect(isMember(await fetchPerson(deps, 'U0ONCALL01'))).toBe(false);
    const asked = countCalls(sandbox, 'users.info');
    expect(await nameOf(deps, 'U0ONCALL01')).toBe('nadia');
    expect(countCalls(sandbox, 'users.info')).toBe(asked);
  });

  test('that is a guest, or the bot, may not act', async () => {
    expect(await fetchPerson(deps, 'U0GUEST001')).toMatchObject({ isGuest: true });
    expect(await fetchPerson(deps, 'U0BOTUSER1')).toMatchObject({ isBot: true });
  });

  test('whom Slack does not know is one clear sentence', async () => {
    await expect(fetchPerson(deps, 'U404')).rejects.toMatchObject({ name: 'UserError', code: 'person.unknown' });
    expect(await nameOf(deps, 'U404')).toBe('U404');
  });

  const known = { id: 'U1', team: 'T1' };
  test.each([
    ['a member', { id: 'U1', team_id: 'T1' }, true],
    ['a member through the enterprise', { id: 'W1', team_id: 'E1', enterprise_user: { teams: ['T1'] } }, true],
    ['a stranger in a shared channel', { id: 'U1', team_id: 'T2', is_stranger: true }, false],
    ['somebody of another workspace', { id: 'U1', team_id: 'T2' }, false],
    ['a guest of one channel', { id: 'U1', team_id: 'T1', is_ultra_restricted: true }, false],
    ['somebody who was invited and has not come', { id: 'U1', team_id: 'T1', is_invited_user: true }, false],
    ['a workflow', { id: 'U1', team_id: 'T1', is_workflow_bot: true }, false],
    ['somebody of whom Slack says nothing', {}, false],
  ])('%s', (_title, user, member) => {
    expect(isMember(toPerson(user, known))).toBe(member);
  });

  test('called Slackbot is a bot, though Slack says otherwise', () => {
    expect(toPerson({ id: 'USLACKBOT', team_id: 'T1', is_bot: false }, { id: 'USLACKBOT', team: 'T1' }).isBot).toBe(
      true,
    );
  });
});

describe('a file', () => {
  const file = {
    channel: HUB,
    filename: 'timeline.txt',
    title: 'Timeline',
    content: 'all of it',
    lane: 'interactive',
  } as const;

  test('is shared in the channel with its content', async () => {
    const id = await uploadFile(deps.call, file);
    const message = messagesIn(sandbox, HUB).at(-1) ?? [...sandbox.workspace.messages(HUB).values()].at(-1);
    expect(message?.files).toEqual([id]);
    const answer = await fetch(`${sandbox.url}/sandbox/files/${id}?as=U0ONCALL01`);
    expect(await answer.text()).toBe('all of it');
    expect(sandbox.refusals()).toEqual([]);
  });

  test('that is empty is uploaded all the same', async () => {
    await uploadFile(deps.call, { ...file, content: '' });
    expect(sandbox.refusals()).toEqual([]);
  });

  test('does not take the bot token to the upload address', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const server = createServer((req, res) => {
      seen.push(req.headers);
      req.resume().on('end', () => res.end('OK'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/upload`;
    const call = (async (_lane: string, method: string) =>
      method === 'files.getUploadURLExternal'
        ? { ok: true, upload_url: url, file_id: 'F1' }
        : { ok: true }) as SlackCaller;
    await uploadFile(call, file);
    server.close();
    expect(seen).toHaveLength(1);
    expect(JSON.stringify(seen)).not.toMatch(/xoxb|authorization/iu);
  });
});
