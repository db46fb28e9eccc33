import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { findNative } from '../../src/db/embedded-binaries.ts';
import { type EmbeddedOptions, type EmbeddedServer, startEmbedded } from '../../src/db/embedded-server.ts';
import { createPool } from '../../src/db/pool.ts';
import { withTransaction } from '../../src/db/transaction.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type TestLog, testLog } from '../support/log.ts';

// Copying a server of 60 MB and making databases takes its time on a machine that is busy.
vi.setConfig({ testTimeout: 60_000 });

const isRoot = process.getuid?.() === 0;
let dir: string;
let log: TestLog;
let stops: (() => unknown)[] = [];
/** A database that was made once; copying it is faster than initdb. */
let seed: string;

beforeAll(async () => {
  seed = await mkdtemp(path.join(tmpdir(), 'wr-seed-'));
  chmodSync(seed, 0o711);
  const server = await startEmbedded({ dataDir: seed, log: testLog(), clock: systemClock });
  await server.stop();
});
afterAll(() => rm(seed, { recursive: true, force: true }));
beforeEach(async () => {
  log = testLog();
  dir = await mkdtemp(path.join(tmpdir(), 'wr-'));
  chmodSync(dir, 0o711);
});
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  stops = [];
  await rm(dir, { recursive: true, force: true });
  log.expectNoErrors();
});

const start = async (options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedServer> => {
  const server = await startEmbedded({ dataDir: dir, log, clock: systemClock, ...options });
  stops.push(() => server.stop());
  return server;
};
/** Puts the seed's database into `dir`, with its owners. */
const plant = (): string => {
  execFileSync('cp', ['-a', path.join(seed, 'postgres'), path.join(dir, 'postgres')]);
  return path.join(dir, 'postgres', 'data');
};
const ask = async (server: { host: string }, sql: string, database = 'warroom') => {
  const client = new pg.Client({ host: server.host, user: 'warroom', database });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};
/** The server may end some of its processes by itself when it loses others. */
const killIfThere = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};
const child = async (...args: string[]) => {
  const forked: ChildProcess = fork(fileURLToPath(new URL('./embedded-child.ts', import.meta.url)), [dir, ...args], {
    execArgv: ['--import', 'tsx'],
  });
  stops.push(() => forked.kill('SIGKILL'));
  const [message] = (await once(forked, 'message')) as [{ pid: number; adopted: boolean; host: string }];
  return { forked, ...message };
};
const kill = async (forked: ChildProcess, signal: NodeJS.Signals) => {
  const ended = once(forked, 'exit');
  forked.kill(signal);
  await ended;
};

