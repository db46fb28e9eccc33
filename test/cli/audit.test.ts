import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditVerb } from '../../src/cli/audit.ts';
import { chainPending } from '../../src/db/audit-chain.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/warroom.mjs', import.meta.url));
/** `AUDIT_ENTRIES=100000` measures what is promised of a hundred thousand. */
const ENTRIES = Number(process.env.AUDIT_ENTRIES ?? 3_000);

let db: TestDatabase;
let home: string;
beforeAll(async () => {
  db = await testDatabase();
  home = await mkdtemp(join(tmpdir(), 'warroom-audit-'));
  await db.owner.query(
    `insert into audit_entries (at, actor, action, incident, run, data)
     select pg_catalog.now() - interval '2 hours' + n * interval '10 milliseconds', 'U' || n % 7, 'run.approved', n % 50, n % 90,
       jsonb_build_object('step', 'Close the breaker', 'number', n)
     from generate_series(1, $1) n`,
    [ENTRIES],
  );
  while ((await chainPending(db.pool, 5_000)) === 5_000);
}, 300_000);
afterAll(async () => {
  await db.drop();
  await rm(home, { recursive: true, force: true });
});

/** Runs the real program against the test's database. */
function warroom(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const { host, user, database } = db.connection;
  const DATABASE_URL = `postgres://${user}@localhost/${database}?host=${encodeURIComponent(host)}`;
  const env = { PATH: process.env.PATH, DATABASE_URL, WARROOM_HOME: home };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, 'audit', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      out += String(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += String(chunk);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

type Verified = { links: number; faults: { kind: string; position: number; sentence: string }[]; seconds: number };

async function verified(...args: string[]): Promise<Verified> {
  return JSON.parse((await warroom('verify', '--json', ...args)).out) as Verified;
}

/** As the owner of the database, with the protection taken away. */
const tamper = (sql: string) =>
  db.owner.query(
    `alter table audit_entries disable trigger user; ${sql}; alter table audit_entries enable trigger user`,
  );

test('verify says that nothing was altered, how much it looked at, and the head', async () => {
  const { code, out } = await warroom('verify');
  expect(code).toBe(0);
  expect(out).toMatch(
    new RegExp(
      `^The audit log is unaltered: ${ENTRIES} entries and 0 anchors in [\\d.]+ s, head ${ENTRIES}:[0-9a-f]{64}\\n$`,
      'u',
    ),
  );
  console.log(out.trim());
});

test('verify names the one entry of which one byte was flipped', async () => {
  const place = Math.floor(ENTRIES / 2);
  await tamper(`update audit_entries set data = jsonb_set(data, '{step}', '"Close the breakes"') where id = ${place}`);
  const { code, out } = await warroom('verify');
  expect(code).toBe(1);
  expect(out).toContain(`✗ Link ${place} (entry ${place}, run.approved of `);
  expect(out).toContain('The audit log was altered: 1 fault in');
  console.log(out.trim());
  expect((await verified('--since=2000-01-01')).faults).toHaveLength(1);
  // What is younger than the fault is fine.
  const { rows } = await db.pool.query<{ at: Date }>('select at from audit_entries where id = $1', [place + 10]);
  const late = await verified(`--since=${rows[0]?.at.toISOString()}`);
  expect(late.faults).toEqual([]);
  expect(late.links).toBeLessThan(ENTRIES - place);
  await tamper(`update audit_entries set data = jsonb_set(data, '{step}', '"Close the breaker"') where id = ${place}`);
});

test('verify compares with a head that was said in the hub', async () => {
  const head = /head (\S+)/u.exec((await warroom('verify')).out)?.[1] ?? '';
  expect((await verified(`--anchor=${head}`)).faults).toEqual([]);
  expect((await verified(`--anchor=${head.slice(0, 20)}`)).faults).toEqual([]);
  expect((await verified(`--anchor=${ENTRIES}:${'0'.repeat(12)}`)).faults).toMatchObject([{ kind: 'anchor' }]);
  expect((await verified(`--anchor=${ENTRIES + 1}:${'0'.repeat(12)}`)).faults[0]?.sentence).toContain('was cut off');
});

test('verify finds that the newest entries are gone although their links still stand', async () => {
  // As a superuser: not even foreign keys hold.
  const owner = (sql: string) => db.owner.query(`begin; set local session_replication_role = replica; ${sql}; commit`);
  await owner(`create table kept as select * from audit_entries where id > ${ENTRIES - 2};
    delete from audit_entries where id > ${ENTRIES - 2}`);
  const { faults } = await verified();
  await owner('insert into audit_entries overriding system value select * from kept; drop table kept');
  expect(faults).toMatchObject([{ kind: 'gap', position: ENTRIES - 1 }]);
  expect(faults[0]?.sentence).toContain('missing');
  expect((await verified()).faults).toEqual([]);
});

test('verify --since looks at every entry from then on, also before one that was dated back', async () => {
  const place = ENTRIES - 100;
  const { rows } = await db.pool.query<{ at: Date }>('select at from audit_entries where id = $1', [place]);
  const since = `--since=${rows[0]?.at.toISOString()}`;
  const before = await verified(since);
  await tamper(`update audit_entries set at = at - interval '1 year' where id = ${place + 50}`);
  const after = await verified(since);
  await tamper(`update audit_entries set at = at + interval '1 year' where id = ${place + 50}`);
  expect(after.links).toBe(before.links);
  expect(after.faults).toMatchObject([{ kind: 'changed', position: place + 50 }]);
});

test('export gives one entry a line', async () => {
  const lines = (await warroom('export')).out.trimEnd().split('\n');
  expect(lines).toHaveLength(ENTRIES);
  expect(JSON.parse(lines[4] ?? '')).toMatchObject({ position: 5, id: 5, actor: 'U5', data: { number: 5 } });
});

test.each<[string[], string]>([
  [[], 'Say what to do'],
  [['prove'], 'Say what to do'],
  [['verify', '--fast'], 'has no option --fast'],
  [['verify', '--since=yesterday'], 'Write --since as a day or an instant'],
  [['verify', '--anchor=head'], 'Write --anchor as position:hash'],
  [['export', '--json'], 'has no option --json'],
])('wrong usage %j is one sentence and exit code 2', async (args, said) => {
  const complaints: string[] = [];
  const terminal = { lines: null, write: () => undefined, complain: (text: string) => complaints.push(text) };
  expect(await auditVerb.run(args, terminal)).toBe(2);
  expect(complaints).toHaveLength(1);
  expect(complaints[0]).toContain(said);
});
