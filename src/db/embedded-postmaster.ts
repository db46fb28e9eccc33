import { execFile } from 'node:child_process';
import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { SOCKET_FILE } from './embedded-user.ts';

/**
 * What is known about a server from its `postmaster.pid`:
 * - `none`: nobody serves this data, a server may be started;
 * - `ready`: it serves on `socketDir`;
 * - `busy`: it starts, stops, or is dead while its processes still leave: wait;
 * - `stale`: the process of that number is something else, or a zombie that its parent never collected.
 */
export type Postmaster =
  | { readonly status: 'none' }
  | { readonly status: 'ready'; readonly pid: number; readonly socketDir: string }
  | { readonly status: 'busy'; readonly pid: number }
  | { readonly status: 'stale'; readonly pid: number; readonly zombie: boolean };

/** Looks at the data in `pgdata` and at the processes of this machine. */
export async function inspectPostmaster(pgdata: string): Promise<Postmaster> {
  const text = await readFile(path.join(pgdata, 'postmaster.pid'), 'utf8').catch(() => null);
  if (text === null) return { status: 'none' };
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  // A file that is still being written has no number yet.
  if (!Number.isInteger(pid) || pid <= 0) return { status: 'busy', pid: 0 };
  if (await serves(pid, pgdata)) {
    const socketDir = lines[4] ?? '';
    // Line 8 is written when the server accepts connections.
    return lines[7]?.trim() === 'ready' && socketDir !== ''
      ? { status: 'ready', pid, socketDir }
      : { status: 'busy', pid };
  }
  if (await hasProcesses(pgdata)) return { status: 'busy', pid };
  // PostgreSQL itself overwrites the file of a process that is gone; it is only fooled by one that is there.
  return exists(pid) ? { status: 'stale', pid, zombie: await isZombie(pid) } : { status: 'none' };
}

/** Removes what a dead server left behind and what would stop the next one from starting. */
export async function removeLeftovers(pgdata: string): Promise<void> {
  const file = path.join(pgdata, 'postmaster.pid');
  const socketDir = (await readFile(file, 'utf8').catch(() => '')).split('\n')[4];
  await rm(file, { force: true });
  if (!socketDir) return;
  await rm(path.join(socketDir, SOCKET_FILE), { force: true });
  await rm(path.join(socketDir, `${SOCKET_FILE}.lock`), { force: true });
}

/** Whether a process of this number exists, zombies included. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Whether process `pid` is a live server of this data. Every process of a server works in its data folder. */
export async function serves(pid: number, pgdata: string): Promise<boolean> {
  if (!exists(pid)) return false;
  if (process.platform === 'linux') return worksIn(pid, await realpath(pgdata));
  const command = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => null);
  return command?.stdout.includes('postgres') === true && command.stdout.includes(pgdata);
}

async function hasProcesses(pgdata: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const real = await realpath(pgdata);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/u.test(name));
  return (await Promise.all(pids.map((pid) => worksIn(Number(pid), real)))).includes(true);
}

async function worksIn(pid: number, dir: string): Promise<boolean> {
  if ((await readlink(`/proc/${pid}/cwd`).catch(() => null)) !== dir) return false;
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes('postgres');
}

async function isZombie(pid: number): Promise<boolean> {
  const stats = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stats.slice(stats.lastIndexOf(')') + 2).startsWith('Z');
}
