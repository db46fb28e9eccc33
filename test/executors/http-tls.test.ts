import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { createHttpExecutor } from '../../src/executors/http/http-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { issueCertificate } from '../support/certificates.ts';
import { execute } from './harness.ts';

const executor = createHttpExecutor({
  clock: systemClock,
  secrets: () => Promise.resolve(new Secret('the harness gives its own')),
  resolveName: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
});
let dir = '';
let seen: http.IncomingHttpHeaders[] = [];
const servers: http.Server[] = [];
let address = '';
let port = 0;
let elsewhere = '';

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'warroom-http-tls-'));
  const [from, until] = [new Date(Date.now() - 3_600_000), new Date(Date.now() + 86_400_000)];
  const authority = issueCertificate({ name: 'web-ca', authority: true, from, until });
  const own = issueCertificate({ name: 'web', names: ['api.shop.example'], by: authority, from, until });
  await writeFile(path.join(dir, 'ca.pem'), authority.cert);
  const other = http.createServer((request, response) => {
    seen.push(request.headers);
    response.end('elsewhere');
  });
  const secure = https.createServer({ key: own.key, cert: own.cert }, (request, response) => {
    seen.push(request.headers);
    if (request.url === '/away') response.writeHead(302, { location: elsewhere });
    response.end('ok');
  });
  for (const server of [other, secure]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
  }
  elsewhere = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
  port = (secure.address() as AddressInfo).port;
  address = `https://api.shop.example:${port}`;
});
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await rm(dir, { recursive: true, force: true });
});

const run = (text: string, options: Record<string, unknown>) => {
  seen = [];
  const target: TargetDefinition = {
    name: 'api',
    executor: 'http',
    description: null,
    options,
    read: { headers: { authorization: { secret: 'env:LOGIN', prefix: 'Basic ' } } },
    write: null,
  };
  return execute(executor, { text, values: {}, target, allowed: 'read' });
};
const ca = () => path.join(dir, 'ca.pem');

describe('an HTTP target with TLS', () => {
  it('is asked when the target names its authority, with the login of its credential', async () => {
    expect(await run('GET /', { baseUrl: address, ca: ca() })).toMatchObject({ status: 'ok', value: { body: 'ok' } });
    expect(seen[0]?.authorization).toBe('Basic value-of-env:LOGIN');
  });

  it('is not asked, and gets no login, with a certificate that nobody known has signed', async () => {
    const result = await run('GET /', { baseUrl: address });
    expect(result).toMatchObject({ status: 'failed', error: expect.stringMatching(/certificate/iu) });
    expect(seen).toEqual([]);
  });

  it('is not asked with a certificate for another name', async () => {
    const result = await run('GET /', { baseUrl: `https://127.0.0.1:${port}`, ca: ca() });
    expect(result).toMatchObject({ status: 'failed', error: expect.stringMatching(/altnames|does not match/iu) });
    expect(seen).toEqual([]);
  });

  it('is not followed to another host, which gets no login', async () => {
    const result = await run('GET /away', { baseUrl: address, ca: ca() });
    expect(result).toMatchObject({ status: 'failed', error: expect.stringContaining('redirects to') });
    expect(seen).toHaveLength(1);
  });

  it('says when the file of the authority is not there', async () => {
    const result = await run('GET /', { baseUrl: address, ca: path.join(dir, 'nothing.pem') });
    expect(result).toMatchObject({ status: 'refused', error: expect.stringContaining('options.ca') });
  });
});
