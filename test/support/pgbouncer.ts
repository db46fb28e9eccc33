import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { issueCertificate } from './certificates.ts';
import { freePort } from './redis-cluster.ts';

export type TestBouncer = {
  readonly port: number;
  /** PEM file of the authority that signed its certificate, which is for `localhost`. */
  readonly authority: string;
  stop(): Promise<void>;
};

/**
 * A real PgBouncer in transaction mode with one server connection, TLS offered, in front of a database; null when this machine has
 * none. That is said loudly, and in CI it is an error.
 */
export async function testBouncer(database: {
  host: string;
  database: string;
  users: readonly string[];
}): Promise<TestBouncer | null> {
  const binary = '/usr/sbin/pgbouncer';
  const there = await access(binary, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!there) {
    if (process.env.CI) throw new Error('pgbouncer is missing: apt-get install -y pgbouncer');
    process.stderr.write('\n*** pgbouncer is missing: tests that need a pooler are SKIPPED ***\n\n');
    return null;
  }
  const dir = await mkdtemp(path.join(tmpdir(), 'warroom-pgbouncer-'));
  const file = async (name: string, text: string) => {
    await writeFile(path.join(dir, name), text, { mode: 0o644 });
    return path.join(dir, name);
  };
  const [from, until] = [new Date(Date.now() - 3_600_000), new Date(Date.now() + 86_400_000)];
  const ca = issueCertificate({ name: 'pool-ca', authority: true, from, until });
  const own = issueCertificate({ name: 'pool', names: ['localhost'], by: ca, from, until });
  const authority = await file('ca.pem', ca.cert);
  const port = await freePort();
  const settings = [
    '[databases]',
    `${database.database} = host=${database.host} dbname=${database.database}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = trust',
    `auth_file = ${await file('users.txt', database.users.map((name) => `"${name}" ""\n`).join(''))}`,
    'pool_mode = transaction',
    'default_pool_size = 1',
    'reserve_pool_size = 1',
    'reserve_pool_timeout = 1',
    'client_tls_sslmode = allow',
    `client_tls_key_file = ${await file('key.pem', own.key)}`,
    `client_tls_cert_file = ${await file('cert.pem', own.cert)}`,
    `logfile = ${path.join(dir, 'log')}`,
  ];
  const config = await file('pgbouncer.ini', `${settings.join('\n')}\n`);
  // as root it refuses to run: then as the account that the database runs as on this machine
  await chmod(dir, 0o777);
  const root = process.getuid?.() === 0;
  const child = spawn(binary, [config], { stdio: 'ignore', ...(root ? { uid: 65_534, gid: 65_534 } : {}) });
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  const deadline = performance.now() + 10_000;
  while (!(await answers(port))) {
    if (performance.now() > deadline || child.exitCode !== null) throw new Error('pgbouncer did not start');
    await delay(20);
  }
  return {
    port,
    authority,
    stop: async () => {
      process.off('exit', kill);
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await ended;
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(port, '127.0.0.1');
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
}
