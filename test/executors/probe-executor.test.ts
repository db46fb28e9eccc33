import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { type ResolveName, resolveBySystem } from '../../src/executors/http/send-request.ts';
import { type RunPing, readPing, systemPing } from '../../src/executors/probe/ping-probe.ts';
import { createProbeExecutor } from '../../src/executors/probe/probe-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type Issued, issueCertificate } from '../support/certificates.ts';
import { ipv4, startNameServer, text } from '../support/name-server.ts';
import { attempt, execute } from './harness.ts';

const DAY = 86_400_000;
const days = (from: number, until: number) => ({
  from: new Date(Date.now() + from * DAY),
  until: new Date(Date.now() + until * DAY + 3_600_000),
});
const servers: net.Server[] = [];
const received: Buffer[] = [];
let dir: string;
let authority: Issued;
let names: Awaited<ReturnType<typeof startNameServer>>;
let target: TargetDefinition;

async function listen(server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return (server.address() as AddressInfo).port;
}
const secure = (issued: Issued, options: tls.TlsOptions = {}) =>
  listen(
    tls.createServer({ cert: issued.cert, key: issued.key, ...options }, (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => received.push(chunk));
    }),
  );
const executorWith = (parts: { resolveName?: ResolveName; runPing?: RunPing } = {}) =>
  createProbeExecutor({ clock: systemClock, resolveName: resolveBySystem, ...parts });
const run = (statement: string, parts: Partial<TargetDefinition> = {}, executor = executorWith()) =>
  execute(executor, { text: statement, values: {}, target: { ...target, ...parts }, allowed: 'read' });

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'warroom-probe-'));
  authority = issueCertificate({ name: 'Test authority', authority: true, ...days(-10, 100) });
  await writeFile(path.join(dir, 'ca.pem'), authority.cert);
  names = await startNameServer((type, name) => {
    if (type === 'A' && ['host.test', 'www.host.test'].includes(name)) return [ipv4('127.0.0.1')];
    if (type === 'A' && name === 'metadata.test') return [ipv4('127.0.0.1'), ipv4('169.254.169.254')];
    if (type === 'TXT' && name === '_dmarc.host.test') return [text(`v=DMARC1; p=reject; ${'x'.repeat(300)}`)];
    if (type === 'TXT' && name === 'hostile.host.test') return [text('<!channel> \u001b[2J *bold*')];
    return null;
  });
  target = {
    name: 'edge',
    executor: 'probe',
    description: null,
    options: { host: 'host.test', resolver: names.address, ca: path.join(dir, 'ca.pem') },
    read: {},
    write: null,
  };
});
afterAll(async () => {
  for (const server of servers) server.close();
  await names.stop();
  await rm(dir, { recursive: true, force: true });
});

describe('a probe of names', () => {
  it('gives the addresses of the host', async () => {
    expect(await run('dns')).toMatchObject({ status: 'ok', value: { name: 'host.test', addresses: ['127.0.0.1'] } });
  });
  it('gives records of a name below it, long texts in one piece', async () => {
    const result = await run('dns TXT _dmarc');
    expect(result.value.records).toEqual([`v=DMARC1; p=reject; ${'x'.repeat(300)}`]);
  });
  it('fails with a value where there is no such name, so that `expect` can be asked', async () => {
    const result = await run('dns', { options: { host: 'nowhere.test', resolver: names.address } });
    expect(result).toMatchObject({
      status: 'failed',
      value: { addresses: [] },
      error: expect.stringMatching(/not known/u),
    });
  });
  it('asks the machine where the target names no resolver', async () => {
    const executor = executorWith({ resolveName: () => Promise.resolve([{ address: '203.0.113.7', family: 4 }]) });
    const result = await run('dns', { options: { host: 'host.test' } }, executor);
    expect(result.value.addresses).toEqual(['203.0.113.7']);
  });
  it('shows what a name server says without its control characters', async () => {
    const result = await run('dns TXT hostile');
    expect(result.output).not.toContain('\u001b');
    expect(JSON.stringify(result.value)).not.toContain('\\u001b');
  });
});

