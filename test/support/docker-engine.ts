import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const script = new URL('docker-engine', import.meta.url).pathname;
const NEEDED = ['/usr/bin/podman', '/usr/sbin/runc', '/bin/busybox', '/usr/bin/python3'];
const IMAGE = 'warroom-busybox';

/** A container to start with. */
export type ContainerPlan = {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Left as it was made, not started. */
  readonly stopped?: true;
};

export type TestEngine = {
  /** Path of the API's unix socket. */
  readonly socket: string;
  /** One request of the test itself, past the executor. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: string }>;
  create(plan: ContainerPlan): Promise<string>;
  /** All that a step could have changed: containers with their state and start, images, volumes. */
  state(): Promise<unknown>;
  stop(): Promise<void>;
};

/**
 * A real engine of its own for one test file, with an image made from busybox; null when this machine cannot run one. That is said
 * loudly, and in CI it is an error.
 */
export async function testEngine(): Promise<TestEngine | null> {
  const missing = NEEDED.filter((file) => !existsSync(file));
  if (missing.length > 0) {
    const what = `a container engine is missing (${missing.join(', ')}): test/support/docker-engine install`;
    if (process.env.CI) throw new Error(what);
    process.stderr.write(`\n*** ${what}; tests that need it are SKIPPED ***\n\n`);
    return null;
  }
  const home = await mkdtemp(path.join(tmpdir(), 'warroom-engine-'));
  const run = promisify(execFile);
  const options = { env: { ...process.env, DOCKER_ENGINE_HOME: home }, timeout: 60_000 };
  await run(script, ['image', IMAGE], options);
  const socket = path.join(home, 'engine.sock');
  // the engine stays behind in the background: only its number comes back
  const pid = Number((await run('bash', ['-c', '"$0" start "$1" 2>/dev/null', script, socket], options)).stdout);
  const call: TestEngine['call'] = (method, where, body) => send(socket, { method, where, body });
  const kill = () => endProcess(pid);
  process.once('exit', kill);
  return {
    socket,
    call,
    create: (plan) => create(call, plan),
    state: async () => {
      const containers = JSON.parse((await call('GET', '/containers/json?all=true')).body) as {
        Id: string;
        Names: string[];
      }[];
      const details = await Promise.all(
        containers.map(async ({ Id, Names }) => {
          const found = JSON.parse((await call('GET', `/containers/${Id}/json`)).body) as {
            State: { Status: string; StartedAt: string };
          };
          return [Names[0], found.State.Status, found.State.StartedAt];
        }),
      );
      const images = JSON.parse((await call('GET', '/images/json')).body) as { Id: string }[];
      return {
        containers: details.sort(),
        images: images.map(({ Id }) => Id).sort(),
        volumes: (await call('GET', '/volumes')).body,
      };
    },
    stop: async () => {
      const containers = JSON.parse((await call('GET', '/containers/json?all=true')).body) as { Id: string }[];
      await Promise.all(containers.map(({ Id }) => call('DELETE', `/containers/${Id}?force=true&v=true`)));
      process.off('exit', kill);
      kill();
      for (const left of await processesOf(home)) endProcess(left);
      await unmount(home, run);
      await rm(home, { recursive: true, force: true });
    },
  };
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {} // gone already
}

async function create(call: TestEngine['call'], plan: ContainerPlan): Promise<string> {
  const made = await call('POST', `/containers/create?name=${plan.name}`, {
    Image: IMAGE,
    Cmd: plan.command,
    Env: plan.env ?? [],
    Labels: plan.labels ?? {},
    HostConfig: { NetworkMode: 'none' },
  });
  if (made.status !== 201) throw new Error(`${plan.name} was not made: ${made.body}`);
  const { Id } = JSON.parse(made.body) as { Id: string };
  if (plan.stopped) return Id;
  const started = await call('POST', `/containers/${Id}/start`);
  if (started.status !== 204) throw new Error(`${plan.name} does not start: ${started.body}`);
  return Id;
}

function send(
  socketPath: string,
  request: { method: string; where: string; body: unknown },
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', host: 'docker' };
    const sending = http.request(
      { socketPath, method: request.method, path: request.where, headers, agent: false },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        response.on('error', reject);
      },
    );
    sending.on('error', reject);
    sending.end(request.body === undefined ? undefined : JSON.stringify(request.body));
  });
}

/** The engine's own watchers of programs in containers; they outlive it by minutes. Told by the folder that they were started with. */
async function processesOf(home: string): Promise<number[]> {
  const found: number[] = [];
  for (const entry of (await readdir('/proc')).filter((name) => /^\d+$/u.test(name) && Number(name) !== process.pid)) {
    const line = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    if (line.startsWith('/usr/bin/conmon') && line.includes(`${home}/`)) found.push(Number(entry));
  }
  return found;
}

/** What a container left mounted below the engine's folder; without this the folder cannot be removed. */
async function unmount(home: string, run: (file: string, args: string[]) => Promise<unknown>): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  for (const mount of mounts.filter((place) => place.startsWith(`${home}/`)).reverse())
    await run('umount', ['-l', mount]).catch(() => undefined);
}
