import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dockerEffect } from '../../src/analysis/docker-effect.ts';
import type { Effect } from '../../src/domain/effect.ts';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import { createDockerExecutor } from '../../src/executors/docker/docker-executor.ts';
import { Engine } from '../../src/executors/docker/engine.ts';
import { Frames } from '../../src/executors/docker/frames.ts';
import { maskInspection } from '../../src/executors/docker/mask.ts';
import { openTransport, type Spawn, sshArguments } from '../../src/executors/docker/transport.ts';
import { maskCommand } from '../../src/executors/mask-commands.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { type TestEngine, testEngine } from '../support/docker-engine.ts';
import { attempt, execute } from './harness.ts';

const WAIT = ['sh', '-c', 'trap "exit 0" TERM; while true; do sleep 0.2; done'];
const shop = (service: string, number = '1') => ({
  'com.docker.compose.project': 'shop',
  'com.docker.compose.service': service,
  'com.docker.compose.container-number': number,
});
const executorWith = (spawn?: Spawn) =>
  createDockerExecutor({
    clock: systemClock,
    secrets: () => Promise.resolve(new Secret('unused')),
    ...(spawn && { spawn }),
  });
const executor = executorWith();

let engine: TestEngine | null;
let target: TargetDefinition;

beforeAll(async () => {
  engine = await testEngine();
  target = {
    name: 'engine',
    executor: 'docker',
    description: null,
    options: { host: `unix://${engine?.socket ?? '/none'}`, project: 'shop' },
    read: {},
    write: {},
  };
  if (engine === null) return;
  await engine.create({
    name: 'shop-api-1',
    command: [
      'sh',
      '-c',
      'echo started; echo "ERROR no stock" >&2; sleep 0.3; echo 10.0.0.1 ok; echo 10.0.0.1 ok; echo 10.0.0.2 ok; while true; do sleep 0.2; done',
    ],
    env: [
      'DATABASE_URL=postgres://shop:hunter2@db/shop',
      'API_TOKEN=tok-4711',
      'NODE_ENV=production',
      'APP_VERSION=1.2.3',
      'MODE=hidden-too',
    ],
    labels: shop('api'),
  });
  await engine.create({ name: 'shop-worker-1', command: ['sh', '-c', 'echo working; exit 3'], labels: shop('worker') });
  await engine.create({ name: 'shop-db-1', command: WAIT, labels: shop('db') });
  await engine.create({
    name: 'other-api-1',
    command: WAIT,
    labels: { ...shop('api'), 'com.docker.compose.project': 'other' },
  });
  await engine.create({
    name: 'hostile',
    command: ['printf', '<!channel> \\033[31mred\\033[0m ``` *bold* token=ghp_%s\\n', 'a'.repeat(36)],
  });
  await engine.create({ name: 'victim', command: WAIT });
  await engine.create({ name: 'corpse', command: ['true'], stopped: true });
});
afterAll(async () => {
  await engine?.stop();
});

const run = (
  text: string,
  parts: { allowed?: Effect; values?: Record<string, string>; target?: TargetDefinition } = {},
) =>
  execute(executor, {
    text,
    values: parts.values ?? {},
    target: parts.target ?? target,
    allowed: parts.allowed ?? 'read',
  });
/** Skips, loudly, where no engine can run. */
const live = (title: string, body: (engine: TestEngine) => Promise<void>, timeout = 30_000) =>
  it(title, { timeout }, async (context) => {
    if (engine === null) return context.skip('no container engine on this machine');
    await body(engine);
  });

