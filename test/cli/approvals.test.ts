import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { approvalsVerb } from '../../src/cli/approvals.ts';
import { approveVerb } from '../../src/cli/approve.ts';
import { denyVerb } from '../../src/cli/deny.ts';
import { rememberPerson } from '../../src/db/people.ts';
import { DEFAULT_WORKSPACE } from '../../src/sandbox/default-workspace.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { runsOf } from '../runs/support.ts';
import { ALICE, BOB, CAROL, type Desk, GUEST, openDesk, person } from '../support/desk.ts';
import { testLog } from '../support/log.ts';
import { callVerb, databaseUrl } from '../support/verb.ts';

const APPROVER = 'U0APPROVE1';
const DBA = person('U0DBA12345', { groups: ['S0DBA12345'] });

let desk: Desk;
let runs: ReturnType<typeof runsOf>;
let dir: string;
beforeAll(async () => {
  desk = await openDesk();
  runs = runsOf(desk);
  dir = await mkdtemp(join(tmpdir(), 'warroom-approvals-'));
  await desk.tx(async (tx) => {
    for (const known of [ALICE, BOB, CAROL, GUEST, DBA]) await rememberPerson(tx, known);
  });
});
beforeEach(async () => {
  desk.target.hits.length = 0;
  desk.target.answer('/stats', { body: { backlog: 500, ticket: 'T-77' } });
  vi.stubEnv('DATABASE_URL', databaseUrl(desk.db));
  vi.stubEnv('WARROOM_HOME', dir);
  await desk.db.pool.query(`update approvals set state = 'void' where state = 'pending'`);
});
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  await desk.close();
  await rm(dir, { recursive: true, force: true });
});

async function under(settings: string): Promise<void> {
  const path = join(dir, 'warroom.yml');
  await writeFile(path, settings);
  vi.stubEnv('WARROOM_CONFIG', path);
}

const lastAudit = async (action: string) => (await desk.audit()).findLast((entry) => entry.action === action);

describe('warroom approvals', () => {
  test('refuses in a folder without a database, and makes none there', async () => {
    const elsewhere = join(dir, 'elsewhere');
    vi.stubEnv('DATABASE_URL', undefined);
    vi.stubEnv('WARROOM_HOME', elsewhere);
    const { code, out, err } = await callVerb(approvalsVerb);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(`There is no database of Warroom in ${join(elsewhere, 'postgres')}: go to the folder`);
    expect(existsSync(elsewhere)).toBe(false);
  });

  test('says that nothing waits', async () => {
    expect(await callVerb(approvalsVerb)).toEqual({ code: 0, out: 'Nothing waits for approval.', err: '' });
    expect((await callVerb(approvalsVerb, '--json')).out).toBe('[]');
  });

  test('lists what waits with the exact command, who asked, why, until when and who is missing', async () => {
    const incident = await desk.declare();
    const approval = await runs.request(await runs.open('RB-1', incident.number), 'wipe', {
      reason: 'Look: \u001b[2J',
    });
    const { out } = await callVerb(approvalsVerb);
    expect(out).toMatch(new RegExp(`^${approval}  shop/RB-1 .* incident ${incident.number}`, 'u'));
    expect(out).toContain('asked by UALICE: Look:');
    expect(out).not.toContain('\u001b');
    expect(out).toMatch(/0 approvals given, 2 missing · expires in 1[45]m/u);
    expect(out).toContain('one approver names the target: --target=api');
    expect(out).toContain('destructive on shop/api');
    expect(out).toContain('DELETE /queue');
    const [listed] = JSON.parse((await callVerb(approvalsVerb, '--json')).out) as unknown[];
    expect(listed).toMatchObject({
      ...{ approval, runbook: 'shop/RB-1', incident: incident.number, given: 0, missing: 2, typeTarget: 'api' },
      ...{ requestedBy: 'UALICE', mayDecide: [], steps: [{ target: 'shop/api', effect: 'destructive' }] },
    });
  });
});

