import { spawn } from 'node:child_process';
import { chown, mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import type { Clock } from '../lib/clock.ts';
import { InternalError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { prepareBinaries } from './embedded-binaries.ts';
import { EMBEDDED_APP, EMBEDDED_USER, prepareData, SERVER_ENV } from './embedded-data.ts';
import { exists, inspectPostmaster, removeLeftovers, serves } from './embedded-postmaster.ts';
import { chooseSocketDir, chooseUser, prepareBaseDir, type ServerUser } from './embedded-user.ts';

/** Where an embedded server is reached: a folder that holds its socket. */
export type EmbeddedConnection = { readonly host: string; readonly user: string; readonly database: string };

export type EmbeddedServer = {
  /** The login that serves people: it has the rights that migrations give it, and owns nothing. */
  readonly connection: EmbeddedConnection;
  /** The superuser, for migrations alone. */
  readonly owner: EmbeddedConnection;
  /** True when a server that an earlier process left behind was taken over instead of started. */
  readonly adopted: boolean;
  /** The number of the server's main process. */
  readonly pid: () => number;
  /**
   * Ends the server, unless another process of Warroom still uses it. Close the pools first: connections that are open are
   * cut, their transactions rolled back.
   */
  stop(): Promise<void>;
};

export type EmbeddedOptions = {
  readonly dataDir: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Server settings over the defaults for a small machine. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Instead of /var/lib/warroom, where data goes that the server's user could not reach as root. */
  readonly fallbackDir?: string;
  /** Instead of the platform package's folder `native`. */
  readonly native?: string;
};

const DATABASE = 'warroom';
const SETTINGS = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  shared_buffers: '32MB',
  max_connections: '60',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] ',
  // A query that was cancelled by its own caller is no news.
  log_min_messages: 'warning',
} as const;

/** How long a server may take to replay its log after a crash. */
const READY_MS = 60_000;
/** How long a dead server's number may stay a zombie before its file is removed (platform check-list: up to 10 s). */
const ZOMBIE_MS = 10_000;
const REVIVE_MS = 1_000;
const LOG_MAX_BYTES = 10_000_000;

type Place = {
  readonly options: EmbeddedOptions;
  readonly baseDir: string;
  readonly pgdata: string;
  readonly postgres: string;
  readonly user: ServerUser | null;
};

type Running = { readonly pid: number; readonly socketDir: string; readonly adopted: boolean };

/**
 * Starts PostgreSQL on the data in `dataDir/postgres`, makes that data when it is missing, or takes over the server that a
 * killed process left behind. It listens on a Unix socket alone. While this process lives, a server that dies is started
 * again. Throws UserError (`database.…`) when a person has to do something about it.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const place = await preparePlace(options);
  let running = await ensureRunning(place);
  await createDatabase(running.socketDir);
  const owner = { host: running.socketDir, user: EMBEDDED_USER, database: DATABASE };
  let stopping = false;
  let keeper = await openKeeper(running.socketDir);
  let revival: Promise<void> = Promise.resolve();

  const watch = (client: pg.Client): void => {
    client.once('end', () => {
      if (stopping) return;
      options.log.warn({ pid: running.pid }, 'The embedded database went away; starting it again.');
      revival = revive();
    });
  };
  const revive = async (): Promise<void> => {
    while (!stopping) {
      try {
        running = await ensureRunning(place, () => stopping);
        keeper = await openKeeper(running.socketDir);
        return watch(keeper);
      } catch (error) {
        if (stopping) return;
        options.log.error({ error, code: 'database.lost' }, 'The embedded database does not start again; trying on.');
        await options.clock.sleep(REVIVE_MS);
      }
    }
  };
  watch(keeper);

  return {
    connection: { ...owner, user: EMBEDDED_APP },
    owner,
    adopted: running.adopted,
    pid: () => running.pid,
    stop: async () => {
      if (stopping) return;
      stopping = true;
      await revival;
      const shared = await isShared(keeper, options.clock);
      await keeper.end();
      if (shared) options.log.info({ pid: running.pid }, 'Another process uses the embedded database: leaving it on.');
      else await shutDown(place, running.pid);
    },
  };
}

async function preparePlace(options: EmbeddedOptions): Promise<Place> {
  const baseDir = await prepareBaseDir(options.dataDir, options.log, options.fallbackDir);
  const user = await chooseUser(baseDir);
  const binaries = await prepareBinaries(baseDir, user, options.native);
  const pgdata = await prepareData({ baseDir, binaries, user, log: options.log });
  return { options, baseDir, pgdata, postgres: binaries.postgres, user };
}

/** Ends with a server that accepts connections: the one that is there, or a new one. */
async function ensureRunning(place: Place, cancelled: () => boolean = () => false): Promise<Running> {
  const { clock, log } = place.options;
  const start = clock.monotonicMs();
  for (;;) {
    const found = await inspectPostmaster(place.pgdata);
    const waited = clock.monotonicMs() - start;
    if (found.status === 'ready' && (await answers(found.socketDir))) return { ...found, adopted: true };
    if (found.status === 'none' || (found.status === 'stale' && (!found.zombie || waited > ZOMBIE_MS))) {
      if (found.status === 'stale') {
        log.warn({ pid: found.pid }, 'Removing the lock of a database server that is gone.');
        await removeLeftovers(place.pgdata);
      }
      const started = await launch(place);
      if (started) return started;
    }
    if (cancelled()) throw new InternalError('database.stopped', 'The embedded database was told to stop.');
    if (waited > READY_MS) throw await notStarting(place);
    await clock.sleep(found.status === 'none' ? 200 : 20);
  }
}

