import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { isForbiddenAddress, isPrivateAddress } from '../../src/executors/http/address-guard.ts';
import { createHttpExecutor } from '../../src/executors/http/http-executor.ts';
import type { ResolveName } from '../../src/executors/http/send-request.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { attempt, execute } from './harness.ts';

type Seen = { method: string; url: string; headers: http.IncomingHttpHeaders; body: string };

const seen: Seen[] = [];
const stolen: Seen[] = [];
let api: http.Server;
let elsewhere: http.Server;
let target: TargetDefinition;

const listen = async (handler: http.RequestListener) => {
  const server = http.createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};
const portOf = (server: http.Server) => (server.address() as AddressInfo).port;
const record = async (into: Seen[], request: http.IncomingMessage) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  into.push({
    method: request.method ?? '',
    url: request.url ?? '',
    headers: request.headers,
    body: Buffer.concat(chunks).toString(),
  });
};

const local: ResolveName = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
const executorWith = (resolveName: ResolveName) =>
  createHttpExecutor({ clock: systemClock, secrets: () => Promise.resolve(new Secret('unused')), resolveName });
const executor = executorWith(local);

beforeAll(async () => {
  elsewhere = await listen(async (request, response) => {
    await record(stolen, request);
    response.end('stolen');
  });
  api = await listen(async (request, response) => {
    await record(seen, request);
    const path = request.url ?? '';
    const other = `http://127.0.0.1:${portOf(elsewhere)}/`;
    const redirects: Record<string, string> = {
      '/v1/to-other-port': other,
      '/v1/to-scheme-relative': `//127.0.0.1:${portOf(elsewhere)}/`,
      '/v1/to-metadata': 'http://169.254.169.254/latest/meta-data/',
      '/v1/to-file': 'file:///etc/passwd',
      '/v1/to-user': `http://user@127.0.0.1:${portOf(api)}/v1/end`,
      '/v1/to-same': '/v1/end',
      '/v1/loop': '/v1/loop',
    };
    const location = redirects[path];
    if (location !== undefined) response.writeHead(302, { location });
    if (path === '/v1/bomb') response.write(Buffer.alloc(8 * 1024 * 1024, 'x'));
    if (path === '/v1/packed') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      return void response.end(gzipSync('{"stock":7}'));
    }
    if (path === '/v1/packed-bomb') {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      return void response.end(gzipSync(Buffer.alloc(50_000_000, ' ')));
    }
    if (path === '/v1/drip') {
      const drops = setInterval(() => response.write('.'), 20);
      return void response.on('close', () => clearInterval(drops));
    }
    if (path === '/v1/broken') return void request.socket.destroy();
    if (path === '/v1/gateway') response.writeHead(504);
    if (path === '/v1/missing') response.writeHead(404, { 'content-type': 'application/json' });
    response.end(path === '/v1/missing' ? '{"error":"nothing here"}' : 'end');
  });
  target = {
    name: 'api',
    executor: 'http',
    description: null,
    options: { baseUrl: `http://127.0.0.1:${portOf(api)}/v1` },
    read: { headers: { authorization: { secret: 'env:TOKEN', prefix: 'Bearer ' } } },
    write: {},
  };
});

afterAll(() => {
  for (const server of [api, elsewhere]) {
    server.closeAllConnections();
    server.close();
  }
});

beforeEach(() => {
  seen.length = 0;
  stolen.length = 0;
});