describe('warroom approve and warroom deny', () => {
  test('decide by the rules of the button; the audit log says who, that it was the terminal, and whose', async () => {
    const run = await runs.open();
    const approval = await runs.request(run, 'drain');
    const own = await callVerb(approveVerb, `${approval}`, '--as=UALICE');
    expect(own).toMatchObject({ code: 1, out: '' });
    expect(own.err).toContain('You asked for this step yourself');
    expect(await lastAudit('run.decision_refused')).toMatchObject({ actor: 'UALICE', data: { via: 'cli' } });
    expect((await callVerb(approveVerb, `${approval}`, '--as=UGUEST')).err).toContain('Only full members');
    const before = (await desk.effects()).length;
    const done = await callVerb(approveVerb, `${approval}`, '--as', 'UBOB');
    expect(done).toMatchObject({ code: 0, out: 'ubob (UBOB): You approved it; the step is about to run.' });
    expect(done.err).toMatch(/^No Slack is configured here: UBOB is taken as Slack described them at \d{4}-/u);
    expect(await lastAudit('run.approved')).toMatchObject({
      actor: 'UBOB',
      data: { approval, via: 'cli', operatingSystemUser: expect.stringMatching(/./u), personAsOf: expect.any(String) },
    });
    // The running Warroom carries it out, once.
    await desk.work();
    expect((await desk.effects()).length).toBe(before + 1);
    expect((await callVerb(approveVerb, `${approval}`, '--as=UCAROL')).err).toContain(
      'has been started. Nothing runs twice.',
    );
  });

  test('the target of what destroys is named, and two people are wanted', async () => {
    const approval = await runs.request(await runs.open(), 'wipe');
    expect((await callVerb(approveVerb, `${approval}`, '--as=UBOB')).err).toContain('type the name of the target');
    expect((await callVerb(approveVerb, `${approval}`, '--as=UBOB', '--target=cache')).code).toBe(1);
    const first = await callVerb(approveVerb, `${approval}`, '--as=UBOB', '--target=api');
    expect(first).toMatchObject({ code: 0, out: expect.stringContaining('1 more person must approve') });
    expect((await callVerb(approvalsVerb)).out).toContain('1 approval given, 1 missing');
    await callVerb(approveVerb, `${approval}`, '--as=UCAROL');
    await desk.work();
    expect(desk.target.count('DELETE /queue')).toBe(1);
  });

  test('a denial needs its reason, and nothing runs', async () => {
    const approval = await runs.request(await runs.open(), 'drain');
    expect((await callVerb(denyVerb, `${approval}`, '--as=UBOB')).err).toContain('Say why: --reason=WHY');
    const denied = await callVerb(denyVerb, `${approval}`, '--as=UBOB', '--reason=Not now');
    expect(denied).toMatchObject({ code: 0, out: 'ubob (UBOB): You denied it; nothing is run.' });
    expect(await lastAudit('run.denied')).toMatchObject({ actor: 'UBOB', data: { reason: 'Not now', via: 'cli' } });
    expect((await runs.approval(approval)).state).toBe('denied');
  });

  test('going on alone is for the requester after the time of the policy', async () => {
    const approval = await runs.request(await runs.open(), 'drain');
    const early = await callVerb(approveVerb, `${approval}`, '--as=UALICE', '--alone', '--reason=Nobody is awake');
    expect(early).toMatchObject({ code: 1, err: expect.stringContaining('Others still have time to answer') });
    expect((await callVerb(approveVerb, `${approval}`, '--as=UALICE', '--alone')).err).toContain(
      '--alone needs a reason',
    );
    const broken = await callVerb(approveVerb, `${approval}`, '--as=UBOB', '--break-glass', '--reason=It burns');
    expect(broken.err).toContain('Only the commander');
  });

  test('while Slack is away, groups count as Slack described them last', async () => {
    await under('roles: { "*": { approver: [S0DBA12345] } }');
    const approval = await runs.request(await runs.open(), 'drain');
    expect((await callVerb(approveVerb, `${approval}`, '--as=UBOB')).err).toContain('you are not among them');
    vi.stubEnv('SLACK_BOT_TOKEN', 'xoxb-nobody');
    vi.stubEnv('SLACK_SIGNING_SECRET', 'not-used-here');
    vi.stubEnv('SLACK_API_URL', 'http://127.0.0.1:9/api/');
    const done = await callVerb(approveVerb, `${approval}`, '--as=U0DBA12345');
    expect(done).toMatchObject({
      code: 0,
      err: expect.stringMatching(/^Slack cannot be asked \(.*\): U0DBA12345 is taken/u),
    });
    expect((await callVerb(approveVerb, `${approval}`, '--as=U0NOBODY01')).err).toContain(
      'has not seen U0NOBODY01 yet',
    );
  });

  describe('with Slack', () => {
    let slack: Sandbox;
    beforeAll(async () => {
      const manifest: unknown = parse(await readFile('manifest.yml', 'utf8'));
      slack = await startSandbox({ manifest, log: testLog(), port: 0, workspace: DEFAULT_WORKSPACE });
    });
    afterAll(() => slack.close());

    test('asks it who that is now, and forgets nothing that it said', async () => {
      await under('roles: { "*": { approver: [S0APPROVE1] } }');
      vi.stubEnv('SLACK_BOT_TOKEN', slack.botToken);
      vi.stubEnv('SLACK_APP_TOKEN', slack.appToken);
      vi.stubEnv('SLACK_API_URL', slack.apiUrl);
      const approval = await runs.request(await runs.open(), 'drain');
      expect((await callVerb(approveVerb, `${approval}`, '--as=U0ONCALL01')).err).toContain('you are not among them');
      expect((await callVerb(approveVerb, `${approval}`, '--as=U0LEFT0001')).err).toContain('Only full members');
      expect((await callVerb(approveVerb, `${approval}`, '--as=U0NOBODY01')).err).toContain('Slack does not know');
      expect(await callVerb(approveVerb, `${approval}`, `--as=${APPROVER}`)).toMatchObject({ code: 0, err: '' });
      expect(await lastAudit('run.approved')).toMatchObject({ actor: APPROVER, data: { personAsOf: null } });
      // The same person counts when Slack goes away.
      const next = await runs.request(await runs.open(), 'drain');
      vi.stubEnv('SLACK_API_URL', 'http://127.0.0.1:9/api/');
      expect(await callVerb(approveVerb, `${next}`, `--as=${APPROVER}`)).toMatchObject({ code: 0 });
    });
  });
});

test.each<[string[], string]>([
  [[], 'Say which request'],
  [['twelve', '--as=UBOB'], 'Say which request'],
  [['1', '2', '--as=UBOB'], 'Say which request'],
  [['1'], 'Say who decides'],
  [['1', '--as=bob'], 'Say who decides'],
  [['1', '--as'], '--as needs a value'],
  [['1', '--as=UBOB', '--force'], 'has no option --force'],
  [['1', '--as=UBOB', '--alone', '--break-glass', '--reason=x'], 'not both'],
  [['999999', '--as=UBOB'], 'This request does not exist any more'],
])('wrong usage %j is one sentence and exit code 2', async (args, said) => {
  const { code, err } = await callVerb(approveVerb, ...args);
  expect(code).toBe(2);
  expect(err).toContain(said);
});
