import { createHash } from 'node:crypto';
import { lstat, mkdir, mkdtemp, realpath, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UserError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';

/** The user that the server runs as; null: the user of this process. PostgreSQL refuses to run as root. */
export type ServerUser = { readonly uid: number; readonly gid: number };

/** `nobody`, known on every Linux; initdb fails for a uid without an entry in /etc/passwd. */
const NOBODY: ServerUser = { uid: 65_534, gid: 65_534 };

/** Where the server keeps its things when root's choice cannot be reached by the server's user. */
const FALLBACK = '/var/lib/warroom';

/** Linux allows 107 bytes for the path of a Unix socket, macOS 103. */
const SOCKET_PATH_MAX = 103;
export const SOCKET_FILE = '.s.PGSQL.5432';

/** Who runs the server: this user, or for root the owner of the data that exists, else `nobody`. */
export async function chooseUser(baseDir: string): Promise<ServerUser | null> {
  if (process.getuid?.() !== 0) return null;
  if (process.platform !== 'linux') {
    throw new UserError('database.root', 'PostgreSQL refuses to run as root: start Warroom as a normal user.');
  }
  const owner = await stat(path.join(baseDir, 'data', 'PG_VERSION')).catch(() => null);
  if (owner?.uid === 0) {
    throw new UserError(
      'database.owner',
      `The database in ${baseDir} belongs to root, as whom PostgreSQL refuses to run: chown -R 65534:65534 it and start again.`,
    );
  }
  return owner ? { uid: owner.uid, gid: owner.gid } : NOBODY;
}

/** Whether `user` can enter `dir`: every folder on the way must let it through. */
export async function isReachable(dir: string, user: ServerUser): Promise<boolean> {
  for (let at = await realpath(dir); ; at = path.dirname(at)) {
    const { uid, gid, mode } = await stat(at);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

/**
 * Makes the folder that holds the server's data, log and socket, and returns where it is: `<dataDir>/postgres`, or a folder
 * under /var/lib/warroom when this process is root and the server's user could not enter `dataDir` (say, below /root).
 */
export async function prepareBaseDir(dataDir: string, log: Log, fallback: string = FALLBACK): Promise<string> {
  const wanted = path.join(path.resolve(dataDir), 'postgres');
  await mkdir(wanted, { recursive: true, mode: 0o755 });
  const user = await chooseUser(wanted);
  if (user === null || (await isReachable(wanted, user))) return wanted;
  const base = path.join(fallback, createHash('sha256').update(wanted).digest('hex').slice(0, 12));
  try {
    await mkdir(base, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw new UserError(
      'database.unreachable',
      `The database cannot live in ${wanted}, which the unprivileged user of PostgreSQL cannot enter: set DATA_DIR to a folder outside of it.`,
      { error },
    );
  }
  log.warn(
    { wanted, base },
    `The database lives in ${base}: PostgreSQL does not run as root and its user cannot enter ${wanted}.`,
  );
  return base;
}

/** The folder of the server's socket: beside the data, or a private short one when that path is too long for a socket. */
export async function chooseSocketDir(baseDir: string): Promise<string> {
  const beside = path.join(baseDir, 'socket');
  if (fits(beside)) return beside;
  const short = path.join(tmpdir(), `warroom-${createHash('sha256').update(baseDir).digest('hex').slice(0, 12)}`);
  if (!fits(short)) {
    throw new UserError('database.socket', `The path ${short} is too long for a socket: set TMPDIR to a shorter one.`);
  }
  // A name in a shared folder can be guessed: a folder that somebody else made there is not used.
  const found = await lstat(short).catch(() => null);
  const user = (await chooseUser(baseDir))?.uid ?? process.getuid?.();
  const safe = found === null || (found.isDirectory() && found.uid === user && (found.mode & 0o077) === 0);
  return safe ? short : await mkdtemp(path.join(tmpdir(), 'warroom-'));
}

function fits(dir: string): boolean {
  return Buffer.byteLength(path.join(dir, SOCKET_FILE)) <= SOCKET_PATH_MAX;
}
