import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export type TestSshd = {
  readonly port: number;
  readonly user: string;
  /** Private keys that may enter, in OpenSSH's form. */
  readonly keys: readonly [string, string];
  /** One that may not. */
  readonly strangerKey: string;
  /** `SHA256:…` of the ed25519 host key, and the key itself. */
  readonly fingerprint: string;
  readonly hostKey: string;
  /** A host key of the same kind that is not the server's. */
  readonly otherHostKey: string;
  /** Cuts every connection without a word, as a broken network does. */
  cut(): void;
  stop(): Promise<void>;
};

/**
 * A real OpenSSH server on a free port of 127.0.0.1, for the account that runs the tests; null when this machine has no sshd. That is
 * said loudly, and in CI it is an error. `more`: further lines of its configuration.
 */
export async function testSshd(more: readonly string[] = []): Promise<TestSshd | null> {
  const binary = await findBinary();
  if (binary === null) {
    if (process.env.CI) throw new Error('sshd is missing: apt-get install -y openssh-server');
    process.stderr.write('\n*** sshd is missing: tests that need an SSH server are SKIPPED ***\n\n');
    return null;
  }
  const dir = await mkdtemp(path.join(tmpdir(), 'warroom-sshd-'));
  const keys = { host: '', first: '', second: '', stranger: '' };
  for (const name of Object.keys(keys) as (keyof typeof keys)[]) {
    const file = path.join(dir, name);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file]);
    keys[name] = await readFile(file, 'utf8');
  }
  const publicKey = async (name: string) => (await readFile(path.join(dir, `${name}.pub`), 'utf8')).trim();
  await writeFile(path.join(dir, 'authorized'), `${await publicKey('first')}\n${await publicKey('second')}\n`);
  const port = await freePort();
  const settings = [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${path.join(dir, 'host')}`,
    `AuthorizedKeysFile ${path.join(dir, 'authorized')}`,
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    'MaxStartups 100',
    'LogLevel ERROR',
    ...more,
  ];
  await writeFile(path.join(dir, 'sshd_config'), `${settings.join('\n')}\n`);
  // sshd as root wants its folder; Debian makes it when the service starts
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true });
  const child = spawn(binary, ['-D', '-e', '-f', path.join(dir, 'sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  await untilItAnswers(child, port, () => said);
  const shown = execFileSync('ssh-keygen', ['-lf', path.join(dir, 'host.pub')], { encoding: 'utf8' });
  return {
    port,
    user: userInfo().username,
    keys: [keys.first, keys.second],
    strangerKey: keys.stranger,
    fingerprint: /SHA256:\S+/u.exec(shown)?.[0] ?? '',
    hostKey: (await publicKey('host')).split(' ').slice(0, 2).join(' '),
    otherHostKey: (await publicKey('stranger')).split(' ').slice(0, 2).join(' '),
    cut: () => {
      for (const pid of descendants(child.pid ?? 0, binary)) process.kill(pid, 'SIGKILL');
    },
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

/** The processes that serve the connections; what runs in them is left alone. */
function descendants(parent: number, binary: string): number[] {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid=,comm='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/u));
  const name = path.basename(binary);
  const below = (pid: number): number[] =>
    table
      .filter(([, ppid, program]) => Number(ppid) === pid && program?.startsWith(name))
      .flatMap(([found]) => [Number(found), ...below(Number(found))]);
  return below(parent);
}

async function findBinary(): Promise<string | null> {
  for (const file of ['/usr/sbin/sshd', '/usr/local/sbin/sshd']) {
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return file;
  }
  return null;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function untilItAnswers(child: ChildProcess, port: number, said: () => string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (performance.now() < deadline && child.exitCode === null) {
    const greeted = await new Promise<boolean>((resolve) => {
      const connection = createConnection(port, '127.0.0.1');
      connection.once('data', (data) => {
        connection.destroy();
        resolve(data.toString().startsWith('SSH-'));
      });
      connection.once('error', () => resolve(false));
    });
    if (greeted) return;
    await delay(20);
  }
  child.kill('SIGKILL');
  throw new Error(`sshd did not start on port ${port}: ${said()}`);
}