describe('looking at an engine', () => {
  live('lists containers, with rows to ask and lines to filter', async () => {
    const result = await run('docker ps -a --filter name=shop');
    expect(result).toMatchObject({ status: 'ok', value: { row_count: 3 } });
    expect(result.value.rows).toContainEqual(
      expect.objectContaining({ name: 'shop-api-1', state: 'running', service: 'api', project: 'shop' }),
    );
    expect((await run('docker ps | grep victim')).value).toMatchObject({ line_count: 1, rows: [], row_count: 0 });
    expect((await run(`docker ps --format '{{.Names}} {{.State}}' | sort | head -n 1`)).value.stdout).toBe(
      'other-api-1 running',
    );
    expect((await run('docker ps -q')).value.line_count).toBe(4);
  });

  live('shows logs of both streams, bounded, filtered in process', async () => {
    expect((await run('docker logs shop-api-1 --tail 2')).value.stdout).toBe('10.0.0.1 ok\n10.0.0.2 ok\n');
    expect((await run('docker compose logs --since 1h api | grep ERROR')).value.stdout).toBe('ERROR no stock');
    expect(
      (
        await run(
          `docker compose logs --no-log-prefix --tail 1000 api | grep -oE '^[0-9a-fA-F.:]+' | sort | uniq -c | sort -rn | head -n 20`,
        )
      ).value.stdout,
    ).toMatch(/^ +2 10\.0\.0\.1\n(?: +1 E\n)? +1 10\.0\.0\.2$/u);
    const merged = await run('docker compose logs --tail 50');
    expect(merged.value.stdout).toMatch(/^shop-worker-1 \| working$/mu);
    expect(merged.value.stdout).toMatch(/^shop-api-1 {4}\| started$/mu);
  });

  live('inspects without giving away the environment', async () => {
    const result = await run('docker inspect shop-api-1');
    const everything = JSON.stringify(result);
    for (const secret of ['hunter2', 'tok-4711', 'hidden-too']) expect(everything).not.toContain(secret);
    expect(everything).toContain('NODE_ENV=production');
    expect(everything).toContain('API_TOKEN=<secret>');
    expect((await run(`docker inspect --format '{{.State.Status}}' shop-api-1`)).value.stdout).toBe('running');
    const environment = await run(`docker inspect -f '{{json .Config.Env}}' shop-api-1`);
    expect(JSON.stringify(environment)).not.toContain('hunter2');
  });

  live('shows processes, statistics, images, disk use and events', async () => {
    expect((await run('docker top shop-api-1')).value.rows).toContainEqual(
      expect.objectContaining({ container: 'shop-api-1', pid: expect.any(String) }),
    );
    expect((await run('docker stats --no-stream shop-api-1')).value.rows).toEqual([
      expect.objectContaining({ name: 'shop-api-1', cpu_percent: expect.any(Number), memory: expect.any(Number) }),
    ]);
    expect((await run('docker images')).value.stdout).toContain('warroom-busybox');
    expect((await run('docker system df')).value.rows).toContainEqual(
      expect.objectContaining({ type: 'Containers', total: 7 }),
    );
  });

  live('shows the events of the engine: what was restarted a moment ago, and nothing of others', async () => {
    expect(await run('docker restart -t 1 shop-db-1', { allowed: 'change' })).toMatchObject({ status: 'ok' });
    const seen = async (options: string) => {
      const { status, value } = await run(`docker events ${options}`);
      expect(status).toBe('ok');
      return (value.rows as { action: string; name: string; time: string }[]).map(({ action, name }) => [action, name]);
    };
    await expect.poll(() => seen('--since 10m'), { timeout: 10_000 }).toContainEqual(['restart', 'shop-db-1']);
    const all = await seen('--since 10m');
    expect(all).toContainEqual(['create', 'hostile']);
    const filtered = await seen('--since 10m --filter container=shop-db-1 --filter event=restart');
    expect(new Set(filtered.map(String))).toEqual(new Set(['restart,shop-db-1']));
    const [{ time = '' } = {}] = (await run('docker events --since 10m')).value.rows as { time?: string }[];
    expect(Math.abs(Date.now() - Date.parse(time))).toBeLessThan(600_000);
    expect(await seen('--since 20m --until 10m')).toEqual([]);
  });

  live('shows what a hostile container printed without its escapes and tokens', async () => {
    const { output } = await run('docker logs hostile');
    expect(output).toContain('red');
    expect(output).not.toContain('\u001b');
    expect(output).not.toContain('ghp_aaaa');
  });

  live('a container that is not there fails in one sentence', async () => {
    expect(await run('docker logs nobody')).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/^The engine refused docker logs: .*nobody.*\.$/u),
    });
    expect(await run('docker logs ${c}', { values: { c: '../secrets' } })).toMatchObject({
      status: 'refused',
      error: expect.stringContaining('cannot be the name'),
    });
  });
});

