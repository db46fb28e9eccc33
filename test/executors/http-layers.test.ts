import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, vi } from 'vitest';
import { createHttpExecutor } from '../../src/executors/http/http-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { describeLayers, thatChanged } from './escape-layers.ts';
import { attempt } from './harness.ts';

/** Layers are left out here and nowhere else: this file replaces their modules, production code has no switch. */
const off = vi.hoisted(() => new Set<string>());

vi.mock('../../src/analysis/http-effect.ts', async (load) => {
  const real = await load<typeof import('../../src/analysis/http-effect.ts')>();
  const httpEffect: typeof real.httpEffect = (method) =>
    off.has('list of methods') ? { effect: 'read', reasons: [] } : real.httpEffect(method);
  return { ...real, httpEffect };
});
vi.mock('../../src/executors/http/parse-request.ts', async (load) => {
  const real = await load<typeof import('../../src/executors/http/parse-request.ts')>();
  const parseRequest: typeof real.parseRequest = (text) => {
    if (!off.has('list of headers')) return real.parseRequest(text);
    const template = real.parseRequest(text.replace(/^(?=X-HTTP-Method-Override|X-Original-URL)/gmu, 'Let-Through-'));
    const headers = template.headers.map((header) => ({ ...header, name: header.name.replace('Let-Through-', '') }));
    return { ...template, headers };
  };
  return { ...real, parseRequest };
});
vi.mock('../../src/executors/http/bind-path.ts', async (load) => {
  const real = await load<typeof import('../../src/executors/http/bind-path.ts')>();
  const bindPath: typeof real.bindPath = (pieces, values, textOf) =>
    off.has('rule of paths')
      ? pieces.map((piece) => (piece.kind === 'text' ? piece.text : String(values[piece.name]))).join('')
      : real.bindPath(pieces, values, textOf);
  return { ...real, bindPath };
});
vi.mock('../../src/executors/http/address-guard.ts', async (load) => {
  const real = await load<typeof import('../../src/executors/http/address-guard.ts')>();
  const isForbiddenAddress: typeof real.isForbiddenAddress = (address) =>
    !off.has('guard of addresses') && real.isForbiddenAddress(address);
  return { ...real, isForbiddenAddress };
});
vi.mock('../../src/executors/http/same-origin.ts', async (load) => {
  const real = await load<typeof import('../../src/executors/http/same-origin.ts')>();
  const requireSameOrigin: typeof real.requireSameOrigin = (url, base) => {
    if (!off.has('rule of redirects')) real.requireSameOrigin(url, base);
  };
  return { ...real, requireSameOrigin };
});

type Escape = {
  readonly name: string;
  readonly text: string;
  readonly value?: string;
  readonly leadsTo?: readonly string[];
};
const ESCAPES: readonly Escape[] = [
  ...['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((method) => ({ name: method, text: `${method} /items/1` })),
  { name: 'X-HTTP-Method-Override', text: 'GET /items/1\nX-HTTP-Method-Override: DELETE' },
  { name: 'X-Original-URL', text: 'GET /items/1\nX-Original-URL: /admin' },
  { name: 'dot dot', text: 'GET /../admin' },
  { name: 'encoded dots', text: 'GET /%2e%2e/admin' },
  { name: 'another host', text: 'GET @127.0.0.1:ELSEWHERE/' },
  { name: 'a value with dots', text: 'GET /items/${v}', value: '../../admin' },
  { name: 'a redirect to another port', text: 'GET /to-other-port' },
  { name: 'a redirect without scheme', text: 'GET /to-scheme-relative' },
  { name: 'a redirect to a refused address', text: 'GET /to-refused' },
  // on Linux 0.0.0.0 is this machine: the one forbidden address that a test can really reach
  { name: 'a name that leads to a refused address', text: 'GET /items/1', leadsTo: ['0.0.0.0'] },
  { name: 'the same inside IPv6', text: 'GET /items/1', leadsTo: ['::ffff:0.0.0.0'] },
  { name: 'the same as second address', text: 'GET /items/1', leadsTo: ['127.0.0.1', '0.0.0.0'] },
];

/** What really happened behind the executor: changes, what stands outside of the prefix, other hosts, refused addresses. */
const happened = { changed: 0, outside: 0, elsewhere: 0, stolen: 0, refused: 0 };
let api: http.Server;
let elsewhere: http.Server;
const portOf = (server: http.Server) => (server.address() as AddressInfo).port;

beforeAll(async () => {
  elsewhere = http.createServer((request, response) => {
    happened.elsewhere += 1;
    if (request.headers.authorization !== undefined) happened.stolen += 1;
    response.end();
  });
  api = http.createServer((request, response) => {
    const headers = request.headers;
    const url = String(headers['x-original-url'] ?? request.url);
    if (!['GET', 'HEAD'].includes(String(headers['x-http-method-override'] ?? request.method))) happened.changed += 1;
    if (!url.startsWith('/v1/')) happened.outside += 1;
    if (headers.host?.startsWith('metadata.example')) happened.refused += 1;
    const other = portOf(elsewhere);
    const redirects: Readonly<Record<string, string>> = {
      '/v1/to-other-port': `http://127.0.0.1:${other}/`,
      '/v1/to-scheme-relative': `//127.0.0.1:${other}/`,
      '/v1/to-refused': `http://0.0.0.0:${other}/`,
    };
    const location = redirects[url];
    response.writeHead(location === undefined ? 200 : 302, location === undefined ? {} : { location });
    response.end();
  });
  for (const server of [api, elsewhere])
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
});
afterAll(() => {
  for (const server of [api, elsewhere]) {
    server.closeAllConnections();
    server.close();
  }
});

async function run({ text, value, leadsTo }: Escape): Promise<string> {
  const executor = createHttpExecutor({
    clock: systemClock,
    secrets: () => Promise.resolve(new Secret('unused')),
    resolveName: () =>
      Promise.resolve((leadsTo ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))),
  });
  const host = leadsTo === undefined ? '127.0.0.1' : 'metadata.example';
  const options = { baseUrl: `http://${host}:${portOf(api)}/v1` };
  const read = { headers: { authorization: { secret: 'env:TOKEN', prefix: 'Bearer ' } } };
  const target = { name: 'api', executor: 'http', description: null, options, read, write: {} } as const;
  const there = text.replace('ELSEWHERE', String(portOf(elsewhere)));
  const values = value === undefined ? {} : { v: value };
  return await attempt(executor, { text: there, values, target, allowed: 'read' });
}

describeLayers({
  executor: 'http',
  off,
  escapes: ESCAPES,
  layers: [
    { name: 'list of methods', behind: [] },
    { name: 'list of headers', behind: [] },
    { name: 'rule of paths', behind: [] },
    { name: 'rule of redirects', behind: [] },
    { name: 'guard of addresses', behind: [] },
  ],
  attempt: () =>
    thatChanged(ESCAPES, { run, state: () => Promise.resolve({ ...happened }), reset: () => Promise.resolve() }),
});
