import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { access, appendFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fieldOf, type Reply, type Route, type Routes } from './http-twin.ts';
import { type Machine, machineAt } from './machine.ts';

/** A container: the folder `<project>/<service>` below the engine's own. */
type Container = {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly service: string;
  readonly machine: Machine;
  readonly state: string;
  readonly health: string;
};

const GIGABYTE = 1_000_000_000;
/** Lines of a log are taken to be a minute apart, the last one as old as its file. */
const LINE_MS = 60_000;

/**
 * As much of the Docker Engine API as runbooks use, over folders: `state` says whether a container runs, `log` is what it wrote, `health`
 * stands until it is started again, `exec` is the script that answers for the programs inside. Nothing outside of `dir` is touched.
 */
export function dockerRoutes(dir: string): Routes {
  const runs = new Map<string, { readonly container: Container; readonly argv: readonly string[]; exitCode: number }>();
  const here = (route: (container: Container, query: URLSearchParams, body: unknown) => Promise<Reply>): Route => {
    return async ({ named, query, body }) => {
      const wanted = (await containersIn(dir)).find(({ id, name }) => id === named.id || name === named.id);
      return wanted
        ? await route(wanted, query, body)
        : { status: 404, body: { message: `No such container: ${named.id}` } };
    };
  };
  return {
    'GET /containers/json': async ({ query }) => ({ status: 200, body: listed(await containersIn(dir), query) }),
    'GET /containers/:id/json': here(async (container) => ({ status: 200, body: inspected(container) })),
    'GET /containers/:id/logs': here(async (container, query) => ({
      status: 200,
      body: await logOf(container, query),
    })),
    'GET /containers/:id/stats': here(async (container) => ({ status: 200, body: await statsOf(container) })),
    'GET /containers/:id/top': here(async ({ service }) => ({
      status: 200,
      body: { Titles: ['PID', 'USER', 'COMMAND'], Processes: [['1', 'root', service]] },
    })),
    'POST /containers/:id/start': here((container) => turn(container, 'running')),
    'POST /containers/:id/restart': here((container) => turn(container, 'running')),
    'POST /containers/:id/stop': here((container) => turn(container, 'exited')),
    'POST /containers/:id/kill': here((container) => turn(container, 'exited')),
    'POST /containers/:id/exec': here(async (container, _query, body) => {
      const id = randomUUID().replaceAll('-', '');
      const argv = fieldOf(body, 'Cmd');
      runs.set(id, { container, argv: Array.isArray(argv) ? argv.map(String) : [], exitCode: 0 });
      return { status: 201, body: { Id: id } };
    }),
    'POST /exec/:id/start': async ({ named }) => {
      const run = runs.get(named.id ?? '');
      if (!run) return { status: 404, body: { message: 'No such exec instance' } };
      const { exitCode, stdout, stderr } = await runInside(run.container, run.argv);
      run.exitCode = exitCode;
      return { status: 200, body: Buffer.concat([frame(1, stdout), frame(2, stderr)]) };
    },
    'GET /exec/:id/json': ({ named }) => ({
      status: 200,
      body: { Running: false, ExitCode: runs.get(named.id ?? '')?.exitCode ?? 0 },
    }),
    'GET /images/json': () => ({ status: 200, body: [] }),
    'GET /events': () => ({ status: 200, body: '' }),
    'GET /system/df': async () => ({ status: 200, body: await usage(dir) }),
    ...pruneRoutes(dir),
  };
}

function pruneRoutes(dir: string): Routes {
  const nothing: Route = () => ({ status: 200, body: { SpaceReclaimed: 0 } });
  return {
    'POST /containers/prune': nothing,
    'POST /networks/prune': nothing,
    'POST /build/prune': nothing,
    'POST /volumes/prune': nothing,
    'POST /images/prune': async () => {
      const reclaimed = Number(await machineAt(dir).read('unused-bytes', '0'));
      await machineAt(dir).write('unused-bytes', null);
      return {
        status: 200,
        body: { ImagesDeleted: reclaimed > 0 ? [{ Deleted: 'unused' }] : [], SpaceReclaimed: reclaimed },
      };
    },
  };
}

