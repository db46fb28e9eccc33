import net, { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, vi } from 'vitest';
import { createProbeExecutor } from '../../src/executors/probe/probe-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { describeLayers, thatChanged } from './escape-layers.ts';
import { attempt } from './harness.ts';

/** Layers are left out here and nowhere else: this file replaces their modules, production code has no switch. */
const { off, asked } = vi.hoisted(() => ({ off: new Set<string>(), asked: { host: '' } }));

vi.mock('../../src/executors/probe/parse-probe.ts', async (load) => {
  const real = await load<typeof import('../../src/executors/probe/parse-probe.ts')>();
  const readProbe: typeof real.readProbe = (words, fromValue) => {
    if (!off.has('forms of a probe')) return real.readProbe(words, fromValue);
    const [kind, first = '', second = ''] = words;
    asked.host = second;
    if (kind === 'ping') return { kind, count: first as unknown as number };
    return { kind: 'tcp', port: Number(first) };
  };
  return { ...real, readProbe };
});
vi.mock('../../src/executors/probe/names.ts', async (load) => {
  const real = await load<typeof import('../../src/executors/probe/names.ts')>();
  const hostAddresses: typeof real.hostAddresses = async (lookup) =>
    off.has('host of the target') && asked.host !== '' ? [asked.host] : await real.hostAddresses(lookup);
  return { ...real, hostAddresses };
});
vi.mock('../../src/executors/http/address-guard.ts', async (load) => {
  const real = await load<typeof import('../../src/executors/http/address-guard.ts')>();
  const isForbiddenAddress: typeof real.isForbiddenAddress = (address) =>
    !off.has('guard of addresses') && real.isForbiddenAddress(address);
  return { ...real, isForbiddenAddress };
});

type Escape = { readonly name: string; readonly text: string; readonly leadsTo?: readonly string[] };
const ESCAPES: readonly Escape[] = [
  { name: 'tcp to another host', text: 'tcp ELSEWHERE 127.0.0.2' },
  { name: 'tls to another host', text: 'tls ELSEWHERE 127.0.0.2' },
  { name: 'a flood', text: 'ping -f' },
  { name: 'a ping without end', text: 'ping 99999' },
  // on Linux 0.0.0.0 is this machine: the one forbidden address that a test can really reach
  { name: 'tcp to a refused address', text: 'tcp REFUSED', leadsTo: ['0.0.0.0'] },
  { name: 'tcp to a refused address inside IPv6', text: 'tcp REFUSED', leadsTo: ['::ffff:0.0.0.0'] },
  { name: 'tls to a refused address', text: 'tls REFUSED', leadsTo: ['0.0.0.0'] },
  { name: 'a ping of a refused address', text: 'ping 1', leadsTo: ['127.0.0.1', '169.254.169.254'].reverse() },
];

/** Connections that really came in at places where no probe belongs, and what the machine's ping was told beside `ping 3`. */
const happened = { elsewhere: 0, refused: 0, pings: 0 };
const servers: net.Server[] = [];
let elsewhere = 0;
let refused = 0;

async function listen(host: string, count: () => void): Promise<number> {
  const server = net.createServer((socket) => {
    count();
    socket.on('error', () => undefined).end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, () => resolve()));
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  elsewhere = await listen('127.0.0.2', () => {
    happened.elsewhere += 1;
  });
  refused = await listen('127.0.0.1', () => {
    happened.refused += 1;
  });
});
afterAll(() => {
  for (const server of servers) server.close();
});

async function run({ text, leadsTo }: Escape): Promise<string> {
  const executor = createProbeExecutor({
    clock: systemClock,
    resolveName: () =>
      Promise.resolve((leadsTo ?? ['127.0.0.1']).map((address) => ({ address, family: net.isIP(address) }))),
    runPing: (args) => {
      const told = args.join(' ');
      if (told !== '-n -c 3 -W 2 127.0.0.1') happened.pings += 1;
      return Promise.resolve('');
    },
  });
  const target = {
    name: 'edge',
    executor: 'probe',
    description: null,
    options: { host: 'host.test' },
    read: {},
    write: null,
  } as const;
  const there = text.replace('ELSEWHERE', String(elsewhere)).replace('REFUSED', String(refused));
  asked.host = '';
  const before = happened.elsewhere + happened.refused;
  const outcome = await attempt(executor, { text: there, values: {}, target, allowed: 'read' });
  // a connection that was made is seen a moment later by who listens
  if (outcome === 'ok') await vi.waitUntil(() => happened.elsewhere + happened.refused > before, 5_000);
  return outcome;
}

describeLayers({
  executor: 'probe',
  off,
  escapes: ESCAPES,
  layers: [
    { name: 'forms of a probe', behind: [] },
    { name: 'host of the target', behind: ['forms of a probe'] },
    { name: 'guard of addresses', behind: [] },
  ],
  attempt: () =>
    thatChanged(ESCAPES, { run, state: () => Promise.resolve({ ...happened }), reset: () => Promise.resolve() }),
});