describe('compose by labels', () => {
  live('means the project of the target and nothing else', async () => {
    const result = await run('docker compose -f docker-compose.prod.yml ps -a');
    expect((result.value.rows as { name: string }[]).map(({ name }) => name)).toEqual([
      'shop-api-1',
      'shop-db-1',
      'shop-worker-1',
    ]);
    expect(await run('docker compose -p other ps')).toMatchObject({
      status: 'refused',
      error: expect.stringContaining('make a target of it'),
    });
    expect(await run('docker-compose ps nothing')).toMatchObject({
      status: 'refused',
      error: expect.stringContaining('cannot build one from labels'),
    });
  });

  live('finds the project by itself where only one has the service', async () => {
    const open = { ...target, options: { host: target.options.host } };
    expect((await run('docker compose ps db', { target: open })).value.row_count).toBe(1);
    expect(await run('docker compose ps api', { target: open })).toMatchObject({
      status: 'refused',
      error: expect.stringMatching(/other, shop|shop, other/u),
    });
  });

  live('restarts, stops and starts the containers of a service', async () => {
    const result = await run('docker compose restart -t 1 db', { allowed: 'change' });
    expect(result).toMatchObject({
      status: 'ok',
      value: { rows: [{ name: 'shop-db-1', done: 'restart', state: 'running' }] },
    });
    expect((await run('docker compose stop -t 1 db', { allowed: 'change' })).value.rows).toMatchObject([
      { state: 'exited' },
    ]);
    const up = await run('docker compose up -d db', { allowed: 'change' });
    expect(up).toMatchObject({
      status: 'ok',
      value: { rows: [{ name: 'shop-db-1', done: 'start', state: 'running' }] },
    });
    expect(up.warnings?.[0]).toContain('nothing is built');
  });

  live('runs a program in a service, with its exit code', async () => {
    const good = await run(`docker compose exec -T api sh -c 'echo out; echo err >&2'`, { allowed: 'change' });
    expect(good).toMatchObject({ status: 'ok', value: { stdout: 'out\n', stderr: 'err\n', exit_code: 0 } });
    const bad = await run('docker compose exec -T api sh -c "exit 7"', { allowed: 'change' });
    expect(bad).toMatchObject({
      status: 'failed',
      value: { exit_code: 7 },
      error: expect.stringContaining('exit code 7'),
    });
  });

  live('runs a second container like one that exists, and leaves none behind', async (live_) => {
    const before = await live_.state();
    const result = await run('docker compose run --rm api sh -c "echo $MODE; echo done"'.replace('$MODE', 'once'), {
      allowed: 'change',
    });
    expect(result).toMatchObject({ status: 'ok', value: { stdout: 'once\ndone\n', exit_code: 0 } });
    expect(await live_.state()).toEqual(before);
  });
});

describe('prune', () => {
  live('needs a destructive step, then says what it took', async (live_) => {
    expect(await attempt(executor, { text: 'docker container prune -f', values: {}, target, allowed: 'change' })).toBe(
      'effect_exceeded',
    );
    await live_.create({ name: 'rubbish', command: ['true'], stopped: true, labels: { rubbish: 'yes' } });
    const result = await run('docker container prune -f --filter label=rubbish=yes', { allowed: 'destructive' });
    expect(result).toMatchObject({ status: 'ok', value: { rows: [{ what: 'containers', deleted: 1 }] } });
    expect((await run('docker ps -a | grep -c corpse')).value.stdout).toBe('1');
  });
});