describe('a probe of ports', () => {
  it('tells an open port from a closed one, and sends nothing', async () => {
    const port = await listen(net.createServer((socket) => socket.on('data', (chunk) => received.push(chunk))));
    expect(await run(`tcp ${port}`)).toMatchObject({ status: 'ok', value: { open: true, address: '127.0.0.1', port } });
    expect(await run('tcp 1')).toMatchObject({
      status: 'failed',
      value: { open: false },
      error: expect.stringContaining('ECONNREFUSED'),
    });
    expect(received).toEqual([]);
  });
});

describe('a probe of TLS', () => {
  it('reads dates, names, the chain as it was sent and the protocol of a certificate that is in order', async () => {
    const middle = issueCertificate({ name: 'Middle', authority: true, by: authority, ...days(-10, 50) });
    const issued = issueCertificate({
      name: 'host.test',
      names: ['host.test', '*.host.test'],
      by: middle,
      ...days(-1, 20),
    });
    const port = await secure({ ...issued, cert: issued.cert + middle.cert });
    const result = await run(`tls ${port}`);
    expect(result).toMatchObject({
      status: 'ok',
      value: {
        open: true,
        days_left: 20,
        trusted: true,
        name_matches: true,
        names: ['host.test', '*.host.test'],
        issuer: 'CN=Middle',
        protocol: 'TLSv1.3',
        problems: [],
      },
    });
    expect((result.value.chain as { subject: string }[]).map(({ subject }) => subject)).toEqual([
      'CN=host.test',
      'CN=Middle',
    ]);
    expect(received).toEqual([]);
  });

  it.each([
    { title: 'expired', parts: days(-30, -2), names: ['host.test'], says: 'expired on', days: -2 },
    { title: 'not valid yet', parts: days(2, 30), names: ['host.test'], says: 'valid only from', days: 30 },
    { title: 'for another name', parts: days(-1, 30), names: ['other.test'], says: 'not for host.test', days: 30 },
  ])('fails with all figures for a certificate that is $title', async ({ parts, names: own, says, days: left }) => {
    const port = await secure(issueCertificate({ name: 'host.test', names: own, by: authority, ...parts }));
    const result = await run(`tls ${port}`);
    expect(result).toMatchObject({
      status: 'failed',
      value: { days_left: left, open: true },
      error: expect.stringContaining(says),
    });
  });

  it('does not trust a certificate that nobody known signed, and still tells about it', async () => {
    const port = await secure(issueCertificate({ name: 'host.test', names: ['host.test'], ...days(-1, 30) }));
    expect(await run(`tls ${port}`)).toMatchObject({
      status: 'failed',
      value: { trusted: false, name_matches: true, days_left: 30 },
      error: expect.stringContaining('not trusted'),
    });
  });

  it('sees an old protocol, and asks for the name that the target gives', async () => {
    const issued = issueCertificate({
      name: 'www.host.test',
      names: ['www.host.test'],
      by: authority,
      ...days(-1, 30),
    });
    const asked: string[] = [];
    const port = await secure(issued, {
      maxVersion: 'TLSv1.2',
      SNICallback: (name, done) => {
        asked.push(name);
        done(null);
      },
    });
    const result = await run(`tls ${port}`, { options: { ...target.options, servername: 'www.host.test' } });
    expect(result).toMatchObject({ status: 'ok', value: { protocol: 'TLSv1.2', name_matches: true } });
    expect(asked).toEqual(['www.host.test']);
  });

  it('says so where a port does not speak TLS', async () => {
    const port = await listen(net.createServer((socket) => socket.on('error', () => undefined).end('220 mail\r\n')));
    expect(await run(`tls ${port}`)).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('does not speak TLS'),
    });
  });
});

