import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { CLIENT_CSP, serveClient } from '../../src/sandbox/client-bundle.ts';
import type { ClientEvent, ClientMessage, ClientView } from '../../src/sandbox/client-protocol.ts';
import { MESSAGES, TIMELINE_TEXT } from './fixtures/messages.ts';
import { BOT, CHANNELS, COMMANDS, NADIA, PEOPLE } from './fixtures/people.ts';
import { HOME_VIEW } from './fixtures/views.ts';

type Body = Record<string, unknown>;
export type Request = { readonly person: string; readonly path: string; readonly body: Body };
type Answer = { readonly status?: number; readonly body: unknown };

/** A sandbox with recorded states: it speaks client-protocol.ts, writes down what the page asks and answers what a test says. */
export type FakeSandbox = {
  readonly url: string;
  readonly requests: Request[];
  messages: ClientMessage[];
  /** Open modals by person. */
  readonly views: Map<string, readonly ClientView[]>;
  /** A test's own answer to a POST; undefined leaves the usual one. */
  answer: (request: Request) => Answer | undefined;
  /** Holds back the answers to GET, which were computed before. */
  hold: (path: string) => Promise<void>;
  readonly emit: (event: ClientEvent, person?: string) => void;
  readonly showViews: (person: string, views: readonly ClientView[]) => void;
  /** Cuts the sockets; while `accepting` is false new ones are refused. */
  readonly dropSockets: (accepting: boolean) => void;
  readonly close: () => Promise<void>;
};

/** Starts it on a free port. */
export async function startFakeSandbox(): Promise<FakeSandbox> {
  const client = await serveClient();
  const sockets = new Map<WebSocket, string>();
  let accepting = true;

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const asset = client.assets.get(url.pathname);
    if (url.pathname === '/') {
      response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': CLIENT_CSP }).end(client.html);
      return;
    }
    if (asset !== undefined) {
      response.writeHead(200, { 'content-type': asset.type }).end(asset.body);
      return;
    }
    if (url.pathname.startsWith('/sandbox/files/')) {
      response.writeHead(200, { 'content-type': 'text/plain' }).end(TIMELINE_TEXT);
      return;
    }
    const person = url.searchParams.get('as') ?? NADIA;
    const path = url.pathname.replace('/sandbox', '');
    const answer = request.method === 'POST' ? post(person, path, await readBody(request)) : read(person, path);
    if (request.method === 'GET') await fake.hold(path);
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  }

  function post(person: string, path: string, body: Body): Answer {
    const asked = { person, path, body };
    fake.requests.push(asked);
    const own = fake.answer(asked);
    if (own !== undefined) return own;
    const view = /^\/views\/([^/]+)\/(?:close|submit)$/.exec(path);
    if (view !== null) {
      fake.showViews(
        person,
        (fake.views.get(person) ?? []).filter((open) => open.id !== view[1]),
      );
    }
    return { body: { ok: true } };
  }

  function read(person: string, path: string): Answer {
    if (path === '/state') return { body: stateOf(person) };
    const thread = /^\/channels\/(\w+)\/threads\/([\d.]+)$/.exec(path);
    if (thread !== null) {
      const messages = fake.messages.filter(
        (one) => one.channel === thread[1] && (one.ts === thread[2] || one.thread_ts === thread[2]),
      );
      return { body: { messages } };
    }
    const channel = /^\/channels\/(\w+)\/messages$/.exec(path);
    return { body: { messages: fake.messages.filter((one) => one.channel === channel?.[1]) } };
  }

  function stateOf(person: string): unknown {
    return {
      team: { id: 'T0SANDBOX1', name: 'Sandbox' },
      me: PEOPLE.find((one) => one.id === person) ?? PEOPLE[0],
      people: PEOPLE,
      channels: CHANNELS,
      commands: COMMANDS,
      app: { bot_user: BOT, name: 'Warroom', connected: true },
      views: fake.views.get(person) ?? [],
      home: HOME_VIEW,
    };
  }

  const wss = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (!accepting) {
      socket.destroy();
      return;
    }
    wss.handleUpgrade(request, socket, head, (ws) => {
      sockets.set(ws, new URL(request.url ?? '/', 'http://localhost').searchParams.get('as') ?? NADIA);
      ws.on('close', () => sockets.delete(ws));
    });
  });

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeSandbox = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    messages: [...MESSAGES],
    views: new Map(),
    answer: () => undefined,
    hold: async () => {},
    emit: (event, person) => {
      for (const [socket, who] of sockets)
        if (person === undefined || person === who) socket.send(JSON.stringify(event));
    },
    showViews: (person, views) => {
      fake.views.set(person, views);
      fake.emit({ type: 'views', views }, person);
    },
    dropSockets: (accept) => {
      accepting = accept;
      for (const socket of sockets.keys()) socket.terminate();
    },
    close: async () => {
      for (const socket of sockets.keys()) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}

async function readBody(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString() || '{}') as Body;
}