/** Every one of these would change, or hand out more than it should. */
const ESCAPES = [
  'docker exec victim touch /tmp/x',
  'docker stop victim',
  'docker kill victim',
  'docker restart victim',
  'docker start corpse',
  'docker rm -f victim',
  'docker rmi warroom-busybox',
  'docker container rm victim',
  'docker container prune -f',
  'docker system prune -af --volumes',
  'docker volume prune -f',
  'docker image prune -a',
  'docker run --rm -v /:/host warroom-busybox sh',
  'docker create warroom-busybox',
  'docker cp victim:/etc/passwd -',
  'docker build .',
  'docker commit victim x',
  'docker update --restart=no victim',
  'docker rename victim x',
  'docker pause victim',
  'docker attach victim',
  'docker export victim',
  'docker import x',
  'docker load',
  'docker save warroom-busybox',
  'docker tag a b',
  'docker push a',
  'docker pull a',
  'docker login',
  'docker network rm x',
  'docker volume create x',
  'docker secret ls',
  'docker secret inspect x',
  'docker config inspect x',
  'docker swarm leave',
  'docker node inspect self',
  'docker service ls',
  'docker plugin ls',
  'docker context use x',
  'docker inspect --type secret x',
  'docker inspect --type volume x',
  'docker inspect ../secrets/x',
  'docker inspect victim/../../secrets/x',
  'docker inspect victim%2f..%2f..%2fsecrets',
  'docker inspect victim?x=y',
  'docker logs victim/../victim/stop',
  'docker logs -f victim',
  'docker top victim -o pid,args',
  'docker --host unix:///var/run/other.sock ps',
  'docker -H tcp://other ps',
  'docker --context other ps',
  'docker ps; docker stop victim',
  'docker ps && docker stop victim',
  'docker ps $(docker stop victim)',
  'docker ps\ndocker stop victim',
  'docker ps | sh',
  'docker ps | tee /tmp/x',
  'docker ps | xargs docker stop',
  'docker compose up -d',
  'docker compose down',
  'docker compose down -v',
  'docker compose rm -f',
  'docker compose kill',
  'docker compose exec api sh',
  'docker compose run --rm api sh',
  'docker compose cp api:/x .',
  'docker compose build',
  'docker compose pull',
  'docker compose config',
  'docker compose -p other stop',
  'docker-compose stop',
  'podman ps',
  'stop victim',
];