describe('what a reading HTTP step cannot do', () => {
  it.each([
    { name: 'absolute address', text: 'GET http://169.254.169.254/latest/meta-data/', why: 'another host' },
    { name: 'scheme-relative address', text: 'GET //169.254.169.254/', why: 'another host' },
    { name: 'backslash host', text: 'GET /\\169.254.169.254/', why: 'a URL parser reads \\ as /' },
    { name: 'user information', text: 'GET @169.254.169.254/', why: 'what stands before becomes a user name' },
    { name: 'port glued on', text: 'GET :9999/', why: 'another port' },
    { name: 'dot dot', text: 'GET /../admin', why: 'leaves the prefix' },
    { name: 'dot dot in the middle', text: 'GET /a/../../admin', why: 'leaves the prefix' },
    { name: 'encoded dots', text: 'GET /%2e%2e/admin', why: 'decoded by the URL parser' },
    { name: 'half encoded dots', text: 'GET /.%2E/admin', why: 'decoded by the URL parser' },
    { name: 'encoded slash and dots', text: 'GET /..%2fadmin', why: 'decoded by a server' },
    { name: 'doubly encoded', text: 'GET /%252e%252e/admin', why: 'decoded twice by a chain of servers' },
    { name: 'encoded backslash', text: 'GET /..%5cadmin', why: 'decoded by a server' },
    { name: 'dots with a parameter', text: 'GET /..;/admin', why: 'Tomcat drops what follows ;' },
    { name: 'fragment', text: 'GET /a#b', why: 'cuts what follows' },
    { name: 'tab in the path', text: 'GET /a\tb', why: 'removed by URL parsers' },
    { name: 'method in lower case', text: 'delete /a', why: 'case does not matter to some servers' },
    { name: 'unknown method', text: 'PROPFIND /a', why: 'nobody reviewed it' },
    { name: 'CONNECT', text: 'CONNECT other:443', why: 'a tunnel' },
    { name: 'TRACE', text: 'TRACE /', why: 'mirrors credentials' },
    { name: 'POST', text: 'POST /a', why: 'changes' },
    { name: 'DELETE', text: 'DELETE /a', why: 'destroys' },
    { name: 'method override', text: 'GET /a\nX-HTTP-Method-Override: DELETE', why: 'a GET that deletes' },
    { name: 'X-Method-Override', text: 'GET /a\nX-Method-Override: DELETE', why: 'a GET that deletes' },
    { name: 'Host', text: 'GET /a\nHost: internal', why: 'another virtual host' },
    { name: 'X-Forwarded-Host', text: 'GET /a\nX-Forwarded-Host: internal', why: 'another virtual host' },
    { name: 'X-Original-URL', text: 'GET /a\nX-Original-URL: /admin', why: 'another path' },
    { name: 'Transfer-Encoding', text: 'GET /a\nTransfer-Encoding: chunked', why: 'request smuggling' },
    { name: 'Content-Length', text: 'GET /a\nContent-Length: 9', why: 'request smuggling' },
    { name: 'Authorization', text: 'GET /a\nAuthorization: Basic eA==', why: 'another identity' },
    { name: 'Upgrade', text: 'GET /a\nUpgrade: websocket', why: 'leaves HTTP' },
    { name: 'body of a GET', text: 'GET /a\n\n{"query":"mutation"}', why: 'some servers obey it' },
    { name: 'two requests', text: 'GET /a\n\n###\nDELETE /b', why: 'the second one too' },
    { name: 'header folding', text: 'GET /a\nAccept: a\n  X-Evil: b', why: 'a header in a header' },
  ])('$name is refused before anything is sent: $why', async ({ text }) => {
    expect(['statement_invalid', 'not_read_only']).toContain(
      await attempt(executor, { text, values: {}, target, allowed: 'read' }),
    );
    expect([...seen, ...stolen]).toEqual([]);
  });

  it.each([
    { text: 'GET /items/${v}', v: '../admin' },
    { text: 'GET /items/${v}', v: '..' },
    { text: 'GET /items/${v}', v: 'a/b' },
    { text: 'GET /items/${v}', v: '..\\admin' },
    { text: 'GET /items/${v}', v: '' },
    { text: 'GET /items/${v}', v: '.' },
    { text: 'GET /items/a\nX-Tag: ${v}', v: 'a\r\nX-Evil: 1' },
    { text: 'GET /items/a\nX-Tag: ${v}', v: 'a\nX-Evil: 1' },
    { text: 'GET /items/a\nX-Tag: ${v}', v: 'ü' },
  ])('the value $v is refused in $text', async ({ text, v }) => {
    expect(await attempt(executor, { text, values: { v }, target, allowed: 'read' })).toBe('value_refused');
    expect(seen).toEqual([]);
  });

  it.each([
    { v: '?admin=1', url: '/v1/items/%3Fadmin%3D1' },
    { v: '#x', url: '/v1/items/%23x' },
    { v: '%2e%2e', url: '/v1/items/%252e%252e', refused: true },
    { v: ';jsession=1', url: '/v1/items/%3Bjsession%3D1' },
    { v: 'é 漢', url: '/v1/items/%C3%A9%20%E6%BC%A2' },
    { v: '@host:1', url: '/v1/items/%40host%3A1' },
  ])('the value $v stays inside its path segment', async ({ v, url, refused }) => {
    const outcome = await attempt(executor, { text: 'GET /items/${v}', values: { v }, target, allowed: 'read' });
    expect(outcome).toBe(refused ? 'statement_invalid' : 'ok');
    expect(seen.map((request) => request.url)).toEqual(refused ? [] : [url]);
  });

  it.each(['to-other-port', 'to-scheme-relative', 'to-metadata', 'to-file', 'to-user'])(
    'a redirect %s is not followed, and the credential goes nowhere else',
    async (path) => {
      const result = await execute(executor, { text: `GET /${path}`, values: {}, target, allowed: 'read' });
      expect(result).toMatchObject({ status: 'failed', error: expect.stringMatching(/is not the target/u) });
      expect(seen).toHaveLength(1);
      expect(stolen).toEqual([]);
    },
  );

  it('a redirect on the same origin is followed for GET, three times at most', async () => {
    expect((await execute(executor, { text: 'GET /to-same', values: {}, target, allowed: 'read' })).value.status).toBe(
      200,
    );
    expect((await execute(executor, { text: 'GET /loop', values: {}, target, allowed: 'read' })).status).toBe('failed');
    expect(seen.filter(({ url }) => url === '/v1/loop')).toHaveLength(4);
  });

  it('a redirect of a changing request is shown, never followed', async () => {
    const result = await execute(executor, { text: 'POST /to-same', values: {}, target, allowed: 'change' });
    expect(result).toMatchObject({ status: 'ok', value: { status: 302 } });
    expect(seen).toHaveLength(1);
  });

  it.each([
    '169.254.169.254',
    '100.100.100.200',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
    'fe80::1',
    '0.0.0.0',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::a9fe:a9fe',
    '::ffff:0:169.254.169.254',
    '2001:0:4136:e378:8000:63bf:5601:5601',
    '::',
  ])('a name that leads to %s is refused, also behind a good address', async (address) => {
    const named = { ...target, options: { baseUrl: `http://api.example:${portOf(api)}/v1` } };
    for (const answers of [[address], ['127.0.0.1', address]]) {
      const rebinding = executorWith(() =>
        Promise.resolve(answers.map((item) => ({ address: item, family: item.includes(':') ? 6 : 4 }))),
      );
      const result = await execute(rebinding, { text: 'GET /end', values: {}, target: named, allowed: 'read' });
      expect(result).toMatchObject({ status: 'refused', error: expect.stringContaining('hand out credentials') });
    }
    expect(seen).toEqual([]);
  });

  it.each([
    'http://2852039166/',
    'http://0xa9.0xfe.0xa9.0xfe/',
    'http://0251.0376.0251.0376/',
    'http://[::ffff:169.254.169.254]/',
    'http://0/',
  ])('a target does not hide such an address as %s', (baseUrl) => {
    expect(executor.checkTarget({ ...target, options: { baseUrl } })).toEqual([
      expect.stringContaining('as people read it'),
    ]);
  });

  it('a target may name such an address as it is always written', () => {
    expect(executor.checkTarget({ ...target, options: { baseUrl: 'http://169.254.169.254/latest' } })).toEqual([]);
  });

  it('a name that changes its address between check and use, or between redirects, is asked only once', async () => {
    const named = { ...target, options: { baseUrl: `http://api.example:${portOf(api)}/v1` } };
    let asked = 0;
    const rebinding = executorWith(() => {
      asked += 1;
      return Promise.resolve([{ address: asked === 1 ? '127.0.0.1' : '169.254.169.254', family: 4 }]);
    });
    const result = await execute(rebinding, { text: 'GET /to-same', values: {}, target: named, allowed: 'read' });
    expect(result.status).toBe('ok');
    expect(asked).toBe(1);
  });

  it('an endless answer is cut off', async () => {
    const result = await execute(executor, { text: 'GET /bomb', values: {}, target, allowed: 'read' });
    expect(result).toMatchObject({ status: 'failed', error: expect.stringContaining('larger than') });
  });

  it('an answer that somebody packed is read, and one that grows without end is cut off', async () => {
    const packed = await execute(executor, { text: 'GET /packed', values: {}, target, allowed: 'read' });
    expect(packed).toMatchObject({ status: 'ok', value: { body: { stock: 7 } } });
    const bomb = await execute(executor, { text: 'GET /packed-bomb', values: {}, target, allowed: 'read' });
    expect(bomb).toMatchObject({ status: 'failed', error: expect.stringContaining('larger than') });
  });

  it('an answer that drips without end ends at the time limit', async () => {
    const result = await execute(
      executor,
      { text: 'GET /drip', values: {}, target, allowed: 'read' },
      { timeoutMs: 300 },
    );
    expect(result).toMatchObject({ status: 'timeout', error: expect.stringContaining('the connection was closed') });
  });
});

