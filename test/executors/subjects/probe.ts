import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import type { TargetDefinition } from '../../../src/domain/system.ts';
import { resolveBySystem } from '../../../src/executors/http/send-request.ts';
import { createProbeExecutor } from '../../../src/executors/probe/probe-executor.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { issueCertificate } from '../../support/certificates.ts';
import { ipv4, startNameServer, text } from '../../support/name-server.ts';
import type { ContractSetup } from '../contract.ts';

const LABELS =
  /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$/u;

/** A host with a name server, a TLS port with a certificate of many names, and a port that says nothing. */
export const probe: ContractSetup = async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'warroom-probe-'));
  const now = Date.now();
  const dates = { from: new Date(now - 86_400_000), until: new Date(now + 30 * 86_400_000) };
  const authority = issueCertificate({ name: 'Test authority', authority: true, ...dates });
  await writeFile(path.join(dir, 'ca.pem'), authority.cert);
  const names = [
    'host.test',
    'FIRST.test',
    ...Array.from({ length: 300 }, (_, n) => `shop-number-${n}.example.test`),
    'LAST.test',
  ];
  const issued = issueCertificate({ name: 'host.test', names, by: authority, ...dates });
  let received = 0;
  const secure = tls.createServer({ cert: issued.cert, key: issued.key }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
  });
  const silent = net.createServer((socket) => socket.on('error', () => undefined).on('data', () => undefined));
  for (const server of [secure, silent]) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const portOf = (server: net.Server) => (server.address() as AddressInfo).port;
  const dns = await startNameServer((type, name) =>
    type === 'TXT' ? [text(`text of ${name}`)] : type === 'A' && name === 'host.test' ? [ipv4('127.0.0.1')] : null,
  );
  const target: TargetDefinition = {
    name: 'edge',
    executor: 'probe',
    description: null,
    options: { host: 'host.test', resolver: dns.address, ca: path.join(dir, 'ca.pem') },
    read: {},
    write: null,
  };
  return {
    subject: {
      executor: createProbeExecutor({ clock: systemClock, resolveName: resolveBySystem }),
      target,
      credentials: 'none',
      onlyReads: true,
      effect: 'read',
      echo: { text: 'dns TXT ${value}', read: (value) => String(value.name).slice(0, -'.host.test'.length) },
      refuses: (value) => !LABELS.test(value) || value.length > 200,
      slow: `tls ${portOf(silent)}`,
      large: `tls ${portOf(secure)}`,
      change: `tcp ${portOf(secure)} DELETE`,
      state: () => Promise.resolve(received),
      unreachable: { ...target, options: { host: 'host.test', resolver: '127.0.0.1:1' } },
      badTargets: [
        { ...target, options: {} },
        { ...target, options: { host: 'https://host.test' } },
        { ...target, options: { host: 'host.test:443' } },
        { ...target, options: { host: 'host.test', resolver: 'dns.test' } },
        { ...target, read: { password: 'plain' } },
      ],
      variants: [
        { text: 'dns A ${value}' },
        { target: { ...target, options: { host: 'other.test' } } },
        { target: { ...target, options: { host: 'host.test', resolver: '127.0.0.1:2' } } },
      ],
    },
    stop: async () => {
      secure.close();
      silent.close();
      await dns.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
};
