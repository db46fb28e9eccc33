import { execFile } from 'node:child_process';
import { chown, mkdir, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { InternalError, UserError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { type Binaries, EMBEDDED_MAJOR } from './embedded-binaries.ts';
import type { ServerUser } from './embedded-user.ts';

/** The superuser of the embedded server. Only this process's user can reach the socket, so it has no password. */
export const EMBEDDED_USER = 'warroom';

/** The login of the process that serves people: it owns nothing (src/db/app-rights.ts). Without a password for the same reason. */
export const EMBEDDED_APP = 'warroom_app';

/** Environment of the server's programs: nothing of ours, least of all secrets. */
export const SERVER_ENV = { LC_ALL: 'C.UTF-8', TZ: 'UTC', PATH: '/usr/bin:/bin' } as const;

/**
 * Makes `<baseDir>/data` a database of the embedded major version and returns its path. A new one is made under another
 * name and renamed when complete, so that a start which was cut short leaves nothing half made.
 * Throws UserError `database.version` or `database.folder` for data that this server must not touch.
 */
export async function prepareData(options: {
  baseDir: string;
  binaries: Binaries;
  user: ServerUser | null;
  log: Log;
}): Promise<string> {
  const pgdata = path.join(options.baseDir, 'data');
  if (await isPresent(pgdata)) return pgdata;
  await removeDrafts(options.baseDir);
  const draft = `${pgdata}.new-${process.pid}`;
  await mkdir(draft, { mode: 0o700 });
  if (options.user) await chown(draft, options.user.uid, options.user.gid);
  options.log.info({ pgdata }, 'Making a new database.');
  await initdb(options.binaries, draft, options.user);
  try {
    await rename(draft, pgdata);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process that started at the same moment was faster: its data is as good.
    if (!(await isPresent(pgdata))) throw error;
  }
  return pgdata;
}

async function isPresent(pgdata: string): Promise<boolean> {
  const version = await readFile(path.join(pgdata, 'PG_VERSION'), 'utf8').catch(() => null);
  if (version === null) {
    const files = await readdir(pgdata).catch(() => null);
    if (files === null) return false;
    if (files.length > 0) {
      throw new UserError(
        'database.folder',
        `${pgdata} holds files but no database: move them away and start again, or set DATA_DIR to another folder.`,
      );
    }
    await rmdir(pgdata);
    return false;
  }
  if (version.trim() === EMBEDDED_MAJOR) return true;
  throw new UserError(
    'database.version',
    `The database in ${pgdata} was written by PostgreSQL ${version.trim()} and this Warroom brings ${EMBEDDED_MAJOR}: dump it with the Warroom that wrote it, or set DATABASE_URL to a server of your own.`,
  );
}

/** Drafts of processes that are gone; a living one may be a second start under way. */
async function removeDrafts(baseDir: string): Promise<void> {
  for (const name of await readdir(baseDir)) {
    const pid = /^data\.new-(\d+)$/u.exec(name)?.[1];
    if (pid === undefined) continue;
    if (Number(pid) !== process.pid && isAlive(Number(pid))) continue;
    await rm(path.join(baseDir, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function initdb(binaries: Binaries, pgdata: string, user: ServerUser | null): Promise<void> {
  const args = [
    '-D',
    pgdata,
    '-U',
    EMBEDDED_USER,
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
    '--no-instructions',
  ];
  try {
    await promisify(execFile)(binaries.initdb, args, { ...(user ?? {}), cwd: path.dirname(pgdata), env: SERVER_ENV });
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    await rm(pgdata, { recursive: true, force: true });
    throw new InternalError('database.initdb', `initdb could not make the database in ${pgdata}: ${stderr}`, {
      cause: error,
    });
  }
}