describe('what a reading docker step cannot do', () => {
  live(`none of ${ESCAPES.length} attempts changes the engine or reads a secret`, async (live_) => {
    const before = await live_.state();
    const outcomes = new Map<string, string>();
    for (const text of ESCAPES)
      outcomes.set(text, await attempt(executor, { text, values: {}, target, allowed: 'read' }));
    for (const [text, outcome] of outcomes)
      expect(outcome, text).toMatch(/^(?:not_read_only|statement_invalid|refused|value_refused)$/u);
    expect(await live_.state()).toEqual(before);
  });

  it.each([
    { text: 'docker logs ${v}', v: '-f' },
    { text: 'docker logs --tail ${v} victim', v: '--follow' },
    { text: 'docker ${v} victim', v: 'stop' },
    { text: 'docker compose ${v}', v: 'down' },
    { text: '${v} ps', v: 'docker' },
    { text: 'docker lo${v} victim', v: 'gs' },
    { text: 'docker ps | ${v}', v: 'sh' },
  ])('a value cannot become a verb, an option or a program: $text with $v', async ({ text, v }) => {
    expect(['value_refused', 'statement_invalid', 'placeholder_unbindable']).toContain(
      await attempt(executor, { text, values: { v }, target, allowed: 'read' }),
    );
  });

  live('the second layer stops at the wire whatever the first one took a command for', async (live_) => {
    const open = await openTransport({
      host: `unix://${live_.socket}`,
      project: null,
      ca: null,
      knownHosts: null,
      identity: null,
      certificate: null,
      key: null,
      headers: {},
    });
    const reading = new Engine(open, { allowed: 'read', signal: AbortSignal.timeout(10_000) });
    const before = await live_.state();
    const requests = [
      ['POST', '/containers/victim/stop'],
      ['POST', '/containers/victim/exec'],
      ['POST', '/containers/prune'],
      ['DELETE', '/containers/victim'],
      ['GET', '/containers/victim/archive'],
      ['GET', '/containers/victim/export'],
      ['GET', '/secrets'],
      ['GET', '/secrets/x'],
      ['GET', '/configs/x'],
      ['GET', '/v1.41/containers/json'],
      ['GET', '/containers/json/../../secrets'],
      ['GET', '/containers/../secrets/json'],
      ['GET', '/containers/victim/json\r\nX: y'],
      ['GET', '/containers/victim/attach/ws'],
      ['POST', '/build'],
      ['POST', '/images/create'],
    ] as const;
    for (const [method, path] of requests)
      await expect(reading.json({ method, path }), `${method} ${path}`).rejects.toMatchObject({
        code: 'not_read_only',
      });
    expect(await live_.state()).toEqual(before);
    // control: with that layer open, the first of these requests goes through
    const changing = new Engine(open, { allowed: 'change', signal: AbortSignal.timeout(10_000) });
    await changing.json({ method: 'POST', path: '/containers/victim/stop', query: { t: '1' } });
    expect(await live_.state()).not.toEqual(before);
    await changing.json({ method: 'POST', path: '/containers/victim/start' });
    // and a change still builds, copies and deletes nothing
    for (const [method, path] of [
      ['POST', '/build'],
      ['DELETE', '/containers/victim'],
      ['GET', '/containers/victim/archive'],
      ['POST', '/volumes/prune'],
    ] as const)
      await expect(changing.json({ method, path })).rejects.toMatchObject({ code: 'request_refused' });
  });
});

describe('the effect of a docker command', () => {
  it.each<[string, Effect]>([
    ['docker ps | grep postgres', 'read'],
    ['docker logs auto-broker-postgres-1 --tail 100', 'read'],
    ['docker compose logs --no-log-prefix --since 2m nginx', 'read'],
    ['docker stats --no-stream ${api_container}', 'read'],
    ['docker-compose restart api worker', 'change'],
    ['docker compose exec -T api python -c "import gc; gc.collect()"', 'change'],
    ['docker exec db psql -c "DROP TABLE orders"', 'destructive'],
    ['docker exec api rm -rf /data', 'destructive'],
    ['docker system prune -a --volumes -f', 'destructive'],
    ['docker swarm leave', 'change'],
  ])('%s is %s', async (text, effect) => expect((await analyseStatement('docker', text))?.effect).toBe(effect));

  it('does not read what it does not know', async () => {
    await expect(dockerEffect(['docker', 'ps', '--unheard-of'])).rejects.toMatchObject({ code: 'statement_invalid' });
  });
});

