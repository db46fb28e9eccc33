import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Longest body that is read, in bytes. */
const MAX_BODY = 64 * 1024;

/** A request as routes see it: `body` is what its JSON says, null when there is none or it is no JSON. */
export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
  /** What stood in the place of `:name` in the route. */
  readonly named: Readonly<Record<string, string>>;
};

/** Text is sent as text, bytes as bytes, everything else as JSON; null sends no body. */
export type Reply = { readonly status: number; readonly body: unknown };
export type Route = (asked: Asked) => Promise<Reply> | Reply;
/** Routes by method and path, such as `GET /providers/:id/risk`. */
export type Routes = Readonly<Record<string, Route>>;

/** A server on the loopback interface. */
export type Listening = { readonly url: string; readonly port: number; close(): Promise<void> };

/** Listens on a port of the loopback, 0 for any free one. Rejects when the port is taken. What an answer throws becomes a 500. */
export async function listen(
  port: number,
  answer: (asked: Asked) => Promise<{ readonly status: number; readonly body: unknown }>,
): Promise<Listening> {
  const server = createServer((request, response) => {
    readRequest(request)
      .then(answer)
      .then(
        (reply) => send(response, reply),
        (error: unknown) => send(response, { status: 500, body: { error: String(error) } }),
      );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What the routes answer: 404 for a path that none has, 405 for one that another method has. */
export async function answerBy(routes: Routes, asked: Asked): Promise<Reply> {
  let known = false;
  for (const [name, route] of Object.entries(routes)) {
    const [method, pattern = ''] = name.split(' ');
    const named = matchPath(pattern, asked.path);
    if (named === null) continue;
    if (method === asked.method || (method === 'GET' && asked.method === 'HEAD'))
      return await route({ ...asked, named });
    known = true;
  }
  return known
    ? { status: 405, body: { error: 'method not allowed' } }
    : { status: 404, body: { error: 'not found', message: 'page not found' } };
}

/** A field of a body; undefined when the body is no object. */
export function fieldOf(body: unknown, field: string): unknown {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, field)
    ? (body as Record<string, unknown>)[field]
    : undefined;
}

function matchPath(pattern: string, path: string): Record<string, string> | null {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return null;
  const named: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const actual = given[index] ?? '';
    if (part.startsWith(':') && actual !== '') named[part.slice(1)] = decodeURIComponent(actual);
    else if (part !== actual) return null;
  }
  return named;
}

async function readRequest(request: IncomingMessage): Promise<Asked> {
  const url = new URL(request.url ?? '/', 'http://twin');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY) chunks.push(chunk);
  }
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: size <= MAX_BODY ? parsed(Buffer.concat(chunks)) : null,
    named: {},
  };
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

function send(response: ServerResponse, { status, body }: Reply): void {
  if (body === null) {
    response.writeHead(status).end();
    return;
  }
  if (Buffer.isBuffer(body)) {
    response.writeHead(status, { 'content-type': 'application/octet-stream' }).end(body);
    return;
  }
  const text = typeof body === 'string';
  response.writeHead(status, { 'content-type': text ? 'text/plain; charset=utf-8' : 'application/json' });
  response.end(text ? body : `${JSON.stringify(body)}\n`);
}
