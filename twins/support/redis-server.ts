import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { rememberedPort, samePort } from './same-port.ts';

/** A Redis of the twins: it never uses one that runs on the machine already. `readPassword` is that of `warroom_read`. */
export type TwinRedis = { readonly url: string; readonly readPassword: string; close(): Promise<void> };

/** Reading, and what Warroom asks the server before it; of what Redis calls dangerous only what is named here. The operator's guide has the same. */
const READER =
  '~* -@all +@read +@connection -@write -@dangerous +info +slowlog|get +slowlog|len +acl|whoami +acl|dryrun';
const USERS_FILE = 'users.acl';

/**
 * Writes the file of users that a Redis in that folder starts with: `warroom_read`, who may read. Its password is new each time and is
 * returned; the file has the hash alone. Whoever has no account is the default user as before.
 */
export async function writeRedisUsers(dir: string): Promise<string> {
  const password = randomBytes(24).toString('base64url');
  const hash = createHash('sha256').update(password).digest('hex');
  await writeFile(join(dir, USERS_FILE), `user warroom_read on #${hash} ${READER}\n`, { mode: 0o600 });
  return password;
}

/** Starts `redis-server` on a port of the loopback, keeping nothing on disk; null when the program is not installed. */
export async function startTwinRedis(dir: string): Promise<TwinRedis | null> {
  await mkdir(dir, { recursive: true });
  const file = join(dir, 'port');
  await endLeftover(dir, await rememberedPort(file));
  const port = await samePort(file);
  const readPassword = await writeRedisUsers(dir);
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', dir];
  // Scripts of the twins look at the log and start the server again on that port.
  args.push('--logfile', 'redis-server.log', '--aclfile', USERS_FILE);
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  const started = await Promise.race([
    answers(port),
    new Promise<false>((resolve) => {
      child.once('error', () => resolve(false));
      child.once('exit', () => resolve(false));
    }),
  ]);
  if (!started) return null;
  return {
    url: `redis://127.0.0.1:${port}/0`,
    readPassword,
    close: async () => {
      await stop(child);
      // A runbook may have started it again.
      await endLeftover(dir, port);
    },
  };
}

/** Ends the server that a killed process left behind: the one that still works in our folder, and no other. */
async function endLeftover(dir: string, port: number | null): Promise<void> {
  if (port === null) return;
  const redis = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    const [, theirs] = (await redis.config('GET', 'dir')) as string[];
    if (theirs === (await realpath(dir))) await redis.shutdown('NOSAVE');
  } catch {
    // Nobody listens there any more, somebody who is no Redis does, or it closed the connection on its way out.
  } finally {
    redis.disconnect();
  }
}

/** Ends the Redis that runbooks have started in that folder, if there is one. */
export async function endRedisOf(dir: string): Promise<void> {
  await endLeftover(dir, await rememberedPort(join(dir, 'port')));
}

/** True once it answers, false after ten seconds. */
async function answers(port: number): Promise<boolean> {
  const redis = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => 50 });
  redis.on('error', () => undefined);
  const done = new AbortController();
  try {
    const pong = redis.ping().then(() => true);
    pong.catch(() => undefined);
    return await Promise.race([pong, delay(10_000, false, { signal: done.signal })]);
  } finally {
    done.abort();
    redis.disconnect();
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}
