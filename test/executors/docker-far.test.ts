import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { createDockerExecutor } from '../../src/executors/docker/docker-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { type TestEngine, testEngine } from '../support/docker-engine.ts';
import { type EngineOverSsh, type EngineOverTls, engineOverSsh, engineOverTls } from '../support/docker-far.ts';
import { execute, runContext } from './harness.ts';

const WAIT = ['sh', '-c', 'trap "exit 0" TERM; while true; do sleep 0.2; done'];
const executor = createDockerExecutor({
  clock: systemClock,
  secrets: () => Promise.reject(new Error('each run gives its own')),
});

let engine: TestEngine | null;
let overTls: EngineOverTls | null = null;
let overSsh: EngineOverSsh | null = null;

beforeAll(async () => {
  engine = await testEngine();
  if (engine === null) return;
  await engine.create({ name: 'box', command: WAIT });
  await engine.create({ name: 'prey', command: WAIT });
  await engine.create({
    name: 'talker',
    command: ['sh', '-c', 'echo to the log; echo to the error log >&2; sleep 60'],
  });
  overTls = await engineOverTls(engine.socket);
  overSsh = await engineOverSsh(engine.socket);
}, 120_000);
afterAll(async () => {
  await overTls?.stop();
  await overSsh?.stop();
  await engine?.stop();
});

type Place = {
  readonly options: Readonly<Record<string, unknown>>;
  readonly credential: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, string>>;
};

const certificate = { certificate: { secret: 'file:/cert' }, key: { secret: 'file:/key' } };
const keysOf = (pair: { certificate: string; key: string }) => ({
  'file:/cert': pair.certificate,
  'file:/key': pair.key,
});
const tlsPlace = (way: EngineOverTls): Place => ({
  options: { host: way.host, ca: way.ca },
  credential: certificate,
  secrets: keysOf(way.client),
});
const sshPlace = (way: EngineOverSsh): Place => ({
  options: { host: way.host, knownHosts: way.knownHosts },
  credential: { identity: way.identity },
});

function statementAt({ options, credential, secrets = {} }: Place, text: string) {
  const target: TargetDefinition = {
    ...{ name: 'engine', executor: 'docker', description: null },
    ...{ options, read: credential, write: credential },
  };
  return {
    source: { text, values: {}, target, allowed: 'destructive' as const },
    use: { secrets: (name: string) => Promise.resolve(new Secret(secrets[name] ?? 'unknown')) },
  };
}

function at(place: Place, text: string) {
  const { source, use } = statementAt(place, text);
  return execute(executor, source, use);
}

/** The way, or the test is skipped where the engine or sshd is missing (which is an error in CI). */
function have<T>(way: T | null, context: TestContext): T {
  if (way === null) context.skip('the engine or sshd is not on this machine');
  return way as T;
}

describe.each<[string, number, () => Place | null]>([
  ['TLS with client certificates', 40, () => overTls && tlsPlace(overTls)],
  ['a real sshd', 41, () => overSsh && sshPlace(overSsh)],
])('a real engine behind %s', (_way, seconds, find) => {
  it('is listed, logged, executed in and restarted', async (context) => {
    const place = have(find(), context);
    expect((await at(place, 'docker ps')).value.stdout).toContain('talker');
    expect(await at(place, 'docker logs talker')).toMatchObject({
      status: 'ok',
      value: { stdout: 'to the log\nto the error log\n' },
    });
    expect(await at(place, `docker exec box sh -c 'echo out; echo err >&2; exit 3'`)).toMatchObject({
      status: 'failed',
      value: { stdout: 'out\n', stderr: 'err\n', exit_code: 3 },
    });
    const before = await engine?.state();
    expect(await at(place, 'docker restart -t 2 prey')).toMatchObject({ status: 'ok', error: null });
    expect(await engine?.state()).not.toEqual(before);
  });

  it('is left at once when a step is cancelled, which says what may go on', async (context) => {
    const { source, use } = statementAt(have(find(), context), `docker exec box sleep ${seconds}`);
    const cancel = new AbortController();
    const statement = await executor.prepare(source);
    const running = statement.run(runContext({ ...use, signal: cancel.signal, timeoutMs: 60_000 }));
    await expect
      .poll(async () => (await engine?.call('GET', '/containers/box/top'))?.body, { timeout: 20_000 })
      .toContain(`sleep ${seconds}`);
    const started = performance.now();
    cancel.abort();
    const result = await running;
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(result).toMatchObject({ status: 'unknown', error: expect.stringContaining('may go on') });
  });
});

