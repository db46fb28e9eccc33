import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-problem.ts';
import type { Environment } from '../../src/config/environment.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { findContact } from '../../src/config/settings.ts';
import { readSettingsFile } from '../../src/config/settings-file.ts';

const project = mkdtempSync(join(tmpdir(), 'warroom-config-'));
const write = (text: string) => writeFileSync(join(project, 'warroom.yml'), text);
beforeEach(() => write(''));
afterAll(() => rmSync(project, { recursive: true, force: true }));

const read = (env: Environment = {}) => readConfig({ WARROOM_PACKS: '.', ...env }, project);
function problems(env: Environment): Record<string, string> {
  try {
    read(env);
  } catch (error) {
    if (error instanceof ConfigError) return Object.fromEntries(error.problems.map(({ name, fix }) => [name, fix]));
    throw error;
  }
  return {};
}

describe('without any setting', () => {
  test('everything has a default', () => {
    expect(read()).toMatchObject({
      home: join(project, '.warroom'),
      host: '127.0.0.1',
      port: 3210,
      logLevel: 'info',
      databaseUrl: null,
      slack: { mode: 'sandbox' },
      settings: {
        hub: 'incidents-war-room',
        commands: { incident: '/incident', runbook: '/runbook', drill: '/drill' },
        contacts: {},
        approvals: { change: { approvers: 1 }, destructive: { approvers: 2 } },
      },
    });
  });

  test('an empty variable counts as none, as container files write it', () => {
    const empty = {
      WARROOM_HOME: '',
      WARROOM_HOST: '',
      WARROOM_PORT: '',
      WARROOM_LOG_LEVEL: '',
      WARROOM_CONFIG: '',
      DATABASE_URL: '',
      SLACK_BOT_TOKEN: '',
      SLACK_APP_TOKEN: '',
      SLACK_API_URL: '',
    };
    expect(read(empty)).toMatchObject({ home: join(project, '.warroom'), host: '127.0.0.1', port: 3210 });
  });
});

