import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export type TestRedis = {
  /** The server's Unix socket: `new Redis(path)`. */
  readonly path: string;
  /** The server's process number. */
  readonly pid: number;
  stop(): Promise<void>;
};

/**
 * A Redis of its own for one test file, on a Unix socket; null when this machine has no redis-server. That is said loudly,
 * and in CI it is an error: use `describe.skipIf(redis === null)`.
 */
export async function testRedis(args: readonly string[] = []): Promise<TestRedis | null> {
  const binary = await findBinary();
  if (binary === null) {
    if (process.env.CI) throw new Error('redis-server is missing: apt-get install -y redis-server');
    process.stderr.write('\n*** redis-server is missing: tests that need Redis are SKIPPED ***\n\n');
    return null;
  }
  const dir = await mkdtemp(path.join(tmpdir(), 'warroom-redis-'));
  const socket = path.join(dir, 'redis.sock');
  const child = spawn(
    binary,
    ['--port', '0', '--unixsocket', socket, '--dir', dir, '--save', '', '--appendonly', 'no', ...args],
    { stdio: 'ignore' },
  );
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  await untilItAnswers(child, socket);
  return {
    path: socket,
    pid: child.pid ?? 0,
    stop: async () => {
      process.off('exit', kill);
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await ended;
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function findBinary(): Promise<string | null> {
  for (const dir of [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']) {
    const file = path.join(dir, 'redis-server');
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return file;
  }
  return null;
}

async function untilItAnswers(child: ChildProcess, socket: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (performance.now() < deadline && child.exitCode === null) {
    if (await answersPing(socket)) return;
    await delay(10);
  }
  child.kill('SIGKILL');
  throw new Error(`redis-server did not start on ${socket} (exit code ${child.exitCode})`);
}

function answersPing(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(socket, () => connection.write('PING\r\n'));
    connection.once('data', (data) => {
      connection.destroy();
      resolve(data.toString().startsWith('+PONG'));
    });
    connection.once('error', () => resolve(false));
  });
}
