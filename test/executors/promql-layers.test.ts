import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, vi } from 'vitest';
import { createPromqlExecutor } from '../../src/executors/promql/promql-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { describeLayers, thatChanged } from './escape-layers.ts';
import { attempt } from './harness.ts';

/** Layers are left out here and nowhere else: this file replaces their modules, production code has no switch. */
const off = vi.hoisted(() => new Set<string>());

vi.mock('../../src/analysis/promql-effect.ts', async (load) => {
  const real = await load<typeof import('../../src/analysis/promql-effect.ts')>();
  const promqlEffect: typeof real.promqlEffect = (text) =>
    off.has('look at the expression') ? { effect: 'read', reasons: [] } : real.promqlEffect(text);
  return { ...real, promqlEffect };
});
vi.mock('../../src/executors/promql/parse-query.ts', async (load) => {
  const real = await load<typeof import('../../src/executors/promql/parse-query.ts')>();
  const bindQuery: typeof real.bindQuery = (template, values) => {
    if (!off.has('values in quotes')) return real.bindQuery(template, values);
    const sent = template.pieces
      .map((piece) => (piece.kind === 'text' ? piece.text : `"${String(values[piece.name])}"`))
      .join('');
    return { sent, shown: sent, bound: [] };
  };
  return { ...real, bindQuery };
});
vi.mock('../../src/executors/http/send-request.ts', async (load) => {
  const real = await load<typeof import('../../src/executors/http/send-request.ts')>();
  // without fixed endpoints the text itself says where it goes, as in an `http` step
  const sendRequest: typeof real.sendRequest = (request) => {
    const text = request.url.searchParams.get('query') ?? '';
    const [, method, place] = /^(?<method>[A-Z]+) (?<place>\/\S+)$/u.exec(text) ?? [];
    return off.has('fixed endpoints') && method !== undefined && place !== undefined
      ? real.sendRequest({ ...request, method, url: new URL(place, request.url) })
      : real.sendRequest(request);
  };
  return { ...real, sendRequest };
});
vi.mock('../../src/executors/http/address-guard.ts', async (load) => {
  const real = await load<typeof import('../../src/executors/http/address-guard.ts')>();
  const isForbiddenAddress: typeof real.isForbiddenAddress = (address) =>
    !off.has('guard of addresses') && real.isForbiddenAddress(address);
  return { ...real, isForbiddenAddress };
});

type Escape = {
  readonly name: string;
  readonly text: string;
  readonly value?: string;
  readonly leadsTo?: string;
};
const ESCAPES: readonly Escape[] = [
  { name: 'delete_series', text: 'POST /api/v1/admin/tsdb/delete_series?match[]=up' },
  { name: 'clean_tombstones', text: 'POST /api/v1/admin/tsdb/clean_tombstones' },
  { name: 'snapshot', text: 'PUT /api/v1/admin/tsdb/snapshot' },
  { name: 'reload', text: 'POST /-/reload' },
  { name: 'quit', text: 'PUT /-/quit' },
  { name: 'a value that ends its quotes', text: 'up{job=${v}}', value: 'a"} or vector(1) or up{job="b' },
  { name: 'a value that adds a matcher', text: 'up{job=${v}}', value: 'a", tenant!="mine' },
  { name: 'a name that leads to a refused address', text: 'up', leadsTo: '0.0.0.0' },
];

/** What really happened behind the executor: work of the admin API, questions that nobody approved, refused addresses. */
const happened = { changed: 0, widened: 0, refused: 0 };
let server: http.Server;

beforeAll(async () => {
  server = http.createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://prometheus');
    const query = url.searchParams.get('query') ?? '';
    if (!url.pathname.startsWith('/api/v1/query') || request.method !== 'GET') happened.changed += 1;
    if (url.searchParams.has('match[]')) happened.changed += 1;
    if (/^up\{/u.test(query) && !/^up\{job="(?:[^"\\]|\\.)*"\}$/u.test(query)) happened.widened += 1;
    if (request.headers.host?.startsWith('metadata.example')) happened.refused += 1;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result: [] } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function run({ text, value, leadsTo }: Escape): Promise<string> {
  const executor = createPromqlExecutor({
    clock: systemClock,
    secrets: () => Promise.resolve(new Secret('unused')),
    resolveName: () => Promise.resolve([{ address: leadsTo ?? '127.0.0.1', family: 4 }]),
  });
  const host = leadsTo === undefined ? '127.0.0.1' : 'metadata.example';
  const options = { baseUrl: `http://${host}:${(server.address() as AddressInfo).port}` };
  const target = { name: 'metrics', executor: 'promql', description: null, options, read: {}, write: null } as const;
  const values = value === undefined ? {} : { v: value };
  return await attempt(executor, { text, values, target, allowed: 'read' });
}

describeLayers({
  executor: 'promql',
  off,
  escapes: ESCAPES,
  layers: [
    { name: 'look at the expression', behind: ['fixed endpoints'] },
    { name: 'fixed endpoints', behind: [] },
    { name: 'values in quotes', behind: [] },
    { name: 'guard of addresses', behind: [] },
  ],
  attempt: () =>
    thatChanged(ESCAPES, { run, state: () => Promise.resolve({ ...happened }), reset: () => Promise.resolve() }),
});
