import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createAdmission } from '../../src/compose/admission.ts';
import { type KnownPacks, lookAtPolicies, type MembersOf } from '../../src/compose/check-policies.ts';
import { startWarroom } from '../../src/compose/warroom.ts';
import { readConfig } from '../../src/config/read-config.ts';
import type { Settings } from '../../src/config/settings.ts';
import { readSettingsFile } from '../../src/config/settings-file.ts';
import type { TighterPolicy } from '../../src/domain/approval-policy.ts';
import type { SystemDefinition } from '../../src/domain/system.ts';
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

const SHOP = { id: 'shop', targets: [{ name: 'db', write: {} }], severities: [{ level: 'SEV1' }] };

/** A pack whose target `db` can be changed, and tightens policies so. */
function packsWith(approvals: TighterPolicy | null): KnownPacks {
  const shop = {
    ...SHOP,
    targets: [
      { name: 'db', write: {}, approvals },
      { name: 'mirror', write: null, approvals },
    ],
  };
  return { systems: new Map([['shop', shop as unknown as SystemDefinition]]), problems: [] };
}

const look = (
  text: string,
  membersOf: MembersOf = async (group: string) => GROUPS[group] ?? null,
  packs: KnownPacks = packsWith(null),
) => lookAtPolicies(settingsOf(text), packs, { membersOf, clock: systemClock });

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
      'a role of one below the role that nobody is named for',
      'roles: { shop: { responder: [S0ONE12345] } }',
      'fewer have the role `approver` in shop (members: S0ONE12345 has 1)',
    ],
    [
      'nobody who may look, and so nobody who may approve',
      'roles: { shop: { viewer: [S0NONE1234] } }\napprovals: { destructive: { from: [UALICE123, UBOB12345] } }',
      'S0NONE1234 has 0',
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
    'roles: { shop: { viewer: [S0TWO12345] } }',
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

describe('what the packs tighten is part of the policy', () => {
  const two = 'approvals: { change: { approvers: 2, from: [S0TWO12345] }, destructive: { from: [S0TWO12345] } }';

  test('so what nobody could satisfy with it is named with the target and the policy', async () => {
    expect((await look(two)).problems).toEqual([]);
    const { problems } = await look(two, undefined, packsWith({ approvers: 3 }));
    expect(problems).toEqual([
      {
        name: 'shop/system.yml targets.db.approvals',
        fix: 'together with warroom.yml approvals.change nobody could satisfy it: it wants 3 approvers, but `from` names fewer people (members: S0TWO12345 has 2); name more people, or ask for fewer.',
      },
    ]);
  });

  test('by a rule for that target, and by the people who have the role', async () => {
    const rule = 'approvals: { rules: [{ when: { systems: [shop], targets: [db] }, from: [S0TWO12345] }] }';
    const found = await look(rule, undefined, packsWith({ approvers: 3 }));
    expect(found.problems[0]?.fix).toContain('approvals.rules.0 nobody could satisfy it');
    const role = await look('roles: { "*": { approver: [S0TWO12345] } }', undefined, packsWith({ approvers: 3 }));
    expect(role.problems[0]?.fix).toContain('fewer have the role `approver` in shop');
  });

  test('and a changed system is refused when it comes to that, but not for what was wrong before', async () => {
    const membersOf: MembersOf = async (group) => GROUPS[group] ?? null;
    const inForce = packsWith(null);
    const admit = createAdmission(settingsOf(two), () => inForce, { membersOf, clock: systemClock });
    const [strict, plain] = [packsWith({ approvers: 3 }), inForce].map(({ systems }) => systems.get('shop') ?? null);
    if (!strict || !plain) throw new TypeError('There is no shop.');
    expect(await admit(strict, plain)).toEqual([
      expect.objectContaining({ path: ['targets', 'db', 'approvals'], message: expect.stringContaining('S0TWO12345') }),
    ]);
    expect(await admit(strict, null)).toHaveLength(1);
    expect(await admit(strict, strict)).toEqual([]);
    expect(await admit(plain, strict)).toEqual([]);
  });

  test('a changed system that takes a name away from a rule is refused: the rule would silently never hold again', async () => {
    const settings = settingsOf('approvals: { rules: [{ when: { targets: [db] }, approvers: 2 }] }');
    const inForce = packsWith(null);
    const admit = createAdmission(settings, () => inForce, { membersOf: async () => [], clock: systemClock });
    const plain = inForce.systems.get('shop');
    if (!plain) throw new TypeError('There is no shop.');
    const renamed = { ...plain, targets: [{ ...plain.targets[0], name: 'dbs' }] } as SystemDefinition;
    const [objection] = await admit(renamed, plain);
    expect(objection?.message).toMatch(/targets\.0 \(line 1\): there is no target “db”.*did you mean “dbs”\?/u);
  });
});

describe('names that name nothing', () => {
  test('are told with line, rule, nearest name and all that there are', async () => {
    const { problems } = await look(
      'approvals:\n  rules:\n    - when:\n        severities: [SEV1, SVE1]\n      approvers: 2\n',
    );
    expect(problems).toEqual([
      {
        name: 'warroom.yml approvals.rules.0.when.severities.1 (line 4)',
        fix: 'there is no severity “SVE1”, so the rule would never hold: did you mean “SEV1”? there is SEV1.',
      },
    ]);
  });

  test('a user group that Slack does not know is warned of, and counts as empty', async () => {
    const { problems, warnings } = await look('approvals: { rules: [{ when: { requesters: [S0GONE1234] } }] }');
    expect(problems).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('Slack knows no user group S0GONE1234')]);
    const needed = await look('approvals: { change: { from: [S0GONE1234] } }');
    expect(needed.problems[0]?.fix).toContain('nobody could satisfy it');
  });
});

describe('at start', () => {
  test('Warroom stops at a misspelt target of a rule', async () => {
    const rules = [{ when: { systems: ['auto-broker'], targets: ['chache'] }, approvers: 2 }];
    await expect(startStory({ settings: { approvals: { rules } } })).rejects.toThrow(
      /^Warroom cannot start .*\n {2}warroom\.yml approvals\.rules\.0\.when\.targets\.0 \(line \d+\): there is no target “chache” in auto-broker, .*did you mean “cache”\?/u,
    );
  });

  test('an effect that does not exist is refused with those that do', () => {
    const file = readSettingsFile('approvals: { rules: [{ when: { effect: chnge }, approvers: 2 }] }');
    expect('problems' in file && file.problems).toEqual([
      {
        name: 'warroom.yml approvals.rules.0.when.effect',
        fix: 'write change or destructive: nothing else is approved.',
      },
    ]);
  });

  test('Warroom stops with the rule and what to do', async () => {
    const rules = [{ when: { targets: ['cache'] }, approvers: 3, from: ['S0ONCALL01'] }];
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
