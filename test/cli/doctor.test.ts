import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { doctorVerb } from '../../src/cli/doctor.ts';
import type { DoctorReport, TargetReport } from '../../src/cli/doctor-findings.ts';
import { DEFAULT_WORKSPACE } from '../../src/sandbox/default-workspace.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { testLog } from '../support/log.ts';
import { type TestRedis, testRedis } from '../support/redis.ts';
import { callVerb, databaseUrl } from '../support/verb.ts';

const id = randomBytes(4).toString('hex');
const READER = `doctor_reader_${id}`;
const WRITER = `doctor_writer_${id}`;

let db: TestDatabase;
let redis: TestRedis | null;
let admin: Redis | null;
let api: http.Server;
let dir: string;
const asked: string[] = [];

beforeAll(async () => {
  db = await testDatabase();
  await db.owner.query(`
    create table prey (x text);
    create role ${READER} login; grant select on prey to ${READER};
    create role ${WRITER} login; grant select, insert on prey to ${WRITER};`);
  redis = await testRedis();
  admin = redis && new Redis(redis.path);
  await admin?.call(
    'ACL',
    'SETUSER',
    'reader',
    'on',
    '>reader-password',
    '~*',
    '+@read',
    '+@connection',
    '+command',
    '-@write',
  );
  api = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(request.headers.authorization === 'Bearer known-to-it' ? 200 : 401).end();
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  dir = await mkdtemp(join(tmpdir(), 'warroom-doctor-'));
});
beforeEach(() => {
  asked.length = 0;
  vi.stubEnv('DATABASE_URL', databaseUrl(db));
  vi.stubEnv('WARROOM_HOME', join(dir, 'home'));
  vi.stubEnv('WARROOM_PACKS', join(dir, 'packs'));
  vi.stubEnv('DOCTOR_TOKEN', 'known-to-it');
  vi.stubEnv('DOCTOR_REDIS', 'reader-password');
});
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  await db.owner.query(`drop owned by ${READER}, ${WRITER}; drop role ${READER}, ${WRITER}`);
  admin?.disconnect();
  await redis?.stop();
  api.close();
  await db.drop();
  await rm(dir, { recursive: true, force: true });
});

const secret = (name: string) => ({ secret: `env:${name}` });
const sql = (user: string) => ({
  executor: 'sql',
  options: { connection: { host: db.connection.host, database: db.name } },
  read: { user },
});
const cache = (read: object) => ({ executor: 'redis', options: { socket: redis?.path ?? '/none' }, read, write: {} });
const web = (read: object, write: object = {}) => ({
  executor: 'http',
  options: { baseUrl: `http://127.0.0.1:${(api.address() as AddressInfo).port}` },
  ...{ read, write },
});
const bearer = (name: string) => ({ headers: { authorization: { ...secret(name), prefix: 'Bearer ' } } });

/** A system with these targets. */
async function write(targets: Readonly<Record<string, object>>): Promise<void> {
  await rm(join(dir, 'packs'), { recursive: true, force: true });
  await mkdir(join(dir, 'packs', 'farm'), { recursive: true });
  const shop = parse(await readFile('test/fixtures/packs/depot/system.yml', 'utf8')) as Record<string, unknown>;
  const { checklists: _c, thresholds: _t, metrics: _m, ...plain } = shop;
  await writeFile(join(dir, 'packs', 'farm', 'system.yml'), stringify({ ...plain, name: 'Farm', targets }));
}

async function examined(...args: string[]): Promise<{ code: number; report: DoctorReport }> {
  const { code, out, err } = await callVerb(doctorVerb, '--json', ...args);
  expect(err).toBe('');
  return { code, report: JSON.parse(out) as DoctorReport };
}

const target = (report: DoctorReport, name: string) =>
  report.targets.find((one) => one.target === `farm/${name}`) as TargetReport;

const layer = (report: TargetReport, name: string) =>
  report.attempts.flatMap(({ statement, layers }) =>
    layers.filter((one) => one.layer === name && one.outcome === 'stopped').map(() => statement),
  );

