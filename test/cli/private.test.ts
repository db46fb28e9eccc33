import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { acknowledgeVerb } from '../../src/cli/acknowledge.ts';
import { approvalsVerb } from '../../src/cli/approvals.ts';
import { approveVerb } from '../../src/cli/approve.ts';
import { findIncident, updateRoom } from '../../src/db/incidents.ts';
import { rememberPerson } from '../../src/db/people.ts';
import { DEFAULT_WORKSPACE } from '../../src/sandbox/default-workspace.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { runsOf } from '../runs/support.ts';
import { ALICE, type Desk, GUEST, openDesk } from '../support/desk.ts';
import { testLog } from '../support/log.ts';
import { callVerb, databaseUrl } from '../support/verb.ts';

const INSIDE = 'U0ONCALL01';
const OUTSIDE = 'U0APPROVE1';
const ROOM = 'G0SECRET01';

let desk: Desk;
let slack: Sandbox;
let dir: string;
beforeAll(async () => {
  desk = await openDesk();
  dir = await mkdtemp(join(tmpdir(), 'warroom-private-'));
  const members = [INSIDE, DEFAULT_WORKSPACE.app.botUser];
  const room = { id: ROOM, name: 'inc-1', kind: 'private', purpose: '', members } as const;
  const workspace = { ...DEFAULT_WORKSPACE, channels: [...DEFAULT_WORKSPACE.channels, room] };
  const manifest: unknown = parse(await readFile('manifest.yml', 'utf8'));
  slack = await startSandbox({ manifest, log: testLog(), port: 0, workspace });
  await desk.tx(async (tx) => {
    for (const known of [ALICE, GUEST]) await rememberPerson(tx, known);
  });
});
beforeEach(() => {
  vi.stubEnv('DATABASE_URL', databaseUrl(desk.db));
  vi.stubEnv('WARROOM_HOME', dir);
  vi.stubEnv('SLACK_BOT_TOKEN', slack.botToken);
  vi.stubEnv('SLACK_APP_TOKEN', slack.appToken);
  vi.stubEnv('SLACK_API_URL', slack.apiUrl);
});
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  await slack.close();
  await desk.close();
  await rm(dir, { recursive: true, force: true });
});

/** A private incident with its room. */
async function breach(): Promise<number> {
  const { number } = await desk.declare({ private: true, title: 'Zanzibar breach' });
  await desk.tx((tx) => updateRoom(tx, number, { channel: ROOM, thread: null }));
  return number;
}

const acknowledgedBy = async (number: number) => (await desk.tx((tx) => findIncident(tx, number)))?.acknowledgedBy;

describe('warroom acknowledge', () => {
  test('acknowledges as that person, who and where from stands in the audit log, and a second time says so', async () => {
    const { number } = await desk.declare();
    const done = await callVerb(acknowledgeVerb, `${number}`, `--as=${INSIDE}`);
    expect(done).toMatchObject({ code: 0, out: expect.stringContaining(`acknowledged incident ${number}`) });
    expect(await acknowledgedBy(number)).toBe(INSIDE);
    const entry = (await desk.audit()).findLast(({ action }) => action === 'incident.acknowledged_at_terminal');
    expect(entry).toMatchObject({ actor: INSIDE, data: { personAsOf: null, operatingSystemUser: expect.any(String) } });
    expect((await callVerb(acknowledgeVerb, `${number}`, `--as=${INSIDE}`)).out).toContain('acknowledged before');
  });

  test('of a private incident is for the members of its room; to others it does not exist', async () => {
    const number = await breach();
    const refused = await callVerb(acknowledgeVerb, `${number}`, `--as=${OUTSIDE}`);
    const nothing = await callVerb(acknowledgeVerb, '999999', `--as=${OUTSIDE}`);
    expect({ ...refused, err: refused.err.replace(`${number}`, 'N') }).toEqual({
      ...nothing,
      err: nothing.err.replace('999999', 'N'),
    });
    expect(refused.code).not.toBe(0);
    expect(await acknowledgedBy(number)).toBeNull();
    expect((await callVerb(acknowledgeVerb, `${number}`, `--as=${INSIDE}`)).code).toBe(0);
    expect(await acknowledgedBy(number)).toBe(INSIDE);
  });

  test('works while Slack is away, as Slack described that person last, and never for a guest', async () => {
    vi.stubEnv('SLACK_API_URL', 'http://127.0.0.1:9/api/');
    const number = await breach();
    expect((await callVerb(acknowledgeVerb, `${number}`, '--as=UGUEST')).code).not.toBe(0);
    expect(await acknowledgedBy(number)).toBeNull();
    expect(await callVerb(acknowledgeVerb, `${number}`, '--as=UALICE')).toMatchObject({ code: 0 });
  });

  test.each([
    [[], 'Say which incident'],
    [['x', '--as=UBOB'], 'Say which incident'],
    [['1'], 'Say who'],
  ])('wrong usage %j is one sentence and exit code 2', async (args, said) => {
    const { code, err } = await callVerb(acknowledgeVerb, ...args);
    expect([code, err.includes(said)]).toEqual([2, true]);
  });
});

test('warroom approvals and approve show and decide on what is private for the members of its room alone', async () => {
  const runs = runsOf(desk);
  const number = await breach();
  const approval = await runs.request(await runs.open('RB-1', number), 'drain', { reason: 'Zanzibar is open' });
  for (const args of [[], [`--as=${OUTSIDE}`]]) {
    const { out } = await callVerb(approvalsVerb, ...args);
    expect(out).not.toContain('Zanzibar');
    expect((await callVerb(approvalsVerb, '--json', ...args)).out).toBe('[]');
  }
  expect((await callVerb(approvalsVerb)).out).toContain('1 more belongs to a private incident');
  expect((await callVerb(approvalsVerb, `--as=${INSIDE}`)).out).toContain('Zanzibar is open');
  const refused = await callVerb(approveVerb, `${approval}`, `--as=${OUTSIDE}`);
  expect(refused).toEqual(await callVerb(approveVerb, '999999', `--as=${OUTSIDE}`));
  expect((await runs.approval(approval)).state).toBe('pending');
  expect((await callVerb(approveVerb, `${approval}`, `--as=${INSIDE}`)).code).toBe(0);
});
