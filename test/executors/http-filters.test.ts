import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Effect } from '../../src/domain/effect.ts';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import { createHttpExecutor } from '../../src/executors/http/http-executor.ts';
import { createProbeExecutor } from '../../src/executors/probe/probe-executor.ts';
import { createPromqlExecutor } from '../../src/executors/promql/promql-executor.ts';
import { createSqlExecutor } from '../../src/executors/sql/sql-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { UserError } from '../../src/lib/errors.ts';
import { Secret } from '../../src/lib/secret.ts';
import { execute } from './harness.ts';

const STATS = {
  status: 'ok',
  jobs: [
    { id: 1, failed: true },
    { id: 2, failed: false },
  ],
  token: 8_675_309_123,
};
const seen: { method: string; url: string; body: string }[] = [];
let server: http.Server;
let target: TargetDefinition;

const executor = createHttpExecutor({
  clock: systemClock,
  secrets: () => Promise.resolve(new Secret('8675309123')),
  resolveName: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
});

beforeAll(async () => {
  server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    seen.push({ method: request.method ?? '', url: request.url ?? '', body });
    const path = request.url ?? '';
    response.setHeader('x-cache', 'MISS');
    if (path.startsWith('/metrics')) response.end('# HELP x\ncache_hits 3\ncache_misses 1\ndb_pool 9\n');
    else if (path.startsWith('/html')) response.end('<html>maintenance</html>');
    else if (path.startsWith('/binary')) response.end(Buffer.from([0, 255, 254]));
    else {
      response.setHeader('content-type', 'application/json');
      response.statusCode = path.startsWith('/broken') ? 503 : 200;
      response.end(JSON.stringify(STATS));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  target = {
    name: 'api',
    executor: 'http',
    description: null,
    options: { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    read: { headers: { 'x-key': { secret: 'env:KEY' } } },
    write: { headers: { 'x-key': { secret: 'env:KEY' } } },
  };
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => seen.splice(0));

const source = (text: string, allowed: Effect = 'read', values = {}) => ({ text, target, allowed, values });
const run = (text: string, allowed: Effect = 'read', values = {}) =>
  execute(executor, source(text, allowed, values), { secrets: () => Promise.resolve(new Secret('8675309123')) });
const codeOf = async (text: string, values = {}): Promise<string> => {
  try {
    await executor.placeholders(text);
    await executor.prepare(source(text, 'change', values));
    return 'ok';
  } catch (error) {
    if (error instanceof UserError) return error.code;
    throw error;
  }
};

describe('an answer behind filters', () => {
  it('is filtered as curl would have printed it, and its status stays on top', async () => {
    const result = await run('GET /metrics | grep cache | head -1');
    expect(result).toMatchObject({ status: 'ok', error: null });
    expect(result.output).toMatch(/^HTTP 200 in \d+ ms\n\ncache_hits 3$/u);
    expect(seen).toEqual([{ method: 'GET', url: '/metrics', body: '' }]);
  });

  it('goes through jq, also when each filter stands on a line of its own among the headers', async () => {
    const text = [
      'GET /stats HTTP/1.1',
      `| jq -r '.jobs[] | select(.failed) | .id'`,
      'Accept: application/json',
      '| head -n 3',
    ].join('\n');
    expect((await run(text)).value).toMatchObject({ text: '1', status: 200 });
    expect((await executor.prepare(source(text))).display).toBe(
      `GET /stats | jq -r '.jobs[] | select(.failed) | .id' | head -n 3\nAccept: application/json`,
    );
  });

  it('leaves status, headers and body to expect, and gives it the filtered text beside them', async () => {
    const { value } = await run('GET /stats | jq .status');
    expect(value).toMatchObject({ status: 200, body: { status: 'ok' }, headers: { 'x-cache': 'MISS' }, text: '"ok"' });
    expect((await run('GET /stats')).value).not.toHaveProperty('text');
  });

  it('shows the headers to the filters of a HEAD request', async () => {
    expect((await run('HEAD /stats | grep -i x-cache')).value).toMatchObject({ text: 'x-cache: MISS' });
  });

  it('is shown whole when it is an error', async () => {
    const result = await run('GET /broken | jq .jobs');
    expect(result).toMatchObject({ status: 'failed', error: 'The target answered 503.', value: { text: '' } });
    expect(result.output).toContain('"status": "ok"');
  });

  it('is masked before a filter could take a secret apart, and stays JSON', async () => {
    expect((await run('GET /stats | jq -c .token')).value).toMatchObject({ text: '"<secret>"' });
    expect((await run('GET /stats | cut -c 1-400')).output).not.toContain('8675309');
  });

  it('fails a read that cannot be filtered, and warns behind a change that has happened', async () => {
    expect(await run('GET /html | jq .a')).toMatchObject({ status: 'failed', error: expect.stringContaining('no') });
    expect(await run('GET /binary | head')).toMatchObject({
      status: 'failed',
      error: 'The answer is not text, so it cannot be filtered: take the filter away.',
    });
    const changed = await run('POST /html | jq .a\n\n{"a":1}', 'change');
    expect(changed).toMatchObject({ status: 'ok', error: null });
    expect(changed.output).toContain('maintenance');
    expect(changed.warnings).toEqual([expect.stringContaining('The command was carried out')]);
  });

  it('never confuses a filter with a body', async () => {
    await run('POST /stats | jq .status\nContent-Type: text/plain\n\nfirst | second\n| third', 'change');
    expect(seen.at(-1)?.body).toBe('first | second\n| third');
    expect(await codeOf('POST /stats\nContent-Type: text/plain\n\nbody\n| jq .id')).toBe('statement_invalid');
    await expect(executor.placeholders('POST /stats\n\n{}\n| jq .id')).rejects.toThrow(/stands in the body/u);
  });

  it('takes a | without a space before it for a part of the path, as before', async () => {
    await run('GET /metrics?match=a|b');
    expect(seen.at(-1)?.url).toBe('/metrics?match=a%7Cb');
  });

  it('binds values as arguments and covers the filters with the hash', async () => {
    const text = "GET /stats | jq -r --arg id ${id} '.jobs[] | select(.id == ($id | tonumber)) | .failed'";
    expect(await executor.placeholders(text)).toEqual(['id']);
    expect((await run(text, 'read', { id: 2 })).value).toMatchObject({ text: 'false' });
    const [one, two] = await Promise.all([1, 2].map((id) => executor.prepare(source(text, 'read', { id }))));
    expect(one?.canonical).not.toEqual(two?.canonical);
    expect(await codeOf("GET /stats | jq '.jobs[${id}]'", { id: 1 })).toBe('placeholder_unbindable');
  });

  it.each([
    'GET /stats | sh',
    'GET /stats | tee /tmp/x',
    'GET /stats | jq . > /tmp/x',
    'GET /stats | jq . && id',
    'GET /stats | grep -r x /etc',
    'GET /stats | sort -o /tmp/x',
    'GET /stats | uniq in out',
    'GET /stats | head /etc/passwd',
    'GET /stats | xargs rm',
    'GET /stats |',
    'GET /stats || true',
    'GET /stats | jq $(id)',
  ])('%s is an error: a filter reads nothing else and writes nothing', async (text) => {
    expect(await codeOf(text)).toBe('statement_invalid');
    expect(seen).toEqual([]);
  });

  it('has the effect of its request, whatever stands behind it', async () => {
    expect((await analyseStatement('http', 'GET /stats | jq .'))?.effect).toBe('read');
    expect((await analyseStatement('http', 'DELETE /stats | jq .'))?.effect).toBe('destructive');
    expect((await analyseStatement('http', 'POST /stats | head'))?.effect).toBe('change');
  });
});

describe('statements that choose by themselves', () => {
  it.each([
    ['sql', 'select id from jobs | head -5', /WHERE|LIMIT/u],
    ['sql', "select name from jobs\n| grep -i 'a'", /WHERE|LIMIT/u],
    ['promql', 'up | head -5', /topk/u],
    ['probe', 'dns | head -1', /expect/u],
  ] as const)('%s: %s is refused with what to write instead', async (language, text, advice) => {
    const use = { clock: systemClock, secrets: () => Promise.resolve(new Secret('unused')) };
    const resolveName = () => Promise.resolve([]);
    const executors = {
      sql: createSqlExecutor({ ...use, embedded: undefined }),
      promql: createPromqlExecutor({ ...use, resolveName }),
      probe: createProbeExecutor({ ...use, resolveName }),
    };
    await expect(executors[language].placeholders(text)).rejects.toThrow(advice);
  });
});