describe('a target with a read credential that only reads', () => {
  test('is well: each escape is stopped by the parser, and again by the layers below it', async () => {
    await write({ db: sql(READER), api: web(bearer('DOCTOR_TOKEN')), worker: { executor: 'sh', read: {}, write: {} } });
    const { code, report } = await examined();
    expect(report.targets.flatMap(({ findings }) => findings)).toEqual([]);
    expect({ code, ok: report.ok }).toEqual({ code: 0, ok: true });
    const found = target(report, 'db');
    expect(found.reached).toBe(true);
    expect(layer(found, 'statement')).toHaveLength(found.attempts.length);
    expect(layer(found, 'protocol')).toHaveLength(4);
    expect(layer(found, 'rights')).toHaveLength(found.attempts.length);
    expect(JSON.stringify(found.attempts)).toContain('cannot execute CREATE TABLE in a read-only transaction');
    for (const name of ['api', 'worker']) {
      expect(target(report, name).reached).toBe(true);
      expect(layer(target(report, name), 'statement')).toHaveLength(target(report, name).attempts.length);
    }
    // Nothing but the look was sent.
    expect(asked).toEqual(['HEAD /']);
    expect((await db.pool.query('select from prey')).rowCount).toBe(0);
  });

  test('is one line with ✓', async () => {
    await write({ db: sql(READER) });
    const { code, out } = await callVerb(doctorVerb);
    expect(code).toBe(0);
    expect(out).toContain(
      '✓ farm/db (sql) answers · escapes stopped: 10 of 10 by Warroom’s reading of them, 4 of 4 by the protocol, 10 of 10 by the rights of the read credential',
    );
    expect(out).toMatch(/✓ database: PostgreSQL \d+ answers/u);
    expect(out.endsWith('All is well.')).toBe(true);
  });
});