describe('a way that is not the right one is told in one sentence, and nothing reaches the engine', () => {
  const LOOK = 'docker restart -t 1 prey';

  async function refused(place: Place): Promise<string | null> {
    const before = await engine?.state();
    const result = await at(place, LOOK);
    expect(result.status).toBe('failed');
    expect(await engine?.state()).toEqual(before);
    return result.error;
  }

  it('a certificate that another authority signed, or one that is not named at all', async (context) => {
    const way = have(overTls, context);
    const sentence = `The engine of target engine cannot be asked at ${way.host}: its certificate is signed by no authority that is trusted here; name the right file in \`options.ca\`.`;
    const sent = way.received();
    expect(await refused({ ...tlsPlace(way), options: { host: way.host, ca: way.otherCa } })).toBe(sentence);
    expect(await refused({ ...tlsPlace(way), options: { host: way.host } })).toBe(sentence);
    expect(way.received()).toBe(sent);
  });

  it('a certificate for another name', async (context) => {
    const way = have(overTls, context);
    const host = way.host.replace('localhost', '127.0.0.1');
    expect(await refused({ ...tlsPlace(way), options: { host, ca: way.ca } })).toBe(
      `The engine of target engine cannot be asked at ${host}: its certificate is for another name; write the host as the certificate has it, or have it made anew.`,
    );
  });

  it('no client certificate', async (context) => {
    const way = have(overTls, context);
    expect(await refused({ ...tlsPlace(way), credential: {} })).toBe(
      `The engine of target engine cannot be asked at ${way.host}: it asks for a client certificate; give the credential \`certificate\` and \`key\`.`,
    );
  });

  it('a client certificate that the engine does not know', async (context) => {
    const way = have(overTls, context);
    // This server closes without a word; dockerd says so. Either way it is a sentence.
    expect(await refused({ ...tlsPlace(way), secrets: keysOf(way.stranger) })).toMatch(
      /^The engine of target engine [^\n]+: [^\n]+\.$/u,
    );
  });

  it('another host key, or one that nobody has looked at', async (context) => {
    const way = have(overSsh, context);
    const sentence = `The engine of target engine cannot be asked at ${way.host}: its host key is not among the known ones; ask whoever runs the machine, then correct the file of \`options.knownHosts\`.`;
    for (const knownHosts of [way.wrongHosts, way.noHosts])
      expect(await refused({ ...sshPlace(way), options: { host: way.host, knownHosts } })).toBe(sentence);
  });

  it('a key that may not enter', async (context) => {
    const way = have(overSsh, context);
    expect(await refused({ ...sshPlace(way), credential: { identity: way.stranger } })).toBe(
      `The engine of target engine cannot be asked at ${way.host}: ssh was not let in; correct \`identity\` of the credential, or the user in \`options.host\`.`,
    );
  });
});

it('a change whose connection breaks is unknown, never taken for done', async (context) => {
  const way = have(overSsh, context);
  const { source, use } = statementAt(sshPlace(way), 'docker exec box sleep 31');
  const running = (await executor.prepare(source)).run(runContext({ ...use, timeoutMs: 60_000 }));
  await expect
    .poll(async () => (await engine?.call('GET', '/containers/box/top'))?.body, { timeout: 20_000 })
    .toContain('sleep 31');
  way.cut();
  expect(await running).toMatchObject({
    status: 'unknown',
    error: expect.stringMatching(/connection broke|may or may not/u),
  });
});

it('a program whose end the engine has forgotten is unknown, because it ran', async (context) => {
  const real = have(engine, context);
  const forgetful = net.createServer((near) => {
    const far = net.connect(real.socket);
    for (const end of [near, far]) end.on('error', () => [near, far].forEach((each) => void each.destroy()));
    near.once('data', (first: Buffer) => {
      if (/^GET \/exec\/\w+\/json /u.test(first.toString())) {
        const body = '{"message":"no such exec session"}';
        near.end(`HTTP/1.1 404 Not Found\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
        return;
      }
      far.write(first);
      near.pipe(far).pipe(near);
    });
  });
  const path = `${real.socket}.forgetful`;
  await new Promise<void>((resolve) => forgetful.listen(path, resolve));
  const result = await at({ options: { host: `unix://${path}` }, credential: {} }, 'docker exec box touch /tmp/done');
  expect(result).toMatchObject({
    status: 'unknown',
    error: expect.stringContaining('it has forgotten how the program ended'),
  });
  await new Promise((resolve) => forgetful.close(resolve));
});