describe('what is wrong', () => {
  test('is said all at once, each with its name and what to do', () => {
    write('hub: "#War Room"\nnonsense: 1\n');
    const env = {
      WARROOM_PORT: 'eighty',
      WARROOM_LOG_LEVEL: 'loud',
      WARROOM_PACKS: 'nowhere',
      WARROOM_DATABASE: 'x',
      DATABASE_URL: 'mysql://root@localhost/x',
      SLACK_BOT_TOKEN: 'xoxp-1',
      SLACK_API_URL: 'slack.com/api',
    };
    expect(problems(env)).toEqual({
      WARROOM_DATABASE:
        'there is no such setting; known are WARROOM_HOME, WARROOM_HOST, WARROOM_PORT, WARROOM_CONFIG, WARROOM_PACKS, WARROOM_LOG_LEVEL, WARROOM_SELF_URL, WARROOM_PUBLIC_URL.',
      'warroom.yml hub': 'write a channel name without #: lower-case letters, digits, - and _',
      'warroom.yml (top level)':
        'there is no setting “nonsense”; known are hub, commands, contacts, approvals, roles, settings, import.',
      WARROOM_PORT: '“eighty” is not a port; set a number from 0 (any free one) to 65535.',
      WARROOM_LOG_LEVEL: 'set it to one of debug, info, warn, error.',
      WARROOM_PACKS: `there is no folder ${join(project, 'nowhere')}; name the folder with your systems.`,
      DATABASE_URL: 'write postgres://user:password@host:5432/name, or leave it out for the embedded database.',
      SLACK_BOT_TOKEN: 'it must start with xoxb-; take the Bot User OAuth Token.',
      SLACK_APP_TOKEN:
        'set the app-level token (xapp-…, scope connections:write), or SLACK_SIGNING_SECRET to receive over HTTP.',
      SLACK_API_URL: 'write the whole URL with a slash at its end, such as https://slack.com/api/.',
    });
    expect(() => read(env)).toThrow(/^Warroom cannot start with these settings:\n {2}WARROOM_DATABASE: there is/u);
  });

  test.each(['-1', '65536', '0x50', '1e3', '80.5', ' 80'])('is a port such as “%s”', (port) => {
    expect(Object.keys(problems({ WARROOM_PORT: port }))).toEqual(['WARROOM_PORT']);
  });

  test.each<[string, Environment, string[]]>([
    ['an app token alone', { SLACK_APP_TOKEN: 'xapp-1' }, ['SLACK_BOT_TOKEN']],
    ['a bot token alone', { SLACK_BOT_TOKEN: 'xoxb-1' }, ['SLACK_APP_TOKEN']],
    [
      'tokens in each other’s place',
      { SLACK_BOT_TOKEN: 'xapp-1', SLACK_APP_TOKEN: 'xoxb-1' },
      ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN'],
    ],
    ['an address of Slack alone', { SLACK_API_URL: 'http://127.0.0.1:1/api/' }, ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN']],
    ['a file that is named and not there', { WARROOM_CONFIG: 'missing.yml' }, ['WARROOM_CONFIG']],
  ])('is %s', (_what, env, names) => {
    expect(Object.keys(problems(env))).toEqual(names);
  });

  test.each<[string, string, string]>([
    [
      'approvals: { change: { approvers: 0, expires: 15m } }',
      'approvals.change.approvers',
      'write a number of people from 1 to 10',
    ],
    [
      'approvals: { change: { approvers: 1, expires: 5s } }',
      'approvals.change.expires',
      'write a duration of at least one minute, such as 15m',
    ],
    [
      'approvals: { change: { approvers: 2, from: [U0ALICE1] } }',
      'approvals.change',
      'nobody could satisfy it: it wants 2 approvers, but `from` names fewer people.',
    ],
    [
      'approvals: { rules: [{ when: { effect: destructive }, from: [U0ALICE1] }] }',
      'approvals.rules.0',
      'nobody could satisfy it: it wants 2 approvers, but `from` names fewer people.',
    ],
    [
      'approvals: { rules: [{ when: { within: { days: [mon], from: 9h, to: "18:00", zone: Europe/Rome } } }] }',
      'approvals.rules.0.when.within.from',
      'write a time of the day such as "09:00" (in quotes), up to "24:00"',
    ],
    [
      'approvals: { rules: [{ when: { within: { days: [mon], from: "09:00", to: "18:00", zone: Rome } } }] }',
      'approvals.rules.0.when.within.zone',
      'write the name of a time zone such as Europe/Rome',
    ],
    [
      'roles: { shop: { approver: [alice] } }',
      'roles.shop.approver.0',
      'write a Slack id: U… or W… for a person, S… for a user group (profile → Copy member ID)',
    ],
    [
      'approvals: { read: { approvers: 1, expires: 5m } }',
      'approvals',
      'there is no setting “read”; known are change, destructive, rules.',
    ],
    [
      'commands: { incidents: /incident }',
      'commands',
      'there is no setting “incidents”; known are incident, runbook, drill.',
    ],
    ['commands: { incident: incident }', 'commands.incident', 'write a slash command such as /incident'],
    [
      'contacts: { shop: { on-call: [] } }',
      'contacts.shop.on-call',
      'name at least one person or user group, or leave it out',
    ],
    [
      'contacts: { shop: { on-call: ["@alice"] } }',
      'contacts.shop.on-call.0',
      'write a Slack id: U… or W… for a person, S… for a user group (profile → Copy member ID)',
    ],
  ])('is %s', (text, key, fix) => {
    write(text);
    expect(problems({})).toEqual({ [`warroom.yml ${key}`]: fix });
  });

  test.each(['a: [', '{', '\t- x', '- 1\n- 2', 'hello'])('is a file that is no mapping: %s', (text) => {
    write(text);
    expect(Object.keys(problems({}))[0]).toMatch(/^warroom\.yml/u);
  });
});

describe('Slack', () => {
  test('is reached by socket with an app token, by HTTP with a signing secret', () => {
    const socket = read({ SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xapp-1' }).slack;
    expect(socket.mode === 'socket' && [socket.botToken.reveal(), socket.appToken.reveal(), socket.apiUrl]).toEqual([
      'xoxb-1',
      'xapp-1',
      null,
    ]);
    const http = read({
      SLACK_BOT_TOKEN: 'xoxb-1',
      SLACK_SIGNING_SECRET: 's',
      SLACK_API_URL: 'http://127.0.0.1:1/api/',
    }).slack;
    expect(http.mode === 'http' && [http.signingSecret.reveal(), http.apiUrl]).toEqual([
      's',
      'http://127.0.0.1:1/api/',
    ]);
  });
});

test('no secret is shown by a configuration, however it is printed, nor by its problems', () => {
  const secrets = ['xoxb-SECRET1', 'xapp-SECRET2', 'SECRET3', 'SECRET4'] as const;
  const env = {
    SLACK_BOT_TOKEN: secrets[0],
    SLACK_APP_TOKEN: secrets[1],
    SLACK_SIGNING_SECRET: secrets[2],
    DATABASE_URL: `postgres://warroom:${secrets[3]}@db/warroom`,
  };
  const config = read(env);
  const printed = [JSON.stringify(config), inspect(config, { depth: 10, showHidden: true }), String(config)];
  const wrong = JSON.stringify(
    problems({ ...env, WARROOM_PORT: 'x', SLACK_BOT_TOKEN: secrets[2], DATABASE_URL: `postgre://u:${secrets[3]}@db` }),
  );
  for (const text of [...printed, wrong]) expect(text).not.toMatch(/SECRET\d/u);
  expect(config.databaseUrl?.reveal()).toContain('SECRET4');
});

test('a setting comes from the environment, then from the file, then from the pack', () => {
  write('settings: { SHOP_URL: http://file, OTHER: from file }');
  const { resolveSetting } = read({ SHOP_URL: 'http://env' });
  expect([resolveSetting('SHOP_URL', 'x'), resolveSetting('OTHER', 'x'), resolveSetting('NONE', 'x')]).toEqual([
    'http://env',
    'from file',
    'x',
  ]);
  expect(resolveSetting('constructor', 'x')).toBe('x');
});

test('somebody who is named twice for a contact is one person, and is paged once', () => {
  const file = readSettingsFile('contacts: { shop: { on-call: [UAAAAAAA, UBBBBBBB, UAAAAAAA] } }');
  if ('problems' in file) throw new TypeError(JSON.stringify(file.problems));
  expect(findContact(file.settings, 'shop', 'on-call')).toEqual(['UAAAAAAA', 'UBBBBBBB']);
});

test('contacts are those of the system, else those of all systems', () => {
  const file = readSettingsFile('contacts: { "*": { on-call: [UAAAAAAA] }, shop: { on-call: [SBBBBBBB, UCCCCCCC] } }');
  if ('problems' in file) throw new TypeError(JSON.stringify(file.problems));
  expect(findContact(file.settings, 'shop', 'on-call')).toEqual(['SBBBBBBB', 'UCCCCCCC']);
  expect(findContact(file.settings, 'depot', 'on-call')).toEqual(['UAAAAAAA']);
  expect(findContact(file.settings, 'depot', 'cto')).toEqual([]);
  expect(findContact(file.settings, 'shop', 'constructor')).toEqual([]);
});