describe('a probe by ping', () => {
  const IPUTILS =
    '3 packets transmitted, 2 received, 33.3333% packet loss, time 2003ms\nrtt min/avg/max/mdev = 0.031/0.052/0.074/0.021 ms';
  const BUSYBOX =
    '3 packets transmitted, 3 packets received, 0% packet loss\nround-trip min/avg/max = 0.045/0.063/0.081 ms';
  const MACOS =
    '3 packets transmitted, 3 packets received, 0.0% packet loss\nround-trip min/avg/max/stddev = 1.5/2.5/3.5/0.1 ms';

  it.each([
    { text: IPUTILS, figures: { sent: 3, received: 2, loss: 1 / 3, rtt_ms: 0.052 } },
    { text: BUSYBOX, figures: { sent: 3, received: 3, loss: 0, rtt_ms: 0.063 } },
    { text: MACOS, figures: { sent: 3, received: 3, loss: 0, rtt_ms: 2.5 } },
    { text: '', figures: { sent: 3, received: 0, loss: 1, rtt_ms: null } },
  ])('reads the figures of $text', ({ text: printed, figures }) => expect(readPing(printed, 3)).toEqual(figures));

  it('gives the program one checked address and nothing else', async () => {
    const calls: string[][] = [];
    const runPing: RunPing = (args) => {
      calls.push([...args]);
      return Promise.resolve(IPUTILS);
    };
    const result = await run('ping', {}, executorWith({ runPing }));
    expect(result).toMatchObject({ status: 'ok', value: { received: 2, address: '127.0.0.1' } });
    expect(calls).toEqual([['-n', '-c', '3', '-W', '2', '127.0.0.1']]);
  });

  it('says what to do where there is no ping, and fails where nothing comes back', async () => {
    expect((await run('ping', {}, executorWith({ runPing: () => Promise.resolve(null) }))).error).toContain(
      'iputils-ping',
    );
    expect(await run('ping 3', {}, executorWith({ runPing: () => Promise.resolve('') }))).toMatchObject({
      status: 'failed',
      value: { received: 0 },
    });
  });

  it('really pings this machine', async (context) => {
    if ((await systemPing(['-n', '-c', '1', '-W', '1', '127.0.0.1'], AbortSignal.timeout(3_000))) === null) {
      if (process.env.CI) throw new Error('CI has to install iputils-ping');
      context.skip('there is no ping on this machine: apt-get install iputils-ping');
    }
    expect(await run('ping 1')).toMatchObject({ status: 'ok', value: { sent: 1, received: 1 } });
  });
});

describe('what a probe cannot do', () => {
  it.each([
    'tcp 443 DELETE',
    'tcp other.test:22',
    'tcp other.test 22',
    'tcp 0',
    'tcp 65536',
    'tcp -1',
    'tcp 22; reboot',
    'tcp $(id)',
    'tls 443 | tee file',
    'dns @169.254.169.254',
    'dns A other.test.',
    'dns A -x',
    'dns AXFR',
    'dns ANY',
    'ping -f',
    'ping 99999',
    'ping 3 other.test',
    'http 80',
    'exec sh',
    '',
  ])('%j is refused before anything is sent', async (statement) => {
    const before = names.asked.length;
    const source = { text: statement, values: {}, target, allowed: 'read' } as const;
    expect(await attempt(executorWith(), source)).toBe('statement_invalid');
    expect(names.asked.length).toBe(before);
  });

  it.each(['-c', '22 DELETE', 'a.b.', '../x', 'other.test:22', '0', 'x y', '0x16', '٤٤٣'])(
    'the value %j is refused as a port',
    async (v) => {
      const source = { text: 'tcp ${v}', values: { v }, target, allowed: 'read' } as const;
      expect(await attempt(executorWith(), source)).toBe('value_refused');
    },
  );

  it.each(['dns', 'tcp 80', 'tls 443', 'ping'])(
    '%s never reaches an address that hands out credentials',
    async (statement) => {
      const asked: string[][] = [];
      const runPing: RunPing = (args) => Promise.resolve(asked.push([...args]) > 0 ? '' : '');
      for (const options of [{ host: 'metadata.test', resolver: names.address }, { host: 'metadata.test' }]) {
        const resolveName: ResolveName = () => Promise.resolve([{ address: '::ffff:169.254.169.254', family: 6 }]);
        const result = await run(statement, { options }, executorWith({ resolveName, runPing }));
        // looking a name up contacts nobody but the name server
        expect(result.status).toBe(statement === 'dns' ? 'ok' : 'refused');
      }
      expect(asked).toEqual([]);
    },
  );

  it('control: without the guard the metadata address would have been the next to be contacted', async () => {
    const result = await run('dns', { options: { host: 'metadata.test', resolver: names.address } });
    expect(result.value.addresses).toContain('169.254.169.254');
  });
});