describe('a request as editors write it', () => {
  const get = (text: string, values = {}) => execute(executor, { text, values, target, allowed: 'read' });

  it('has a query over several lines, comments and several headers', async () => {
    const text =
      '# how many are left\nGET /items\n    ?shop=${shop}\n    &limit=5 HTTP/1.1\n// in German\nAccept-Language: de\nX-Reason: ${why}\n';
    await get(text, { shop: 'a b&c', why: 'low stock' });
    expect(seen[0]).toMatchObject({ url: '/v1/items?shop=a%20b%26c&limit=5' });
    expect(seen[0]?.headers).toMatchObject({ 'accept-language': 'de', 'x-reason': 'low stock' });
  });

  it('is refused where its body would be a file or a script', async () => {
    for (const body of [
      '< ./body.json',
      '<@ body.json',
      '{"a": 1}\n\n> {% client.log(1) %}',
      '{}\n\n>> out.json',
      '{}\n> ./after.js',
    ])
      expect(await attempt(executor, { text: `POST /jobs\n\n${body}`, values: {}, target, allowed: 'change' })).toBe(
        'statement_invalid',
      );
    expect(seen).toEqual([]);
    const xml = {
      text: 'POST /jobs\nContent-Type: text/xml\n\n<a>1</a>',
      values: {},
      target,
      allowed: 'change',
    } as const;
    expect(await attempt(executor, xml)).toBe('ok');
    const quoted = { ...xml, text: 'POST /jobs\nContent-Type: text/markdown\n\n> said somebody' };
    expect(await attempt(executor, quoted)).toBe('ok');
  });
});

