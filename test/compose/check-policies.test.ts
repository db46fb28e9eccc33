import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { lookAtPolicies } from '../../src/compose/check-policies.ts';
import { startWarroom } from '../../src/compose/warroom.ts';
import { readConfig } from '../../src/config/read-config.ts';
import type { Settings } from '../../src/config/settings.ts';
import { readSettingsFile } from '../../src/config/settings-file.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { testDatabase } from '../support/database.ts';
import { testLog } from '../support/log.ts';
import { startStory } from '../support/story.ts';
import { databaseUrl } from '../support/verb.ts';

vi.setConfig({ testTimeout: 60_000 });

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  S0TWO12345: ['UALICE123', 'UBOB12345'],
  S0ONE12345: ['UALICE123'],
  S0NONE1234: [],
};

function settingsOf(text: string): Settings {
  const file = readSettingsFile(text);
  if ('problems' in file) throw new TypeError(JSON.stringify(file.problems));
  return file.settings as Settings;
}

const look = (text: string, membersOf = async (group: string) => GROUPS[group] ?? []) =>
  lookAtPolicies(settingsOf(text), { membersOf, clock: systemClock });

describe('policies that nobody could satisfy', () => {
  test.each<[string, string, string]>([
    ['a group that is too small', 'approvals: { change: { approvers: 2, from: [S0ONE12345] } }', 'S0ONE12345 has 1'],
    ['a group without members', 'approvals: { change: { from: [S0NONE1234] } }', 'S0NONE1234 has 0'],
    [
      'one person who is in both',
      'approvals: { change: { approvers: 2, from: [UALICE123, S0ONE12345] } }',
      'it wants 2 approvers, but `from` names fewer people',
    ],
    [
      'a quorum',
      'approvals: { rules: [{ when: { effect: change }, approvers: 2, quorum: [{ from: [S0ONE12345], count: 2 }] }] }',
      'warroom.yml approvals.rules.0',
    ],
    [
      'a role of one for what wants two',
      'roles: { shop: { approver: [S0ONE12345] } }',
      'fewer have the role `approver` in shop (members: S0ONE12345 has 1)',
    ],
  ])('%s', async (_what, text, said) => {
    const { problems, unknown } = await look(text);
    expect(problems).toHaveLength(1);
    expect(`${problems[0]?.name}: ${problems[0]?.fix}`).toContain(said);
    expect(problems[0]?.fix).toContain('name more people, or ask for fewer.');
    expect(unknown.size).toBe(0);
  });

  test.each([
    'approvals: {}',
    'approvals: { change: { approvers: 2, from: [S0TWO12345] } }',
    'roles: { "*": { approver: [S0ONE12345], admin: [UCAROL123] } }',
    'roles: { shop: { approver: [S0ONE12345] } }\napprovals: { destructive: { approvers: 1 } }',
    'roles: { shop: { viewer: [S0NONE1234] } }',
  ])('and those that somebody can: %s', async (text) => {
    expect((await look(text)).problems).toEqual([]);
  });

  test('what rests on a group that Slack did not tell is left open, the rest is still checked', async () => {
    const text = 'approvals: { change: { from: [S0AWAY1234] }, destructive: { from: [S0ONE12345] } }';
    const { problems, unknown } = await look(text, async (group) => {
      if (group === 'S0AWAY1234') throw new Error('no route');
      return GROUPS[group] ?? [];
    });
    expect(problems.map(({ name }) => name)).toEqual(['warroom.yml approvals.destructive']);
    expect([...unknown]).toEqual([['S0AWAY1234', 'no route']]);
  });
});

describe('at start', () => {
  test('Warroom stops with the rule and what to do', async () => {
    const rules = [{ when: { targets: ['db'] }, approvers: 3, from: ['S0ONCALL01'] }];
    await expect(startStory({ settings: { approvals: { rules } } })).rejects.toThrow(
      /^Warroom cannot start with these settings:\n {2}warroom\.yml approvals\.rules\.0: nobody could satisfy it: it wants 3 approvers, .*S0ONCALL01 has 2/u,
    );
  });

  test('Warroom starts when Slack cannot be asked, and says loudly what is not known', async () => {
    const db = await testDatabase();
    const home = await mkdtemp(join(tmpdir(), 'warroom-policies-'));
    const log = testLog();
    await writeFile(join(home, 'warroom.yml'), 'approvals: { change: { approvers: 3, from: [S0ONCALL01] } }');
    const project = fileURLToPath(new URL('../..', import.meta.url));
    const config = readConfig(
      {
        WARROOM_HOME: home,
        WARROOM_CONFIG: join(home, 'warroom.yml'),
        WARROOM_PORT: '0',
        DATABASE_URL: databaseUrl(db),
        SLACK_BOT_TOKEN: 'xoxb-away',
        SLACK_SIGNING_SECRET: 'away',
        SLACK_API_URL: 'http://127.0.0.1:9/api/',
      },
      project,
    );
    const warroom = await startWarroom({ config, log, project });
    onTestFinished(async () => {
      await warroom.stop();
      await db.drop();
      await rm(home, { recursive: true, force: true });
    });
    expect(log.messages('warn').find((line) => line.includes('S0ONCALL01'))).toContain('`warroom doctor`');
  });
});