/** Starts a server and waits until it is ready; null when it ended first (another one may have been faster). */
async function launch(place: Place): Promise<Running | null> {
  const { clock, log, settings } = place.options;
  const socketDir = await chooseSocketDir(place.baseDir);
  await mkdir(socketDir, { recursive: true, mode: 0o700 });
  if (place.user) await chown(socketDir, place.user.uid, place.user.gid);
  const file = await openLog(place.baseDir);
  const all = { ...SETTINGS, ...settings, unix_socket_directories: socketDir };
  const child = spawn(
    place.postgres,
    ['-D', place.pgdata, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    // Detached: a Ctrl-C in the terminal is for this process, which still has to write while it drains.
    { ...(place.user ?? {}), cwd: place.pgdata, env: SERVER_ENV, detached: true, stdio: ['ignore', file.fd, file.fd] },
  );
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  child.once('error', (error) => {
    ended = true;
    log.error({ error, code: 'database.spawn' }, 'The embedded database cannot be started.');
  });
  child.unref();
  await file.close();
  for (const start = clock.monotonicMs(); !ended; await clock.sleep(5)) {
    const found = await inspectPostmaster(place.pgdata);
    if (found.status === 'ready' && found.pid === child.pid) return { ...found, adopted: false };
    if (clock.monotonicMs() - start > READY_MS) throw await notStarting(place);
  }
  return null;
}

async function openLog(baseDir: string) {
  const file = path.join(baseDir, 'postgres.log');
  const size = (await stat(file).catch(() => null))?.size ?? 0;
  if (size > LOG_MAX_BYTES) await rename(file, `${file}.1`);
  return open(file, 'a', 0o600);
}

async function notStarting(place: Place): Promise<InternalError> {
  const file = path.join(place.baseDir, 'postgres.log');
  const tail = (await readFile(file, 'utf8').catch(() => '')).trim().split('\n').slice(-5).join('\n');
  return new InternalError('database.start', `The embedded database does not start; the end of ${file} says:\n${tail}`);
}

async function connect(socketDir: string, name: string, user = EMBEDDED_USER): Promise<pg.Client> {
  const client = new pg.Client({
    host: socketDir,
    user,
    database: 'postgres',
    application_name: name,
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => undefined); // 'end' follows and is handled
  await client.connect();
  return client;
}

async function answers(socketDir: string): Promise<boolean> {
  try {
    await (await connect(socketDir, 'warroom-launcher')).end();
    return true;
  } catch {
    return false;
  }
}

/** The database, and the login that serves people; an installation that was made before there was one gets it here. */
async function createDatabase(socketDir: string): Promise<void> {
  const client = await connect(socketDir, 'warroom-launcher');
  try {
    await unlessThere(client, 'SELECT FROM pg_database WHERE datname = $1', DATABASE, `CREATE DATABASE ${DATABASE}`);
    await unlessThere(
      client,
      'SELECT FROM pg_roles WHERE rolname = $1',
      EMBEDDED_APP,
      `CREATE ROLE ${EMBEDDED_APP} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS`,
    );
  } finally {
    await client.end();
  }
}

async function unlessThere(client: pg.Client, look: string, name: string, make: string): Promise<void> {
  try {
    const { rowCount } = await client.query(look, [name]);
    if (rowCount === 0) await client.query(make);
  } catch (error) {
    // Another process that started at the same moment made it.
    const there = error instanceof pg.DatabaseError && ['42P04', '42710', '23505'].includes(error.code ?? '');
    if (!there) throw error;
  }
}

const KEEPER = 'warroom-keeper';
const LEAVING_LOOKS = 10;

/** One open connection for each process that uses the server: it notices when the server goes, and is counted at the end. */
async function openKeeper(socketDir: string): Promise<pg.Client> {
  return connect(socketDir, KEEPER, EMBEDDED_APP);
}

/**
 * Whether another process uses the server. Those that leave at the same moment ask one after the other, and a process that
 * has just left may be seen a little longer: so the last one knows that it is the last.
 */
async function isShared(keeper: pg.Client, clock: Clock): Promise<boolean> {
  try {
    await keeper.query('SELECT pg_advisory_lock(1703, 0)');
    for (let look = 0; look < LEAVING_LOOKS; look += 1) {
      if (look > 0) await clock.sleep(50);
      const others = await keeper.query(
        'SELECT FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()',
        [KEEPER],
      );
      if (others.rowCount === 0) return false;
    }
    return true;
  } catch {
    return false; // it is gone already
  }
}

/** SIGINT: the server refuses new connections, cuts the open ones and writes a checkpoint. */
async function shutDown(place: Place, pid: number): Promise<void> {
  const { clock, log } = place.options;
  for (const [signal, patience] of [
    ['SIGINT', 30_000],
    ['SIGQUIT', 5_000],
  ] as const) {
    if (!(await serves(pid, place.pgdata))) return;
    process.kill(pid, signal);
    for (const start = clock.monotonicMs(); clock.monotonicMs() - start < patience; await clock.sleep(5)) {
      if (!exists(pid) || !(await serves(pid, place.pgdata))) return;
    }
    log.warn({ pid, signal }, 'The embedded database does not stop.');
  }
}