describe('what is found', () => {
  test('a read role that can write, one that is a superuser, a database that is not there', async () => {
    await write({
      loose: sql(WRITER),
      root: sql(inject('postgres').user),
      gone: { executor: 'sql', options: { connection: 'postgres://127.0.0.1:9/none' }, read: { user: 'x' } },
    });
    const { code, report } = await examined();
    expect(code).toBe(1);
    expect(target(report, 'loose').findings).toEqual([
      `The read credential of loose (${WRITER}) may write, for example to prey: give the target a \`read\` credential that may only SELECT.`,
    ]);
    expect(layer(target(report, 'loose'), 'protocol')).toHaveLength(4);
    expect(target(report, 'root').findings).toEqual([expect.stringContaining('is the superuser')]);
    expect(layer(target(report, 'root'), 'protocol')).toEqual([]);
    expect(target(report, 'gone').reached).toBe(false);
    expect(target(report, 'gone').findings).toEqual([expect.stringContaining('cannot be reached at')]);
    const { out } = await callVerb(doctorVerb, '--target=farm/loose');
    expect(out).toMatch(/^✗ farm\/loose \(sql\) answers .*\n {4}The read credential of loose .*\n1 thing to mend\.$/u);
  });

  test('a Redis whose read user can write, and one whose cannot', async () => {
    if (!redis) return;
    await write({
      loose: cache({}),
      strict: cache({ username: 'reader', password: secret('DOCTOR_REDIS') }),
      lost: { executor: 'redis', options: { socket: '/nowhere/redis.sock' }, read: {} },
    });
    const { report } = await examined();
    expect(target(report, 'loose').findings).toEqual([expect.stringContaining('may write: give it an ACL user')]);
    expect(layer(target(report, 'loose'), 'protocol')).toEqual(
      expect.arrayContaining(['SET warroom:doctor 1', 'FLUSHDB', 'GETDEL warroom:doctor']),
    );
    expect(target(report, 'strict').findings).toEqual([]);
    expect(target(report, 'lost').findings).toEqual([expect.stringContaining('No Redis server answers')]);
    expect(await admin?.keys('*')).toEqual([]);
  });

  test('credentials that are missing, refused, or the same for both', async () => {
    await write({
      missing: web(bearer('DOCTOR_UNSET')),
      refused: web({}, bearer('DOCTOR_UNSET')),
      same: web(bearer('DOCTOR_TOKEN'), bearer('DOCTOR_TOKEN')),
      crooked: { executor: 'http', options: { baseUrl: 'ftp://farm' }, read: {} },
    });
    const { report } = await examined('--target=farm');
    expect(target(report, 'missing')).toMatchObject({
      reached: null,
      findings: [expect.stringContaining('env:DOCTOR_UNSET is not set')],
    });
    expect(target(report, 'refused').findings.join('\n')).toMatch(/`write`: .*is not set[\s\S]*answers 401/u);
    expect(target(report, 'same').findings).toEqual([expect.stringContaining('are the same credential')]);
    expect(target(report, 'crooked').findings).toEqual([expect.stringContaining('write an address such as')]);
    expect(JSON.stringify(report)).not.toContain('known-to-it');
    expect(asked.every((line) => line === 'HEAD /')).toBe(true);
  });

  test('scopes that Slack has not granted, and policies that nobody could satisfy', async () => {
    await write({});
    const manifest = parse(await readFile('manifest.yml', 'utf8')) as {
      oauth_config: { scopes: { bot: string[] } };
    };
    const scopes = manifest.oauth_config.scopes;
    scopes.bot = scopes.bot.filter((scope) => !['pins:write', 'im:write'].includes(scope));
    const slack = await startSandbox({ manifest, log: testLog(), port: 0, workspace: DEFAULT_WORKSPACE });
    try {
      await writeFile(join(dir, 'warroom.yml'), 'approvals: { change: { approvers: 3, from: [S0ONCALL01] } }');
      vi.stubEnv('WARROOM_CONFIG', join(dir, 'warroom.yml'));
      vi.stubEnv('SLACK_BOT_TOKEN', slack.botToken);
      vi.stubEnv('SLACK_APP_TOKEN', slack.appToken);
      vi.stubEnv('SLACK_API_URL', slack.apiUrl);
      const { code, report } = await examined();
      expect(code).toBe(1);
      expect(report.checks.flatMap(({ findings }) => findings)).toEqual([
        expect.stringContaining('Slack has not granted im:write, pins:write: add them under OAuth & Permissions'),
        expect.stringContaining('warroom.yml approvals.change: nobody could satisfy it'),
      ]);
      vi.stubEnv('SLACK_BOT_TOKEN', 'xoxb-of-nobody');
      const refused = await examined();
      expect(refused.report.checks.find(({ name }) => name === 'slack')?.findings[0]).toContain(
        'check SLACK_BOT_TOKEN',
      );
    } finally {
      await slack.close();
    }
  });

  test('a rule of warroom.yml that names no target, with its line and the nearest name', async () => {
    await write({ db: sql(READER) });
    await writeFile(
      join(dir, 'names.yml'),
      'approvals:\n  rules:\n    - when: { targets: [bd] }\n      approvers: 2\n',
    );
    vi.stubEnv('WARROOM_CONFIG', join(dir, 'names.yml'));
    const { code, report } = await examined();
    expect(code).toBe(1);
    expect(report.checks.flatMap(({ findings }) => findings)).toEqual([
      'warroom.yml approvals.rules.0.when.targets.0 (line 3): there is no target “bd”, so the rule would never hold: did you mean “db”? there is db.',
    ]);
  });

  test('a database that cannot be opened, and settings that are wrong', async () => {
    await write({});
    vi.stubEnv('DATABASE_URL', 'postgres://nobody@127.0.0.1:9/none');
    const { code, report } = await examined();
    expect(code).toBe(1);
    expect(report.checks[0]).toMatchObject({
      name: 'database',
      findings: [expect.stringContaining('cannot be reached')],
    });
    vi.stubEnv('WARROOM_PORT', 'many');
    const wrong = await callVerb(doctorVerb);
    expect(wrong).toMatchObject({ code: 1, out: expect.stringContaining('✗ settings\n    WARROOM_PORT') });
  });
});

test.each<[string[], string]>([
  [['farm'], 'takes no words'],
  [['--fix'], 'has no option --fix'],
  [['--target=farm/barn'], 'There is no target farm/barn: choose one of farm/db.'],
])('wrong usage %j is one sentence and exit code 2', async (args, said) => {
  await write({ db: sql(READER) });
  const { code, err } = await callVerb(doctorVerb, ...args);
  expect(code).toBe(2);
  expect(err).toContain(said);
});
