import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Hit = { readonly method: string; readonly path: string; readonly credential: string | undefined };
type Answer = { readonly status?: number; readonly body?: unknown; readonly delayMs?: number };

/** A real HTTP server that runbooks of the tests read and change; it counts what reached it. */
export type ShopTarget = {
  readonly url: string;
  readonly hits: Hit[];
  /** How often a request such as `POST /reset/T-1` arrived. */
  count(request: string): number;
  /** What a path answers from now on; a list answers in turn and stays at its last. */
  answer(path: string, ...answers: Answer[]): void;
  stop(): Promise<void>;
};

/** Starts the server on a free port of the loopback interface. `onHit` is told of a request before it is answered. */
export async function startShopTarget(onHit: (hit: Hit) => void = () => undefined): Promise<ShopTarget> {
  const hits: Hit[] = [];
  const answers = new Map<string, Answer[]>();
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const credential = request.headers['x-credential'];
    const hit: Hit = {
      method: request.method ?? '',
      path,
      credential: Array.isArray(credential) ? credential[0] : credential,
    };
    hits.push(hit);
    onHit(hit);
    const queue = answers.get(path) ?? [{}];
    reply(request, response, (queue.length > 1 ? queue.shift() : queue[0]) ?? {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hits,
    count: (wanted) => hits.filter((hit) => `${hit.method} ${hit.path}` === wanted).length,
    answer: (path, ...list) => void answers.set(path, list),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function reply(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const timer = setTimeout(() => {
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer.body ?? { ok: true }));
  }, answer.delayMs ?? 0);
  request.on('close', () => {
    if (response.destroyed) clearTimeout(timer);
  });
}