describe('an embedded server', () => {
  test('is made from nothing, answers on a private socket alone, and is gone after stop', async () => {
    const before = performance.now();
    const server = await start();
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(server.adopted).toBe(false);
    const [row] = await ask(
      server.connection,
      `SELECT current_database() AS db, current_user AS "user", current_setting('listen_addresses') AS tcp,
         current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync,
         (SELECT datcollate FROM pg_database WHERE datname = current_database()) AS collation`,
    );
    expect(row).toEqual({
      db: 'warroom',
      user: 'warroom',
      tcp: '',
      encoding: 'UTF8',
      fsync: 'on',
      collation: 'C.UTF-8',
    });
    expect(statSync(server.connection.host).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(dir, 'postgres', 'data')).mode & 0o777).toBe(0o700);
    await server.stop();
    // Whoever adopts orphans may take a moment to collect a dead one.
    await expect.poll(() => alive(server.pid()), { timeout: 10_000 }).toBe(false);
    expect(readdirSync(path.join(dir, 'postgres')).sort()).toEqual(['data', 'postgres.log', 'socket']);
  });

  test('starts warm in a fraction of a second and keeps what was written', async () => {
    plant();
    const first = await start();
    await ask(first.connection, 'CREATE TABLE kept AS SELECT 42 AS n');
    await first.stop();
    const before = performance.now();
    const second = await start();
    expect(performance.now() - before).toBeLessThan(3_000);
    expect(await ask(second.connection, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
  });

  test.runIf(isRoot)('runs as nobody when this process is root', async () => {
    plant();
    const server = await start();
    expect(statSync(`/proc/${server.pid()}`).uid).toBe(65_534);
  });

  test.runIf(isRoot)('runs as the owner of the data when that is somebody else', async () => {
    const pgdata = plant();
    execFileSync('chown', ['-R', '12345:12345', pgdata]);
    const server = await start();
    expect(statSync(`/proc/${server.pid()}`).uid).toBe(12_345);
  });

  test.runIf(isRoot)('lives elsewhere, and says where, when its user cannot enter the folder', async () => {
    chmodSync(dir, 0o700);
    const fallbackDir = await mkdtemp(path.join(tmpdir(), 'wr-fallback-'));
    chmodSync(fallbackDir, 0o755);
    stops.push(() => rmSync(fallbackDir, { recursive: true, force: true }));
    const server = await start({ fallbackDir });
    expect(server.connection.host.startsWith(fallbackDir)).toBe(true);
    expect(log.messages('warn')[0]).toContain(`The database lives in ${fallbackDir}`);
    await server.stop();
  });

  test.runIf(isRoot)('refuses data that belongs to root with what to do', async () => {
    execFileSync('chown', ['-R', '0:0', plant()]);
    await expect(start()).rejects.toMatchObject({
      code: 'database.owner',
      message: expect.stringContaining('chown -R'),
    });
  });

  test('uses a short folder for its socket when the path of the data is too long for one', async () => {
    const long = path.join(dir, 'x'.repeat(90));
    await mkdir(long);
    chmodSync(long, 0o711);
    const server = await start({ dataDir: long });
    expect(server.connection.host.length).toBeLessThan(90);
    expect(statSync(server.connection.host).mode & 0o777).toBe(0o700);
    expect(await ask(server.connection, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await server.stop();
    rmSync(server.connection.host, { recursive: true, force: true });
  });

  test('starts from a package whose links were never made, and from a copy when it starts again', async () => {
    const native = path.join(dir, 'package', 'native');
    cpSync(path.join(findNative(), '..'), path.join(dir, 'package'), { recursive: true, verbatimSymlinks: true });
    const links = JSON.parse(readFileSync(path.join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[];
    for (const { target } of links) rmSync(path.join(dir, 'package', target), { force: true });
    const server = await start({ native });
    expect(await ask(server.connection, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    const copy = readdirSync(path.join(dir, 'postgres')).filter((name) => name.startsWith('server-'));
    expect(copy).toHaveLength(1);
    await server.stop();
    await start({ native });
    expect(readdirSync(path.join(dir, 'postgres')).filter((name) => name.startsWith('server-'))).toEqual(copy);
  });

  test.runIf(isRoot)('starts from a package that its user cannot reach', async () => {
    const hidden = path.join(dir, 'hidden');
    cpSync(path.join(findNative(), '..'), hidden, { recursive: true, verbatimSymlinks: true });
    chmodSync(hidden, 0o700);
    const server = await start({ native: path.join(hidden, 'native') });
    expect(await ask(server.connection, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  test('throws away what an interrupted start left half made', async () => {
    const draft = path.join(dir, 'postgres', 'data.new-999999999');
    await mkdir(draft, { recursive: true });
    await writeFile(path.join(draft, 'PG_VERSION'), '18\n');
    await mkdir(path.join(dir, 'postgres', 'data'));
    await start();
    expect(existsSync(draft)).toBe(false);
  });

  test('refuses a folder with files that are not a database', async () => {
    await mkdir(path.join(dir, 'postgres', 'data'), { recursive: true });
    if (isRoot) execFileSync('chown', ['65534:65534', path.join(dir, 'postgres', 'data')]);
    await writeFile(path.join(dir, 'postgres', 'data', 'diary.txt'), 'dear');
    await expect(start()).rejects.toMatchObject({ code: 'database.folder' });
    expect(existsSync(path.join(dir, 'postgres', 'data', 'diary.txt'))).toBe(true);
  });

  test('refuses data of another major version with one sentence', async () => {
    await writeFile(path.join(plant(), 'PG_VERSION'), '19\n');
    await expect(start()).rejects.toMatchObject({
      code: 'database.version',
      message: expect.stringContaining('was written by PostgreSQL 19 and this Warroom brings 18'),
    });
  });
});

describe('after a crash', () => {
  test('a server that outlived its process is taken over and stopped by its new owner', async () => {
    plant();
    const orphaned = await child();
    await kill(orphaned.forked, 'SIGKILL');
    expect(alive(orphaned.pid)).toBe(true);
    const server = await start();
    expect(server.adopted).toBe(true);
    expect(server.pid()).toBe(orphaned.pid);
    await server.stop();
    // Whoever adopts orphans may take a moment to collect a dead one.
    await expect.poll(() => alive(orphaned.pid), { timeout: 10_000 }).toBe(false);
  });

  test.each([
    ['the process', false],
    ['the process and the whole server', true],
  ])('kill -9 of %s loses no row that was acknowledged', async (_what, everything) => {
    plant();
    const acks = path.join(dir, 'acks');
    const writer = await child(acks);
    await expect.poll(() => existsSync(acks) && readFileSync(acks, 'utf8').split('\n').length).toBeGreaterThan(200);
    if (everything) {
      const backends = await ask(writer, 'SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()', 'postgres');
      for (const { pid } of [...(backends as { pid: number }[]), writer]) killIfThere(pid);
    }
    await kill(writer.forked, 'SIGKILL');
    const server = await start();
    expect(server.adopted).toBe(!everything);
    const acked = readFileSync(acks, 'utf8').trim().split('\n').map(Number);
    const found = new Set((await ask(server.connection, 'SELECT id FROM entry')).map(({ id }) => Number(id)));
    expect(acked.filter((id) => !found.has(id))).toEqual([]);
    expect(found.size - acked.length).toBeLessThanOrEqual(1);
  });

  test('the number of the dead server, reused by another process, does not stop the start', async () => {
    const pgdata = plant();
    const stranger = spawn('sleep', ['60'], isRoot ? { uid: 65_534, gid: 65_534 } : {});
    stops.push(() => stranger.kill('SIGKILL'));
    const file = path.join(pgdata, 'postmaster.pid');
    await writeFile(
      file,
      `${stranger.pid}\n${pgdata}\n1\n5432\n${path.join(dir, 'postgres', 'socket')}\n\n 1 2\nready   \n`,
    );
    const server = await start();
    expect(server.adopted).toBe(false);
    expect(alive(stranger.pid ?? 0)).toBe(true);
    expect(log.messages('warn')).toContain('Removing the lock of a database server that is gone.');
  });

  test('a dead server whose number is a zombie stops the start for a while at most', async () => {
    const pgdata = plant();
    // A shell that starts a child and is replaced by sleep before the child ends never collects it.
    const parent = spawn('sh', ['-c', 'sleep 1 & echo $!; exec sleep 60']);
    stops.push(() => parent.kill('SIGKILL'));
    const [output] = (await once(parent.stdout, 'data')) as [Buffer];
    const zombie = Number(output.toString().trim());
    await expect.poll(() => readFileSync(`/proc/${zombie}/stat`, 'utf8'), { timeout: 10_000 }).toContain(') Z ');
    await writeFile(path.join(pgdata, 'postmaster.pid'), `${zombie}\n${pgdata}\n1\n5432\n\n\n 1 2\nready   \n`);
    if (isRoot) execFileSync('chown', ['65534:65534', path.join(pgdata, 'postmaster.pid')]);
    const before = performance.now();
    const server = await start();
    expect(performance.now() - before).toBeLessThan(14_000);
    expect(await ask(server.connection, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  test('a server that dies under a living process is started again, and its pool recovers', async () => {
    plant();
    const server = await start();
    const pool = createPool(server.connection, log);
    stops.push(() => pool.end());
    await ask(server.owner, `CREATE TABLE entry (n int); GRANT ALL ON entry TO ${server.connection.user}`);
    const old = server.pid();
    process.kill(old, 'SIGKILL');
    await expect
      .poll(() => withTransaction(pool, (tx) => tx.query('INSERT INTO entry VALUES (1) RETURNING n')).catch(String), {
        timeout: 15_000,
      })
      .toEqual([{ n: 1 }]);
    expect(server.pid()).not.toBe(old);
    expect(log.messages('warn')).toContain('The embedded database went away; starting it again.');
  });
});

describe('two processes', () => {
  test('that start at once on a new folder share one server, and the last one ends it', async () => {
    const [a, b] = await Promise.all([child(), child()]);
    expect(a.pid).toBe(b.pid);
    expect([a.adopted, b.adopted].sort()).toEqual([false, true]);
    await kill(a.forked, 'SIGTERM');
    expect(await ask(b, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await kill(b.forked, 'SIGTERM');
    // Whoever adopts orphans may take a moment to collect a dead one.
    await expect.poll(() => alive(b.pid), { timeout: 10_000 }).toBe(false);
  });

  test('that leave at once leave no server behind', async () => {
    plant();
    const [a, b] = await Promise.all([child(), child()]);
    await Promise.all([kill(a.forked, 'SIGTERM'), kill(b.forked, 'SIGTERM')]);
    // Whoever adopts orphans may take a moment to collect a dead one.
    await expect.poll(() => alive(a.pid), { timeout: 10_000 }).toBe(false);
  });

  test('do not end the server with the Ctrl-C of a terminal, which goes to the whole group', async () => {
    plant();
    const server = await start();
    const group = Number(execFileSync('ps', ['-o', 'pgid=', '-p', String(server.pid())]).toString());
    expect(group).toBe(server.pid());
  });
});

test('the links of the installed package are links, so a copy stays small', () => {
  expect(lstatSync(path.join(findNative(), 'lib', 'libpq.so.5')).isSymbolicLink()).toBe(true);
});
