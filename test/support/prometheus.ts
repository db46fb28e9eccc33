import http from 'node:http';
import type { AddressInfo } from 'node:net';

export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string;
};
export type Reply = { readonly status?: number; readonly type?: string; readonly body: unknown };

/**
 * An imitation of Prometheus' HTTP API that is stricter than the original: only the two query endpoints, only known parameters, forms only
 * with their type. `reply` decides by the expression; null is an empty vector or matrix.
 */
export async function startPrometheus(
  reply: (asked: Asked) => Reply | null,
): Promise<{ url: string; asked: Asked[]; stop(): Promise<void> }> {
  const asked: Asked[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://x');
      const form = Buffer.concat(chunks).toString();
      const query = request.method === 'POST' ? new URLSearchParams(form) : url.searchParams;
      const seen = {
        method: request.method ?? '',
        path: url.pathname,
        query,
        authorization: request.headers.authorization ?? '',
      };
      asked.push(seen);
      const send = (status: number, body: unknown, type = 'application/json') => {
        response.writeHead(status, { 'content-type': type });
        response.end(typeof body === 'string' ? body : JSON.stringify(body));
      };
      const bad = (error: string) => send(400, { status: 'error', errorType: 'bad_data', error });
      const ranged = url.pathname.endsWith('/query_range');
      if (!/\/api\/v1\/query(?:_range)?$/u.test(url.pathname)) return send(404, 'Not Found', 'text/plain');
      if (request.method === 'POST' && request.headers['content-type'] !== 'application/x-www-form-urlencoded')
        return bad('no form');
      if (!['GET', 'POST'].includes(seen.method)) return send(405, 'Method Not Allowed', 'text/plain');
      for (const name of query.keys())
        if (!(ranged ? ['query', 'start', 'end', 'step'] : ['query', 'time']).includes(name))
          return bad(`unknown parameter ${name}`);
      if (ranged && (Number(query.get('end')) - Number(query.get('start'))) / Number(query.get('step')) > 11_000)
        return bad('exceeded maximum resolution of 11,000 points per timeseries');
      const own = reply(seen);
      if (own && 'never' in own) return;
      if (own) return send(own.status ?? 200, own.body, own.type);
      send(200, { status: 'success', data: { resultType: ranged ? 'matrix' : 'vector', result: [] } });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A successful answer of one type. */
export const success = (resultType: string, result: unknown): Reply => ({
  body: { status: 'success', data: { resultType, result } },
});