describe('what a changing HTTP step says afterwards', () => {
  it('typed values become typed JSON, and text inside quotes stays inside', async () => {
    const text = 'POST /jobs\n\n{"max": ${max}, "dry": ${dry}, "note": "for ${who}", "who": ${who}}';
    await execute(executor, {
      text,
      values: { max: 10, dry: true, who: '","admin":true,"x":"' },
      target,
      allowed: 'change',
    });
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
      max: 10,
      dry: true,
      note: 'for ","admin":true,"x":"',
      who: '","admin":true,"x":"',
    });
    expect(seen[0]?.headers['content-type']).toBe('application/json');
  });

  it.each(['POST /a\n\n{"${v}": 1}', 'POST /a\nContent-Type: text/xml\n\n<a>${v}</a>', '${v} /a'])(
    'a value has no place in %s',
    async (text) => {
      expect(['placeholder_unbindable', 'statement_invalid']).toContain(
        await attempt(executor, { text, values: { v: 'x' }, target, allowed: 'change' }),
      );
    },
  );

  it.each(['broken', 'gateway'])(
    'an answer that never came (%s) means unknown, because it may have happened',
    async (path) => {
      expect(await attempt(executor, { text: `POST /${path}`, values: {}, target, allowed: 'change' })).toBe('unknown');
    },
  );

  it('an error answer fails, and its value can still be asked', async () => {
    const result = await execute(executor, { text: 'GET /missing', values: {}, target, allowed: 'read' });
    expect(result).toMatchObject({ status: 'failed', value: { status: 404, body: { error: 'nothing here' } } });
  });
});

describe('why the guards are there (controls)', () => {
  it('the platform’s fetch follows the redirect to another port', async () => {
    await fetch(`http://127.0.0.1:${portOf(api)}/v1/to-other-port`);
    expect(stolen).toHaveLength(1);
  });

  it('the platform’s URL parser climbs out of the prefix by encoded dots, and takes a backslash for a host', () => {
    expect(new URL('http://x/v1/%2e%2e/admin').pathname).toBe('/admin');
    expect(new URL('/\\169.254.169.254/', 'http://x').host).toBe('169.254.169.254');
  });

  it('addresses are told apart in every way of writing them', () => {
    expect(['::ffff:a9fe:a9fe', '2002:a9fe:a9fe::1', '168.63.129.16'].map(isForbiddenAddress)).toEqual([
      true,
      true,
      true,
    ]);
    expect(
      ['10.1.2.3', '127.0.0.1', '::1', 'fd12::1', '::ffff:192.168.0.1', '100.64.0.1'].map(isPrivateAddress),
    ).toEqual(Array(6).fill(true));
    expect(['8.8.8.8', '2606:4700::1111', '172.32.0.1'].map(isPrivateAddress)).toEqual([false, false, false]);
  });
});