async function containersIn(dir: string): Promise<Container[]> {
  const folders = async (path: string) =>
    (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const projects = await folders(dir);
  const found = await Promise.all(
    projects.map(async (project) => {
      const services = await folders(join(dir, project));
      return await Promise.all(services.map((service) => containerAt(join(dir, project, service), project, service)));
    }),
  );
  return found.flat();
}

async function containerAt(dir: string, project: string, service: string): Promise<Container> {
  const machine = machineAt(dir);
  const name = await machine.read('name', `${project}-${service}-1`);
  const id = createHash('sha256').update(name).digest('hex');
  const [state, health] = await Promise.all([machine.read('state', 'running'), machine.read('health', 'healthy')]);
  return { id, name, project, service, machine, state, health };
}

/** Only what was asked for: by label, by part of the name, by state; the running ones without `all`. */
function listed(containers: readonly Container[], query: URLSearchParams) {
  const filters = JSON.parse(query.get('filters') ?? '{}') as Readonly<Record<string, readonly string[] | undefined>>;
  const all = query.get('all') === 'true' || filters.status !== undefined;
  return containers
    .filter(({ state }) => all || state === 'running')
    .filter(({ state }) => filters.status?.includes(state) ?? true)
    .filter(({ name }) => filters.name?.some((part) => name.includes(part)) ?? true)
    .filter((one) => filters.label?.every((label) => hasLabel(labelsOf(one), label)) ?? true)
    .map((one) => ({
      Id: one.id,
      Names: [`/${one.name}`],
      Image: `${one.project}/${one.service}`,
      Command: one.service,
      Created: 1_767_225_600,
      Ports: [],
      Labels: labelsOf(one),
      State: one.state,
      Status: one.state === 'running' ? `Up 3 hours (${one.health})` : 'Exited (137) 2 minutes ago',
    }));
}

function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const [key = '', value] = wanted.split('=');
  return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
}

function labelsOf({ project, service }: Container): Record<string, string> {
  return {
    'com.docker.compose.project': project,
    'com.docker.compose.service': service,
    'com.docker.compose.container-number': '1',
  };
}

function inspected(container: Container) {
  const { id, name, state, health } = container;
  return {
    Id: id,
    Name: `/${name}`,
    State: { Status: state, ExitCode: state === 'running' ? 0 : 137, Health: { Status: health } },
    Config: { Tty: false, Image: `${container.project}/${container.service}`, Labels: labelsOf(container), Env: [] },
    HostConfig: {},
  };
}

async function turn(container: Container, state: 'running' | 'exited'): Promise<Reply> {
  const { machine } = container;
  await machine.write('state', state);
  if (state === 'running') await machine.write('health', null);
  const said = state === 'running' ? ['stopping', 'starting', 'ready for requests'] : ['received SIGTERM', 'stopped'];
  await appendFile(join(machine.dir, 'log'), said.map((line) => `INFO ${container.service} ${line}\n`).join(''));
  return { status: 204, body: null };
}

async function logOf({ machine }: Container, query: URLSearchParams): Promise<Buffer> {
  const text = await machine.read('log');
  if (text === '') return Buffer.alloc(0);
  const { mtimeMs } = await stat(join(machine.dir, 'log'));
  const lines = text.split('\n');
  const timed = lines.map((line, index) => ({ line, at: mtimeMs - (lines.length - 1 - index) * LINE_MS }));
  const since = Number(query.get('since') ?? '0') * 1_000;
  const until = Number(query.get('until') ?? '0') * 1_000 || Number.POSITIVE_INFINITY;
  const kept = timed.filter(({ at }) => at >= since && at <= until).slice(-(Number(query.get('tail')) || lines.length));
  const stamps = query.get('timestamps') === 'true';
  return Buffer.concat(
    kept.map(({ line, at }) => frame(1, `${stamps ? `${new Date(at).toISOString()} ` : ''}${line}\n`)),
  );
}

/** `cpu` and `memory` of the folder are percent of one processor and bytes. */
async function statsOf({ machine }: Container) {
  const [cpu, memory] = [Number(await machine.read('cpu', '3')), Number(await machine.read('memory', '210000000'))];
  const second = 1_000_000_000;
  return {
    cpu_stats: { cpu_usage: { total_usage: second + cpu * 10_000_000 }, system_cpu_usage: 2 * second, online_cpus: 1 },
    precpu_stats: { cpu_usage: { total_usage: second }, system_cpu_usage: second, online_cpus: 1 },
    memory_stats: { usage: memory, limit: 2 * GIGABYTE, stats: {} },
    networks: { eth0: { rx_bytes: 48_000_000, tx_bytes: 12_000_000 } },
    pids_stats: { current: 9 },
  };
}

async function usage(dir: string) {
  const containers = await containersIn(dir);
  const unused = Number(await machineAt(dir).read('unused-bytes', '0'));
  return {
    Images: [
      ...containers.map(() => ({ Containers: 1, Size: GIGABYTE / 4, SharedSize: 0 })),
      ...(unused > 0 ? [{ Containers: 0, Size: unused, SharedSize: 0 }] : []),
    ],
    Containers: containers.map(({ state }) => ({ State: state, SizeRw: 4_096 })),
    Volumes: [],
    BuildCache: [],
  };
}

/** Runs the container's script `exec` with the program and its arguments, in the container's folder. */
async function runInside({ machine }: Container, argv: readonly string[]) {
  const script = join(machine.dir, 'exec');
  const known = await access(script).then(
    () => true,
    () => false,
  );
  if (!known) return { exitCode: 127, stdout: '', stderr: `${argv[0] ?? ''}: not found\n` };
  return await new Promise<{ exitCode: number; stdout: string; stderr: string }>((resolve) => {
    execFile('/bin/sh', [script, ...argv], { cwd: machine.dir, timeout: 30_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ exitCode: code, stdout, stderr });
    });
  });
}

function frame(stream: 1 | 2, text: string): Buffer {
  if (text === '') return Buffer.alloc(0);
  const bytes = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}