describe('the way to an engine', () => {
  live('goes through ssh with a pinned host and no questions', async (live_) => {
    const started: string[][] = [];
    const spawn: Spawn = (program, args) => {
      started.push([program, ...args]);
      return net.connect(live_.socket);
    };
    const behind = {
      ...target,
      options: { host: 'ssh://deploy@shop.example:2222', knownHosts: '/etc/warroom/known_hosts', project: 'shop' },
    };
    const result = await execute(executorWith(spawn), {
      text: 'docker compose ps',
      values: {},
      target: behind,
      allowed: 'read',
    });
    expect(result).toMatchObject({ status: 'ok', value: { row_count: 2 } });
    expect(started[0]?.join(' ')).toMatch(
      /^ssh -T .*StrictHostKeyChecking=yes .*UserKnownHostsFile=\/etc\/warroom\/known_hosts -p 2222 -l deploy -- shop\.example docker system dial-stdio$/u,
    );
  });

  it('gives ssh no option through a host name', () => {
    const place = {
      project: null,
      ca: null,
      knownHosts: null,
      identity: null,
      certificate: null,
      key: null,
      headers: {},
    };
    expect(executor.checkTarget({ ...target, options: { host: 'ssh://-oProxyCommand=id' } })).not.toEqual([]);
    expect(sshArguments({ ...place, host: 'ssh://shop.example' }).slice(-3)).toEqual([
      '--',
      'shop.example',
      'docker system dial-stdio',
    ]);
  });

  it('means unknown when a change was sent and the engine went away', async () => {
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        const body = '{"Id":"abc","Name":"/victim","Config":{}}';
        if (data.toString().startsWith('GET'))
          socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
        else socket.destroy();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    const far = { ...target, options: { host: `tcp://127.0.0.1:${port}` } };
    expect(await run('docker stop victim', { target: far, allowed: 'change' })).toMatchObject({ status: 'unknown' });
    const odd = await run('docker ps', { target: far });
    expect(odd).toMatchObject({ status: 'failed', error: expect.stringContaining('not what the Engine API promises') });
    server.close();
  });
});

describe('masks and frames', () => {
  it.each([
    ['psql postgres://me:hunter2@db/x', 'psql postgres://me:<secret>@db/x'],
    ['app --password=hunter2 --port 1', 'app --password=<secret> --port 1'],
    ['app --api-key hunter2', 'app --api-key <secret>'],
    ['PGPASSWORD=hunter2 psql', 'PGPASSWORD=<secret> psql'],
    ['node server.js --port 3000', 'node server.js --port 3000'],
  ])('%s is shown as %s', (text, shown) => expect(maskCommand(text)).toBe(shown));

  it('masks what inspect knows in every place', () => {
    const masked = maskInspection({
      Config: {
        Env: ['A=hunter2', 'PATH=/bin'],
        Cmd: ['app', '--token', 'hunter2'],
        Labels: { 'my.secret': 'hunter2', note: 'fine' },
      },
      HostConfig: { LogConfig: { Config: { 'splunk-token': 'hunter2' } } },
      Args: ['--password=hunter2'],
    });
    expect(JSON.stringify(masked)).not.toContain('hunter2');
    expect(JSON.stringify(masked)).toContain('PATH=/bin');
    expect(JSON.stringify(masked)).toContain('fine');
  });

  it('puts streams together however they are cut', () => {
    const frame = (stream: number, text: string) => {
      const head = Buffer.alloc(8);
      head[0] = stream;
      head.writeUInt32BE(Buffer.byteLength(text), 4);
      return Buffer.concat([head, Buffer.from(text)]);
    };
    const whole = Buffer.concat([frame(1, 'é1\n'), frame(2, 'err\n'), frame(1, '漢')]);
    for (let size = 1; size <= whole.length; size += 1) {
      const frames = new Frames(false);
      for (let at = 0; at < whole.length; at += size) frames.add(whole.subarray(at, at + size));
      expect(frames.finish()).toEqual({ stdout: 'é1\n漢', stderr: 'err\n', both: 'é1\nerr\n漢' });
    }
    // A line, and a secret in it, stays whole when the other stream speaks in the middle of it.
    const frames = new Frames(false);
    for (const [stream, text] of [
      [1, 'tulip-'],
      [2, 'half a warn'],
      [1, 'harbour\nnext'],
      [2, 'ing\n'],
    ] as const)
      frames.add(frame(stream, text));
    expect(frames.finish().both).toBe('tulip-harbour\nhalf a warning\nnext');
    expect(() => new Frames(false).add(Buffer.from('plain text, no frame'))).toThrow(/not in frames/u);
  });
});
