import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Clock, systemClock } from '../lib/clock.ts';
import { InternalError, messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { DEFAULT_WORKSPACE, type WorkspaceSeed } from './default-workspace.ts';
import type { Faults } from './faults.ts';
import { sendJson } from './http.ts';
import type { HttpDelivery } from './http-delivery.ts';
import type { Page } from './page.ts';
import { buildRoom, type Room } from './room.ts';
import type { SocketMode } from './socket-mode.ts';
import type { CallRecord, Tokens } from './web-api.ts';
import type { Workspace } from './workspace.ts';

export type SandboxOptions = {
  /** The parsed manifest.yml of the app: its scopes, commands, events and features hold. */
  readonly manifest: unknown;
  readonly log: Log;
  readonly clock?: Clock;
  /** Where the workspace is kept; absent: in memory. */
  readonly dataDir?: string;
  /** 0 = any free port; absent: no listening, `handle` and `upgrade` are called by another server. */
  readonly port?: number;
  readonly host?: string;
  /** `http://host:port` under which people and the app reach it, when another server listens. */
  readonly publicUrl?: string;
  readonly workspace?: WorkspaceSeed;
  readonly tokens?: Tokens;
  readonly limits?: 'off' | 'on';
  /** Absent: Socket Mode. Given: signed HTTP to this address. */
  readonly requestUrl?: string;
  /** Makes the browser page on the first visit; absent: the page that comes with the sandbox. */
  readonly page?: () => Promise<Page>;
};

/** A running Slack-compatible workspace. */
export type Sandbox = {
  /** Address of the page; empty when nothing listens and no `publicUrl` was given. */
  readonly url: string;
  /** For `slackApiUrl` of the Slack SDK. */
  readonly apiUrl: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly signingSecret: string;
  /** Answers a request when its path is the sandbox's own: false, or a promise of true. */
  handle(req: IncomingMessage, res: ServerResponse): false | Promise<true>;
  /** Takes over a WebSocket when its path is the sandbox's own. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  readonly faults: Faults;
  /** For tests: what the workspace knows, and what the app asked. */
  readonly workspace: Workspace;
  readonly calls: readonly CallRecord[];
  /** Everything that Slack would have refused: calls and acknowledgements. */
  refusals(): readonly { readonly what: string; readonly error: string }[];
  /** Switches the rate limits. */
  setLimits(limits: 'off' | 'on'): void;
  /** Null with signed HTTP. */
  readonly socketMode: SocketMode | null;
  /** Null with Socket Mode. */
  readonly http: HttpDelivery | null;
  /** Events that the app has not acknowledged yet. */
  pendingEvents(): number;
  close(): Promise<void>;
};

const DEFAULT_TOKENS: Tokens = {
  bot: 'xoxb-sandbox-bot-token',
  app: 'xapp-1-A0SANDBOX1-sandbox-app-token',
  signingSecret: 'sandbox-signing-secret',
};

/** Starts the workspace. Errors: the manifest cannot be used, the journal is damaged, the port is taken. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const tokens = options.tokens ?? DEFAULT_TOKENS;
  const address = { url: options.publicUrl ?? '' };
  const room = buildRoom({
    manifest: options.manifest,
    log: options.log,
    clock: options.clock ?? systemClock,
    dataDir: options.dataDir ?? null,
    seed: options.workspace ?? DEFAULT_WORKSPACE,
    tokens,
    limited: options.limits === 'on',
    requestUrl: options.requestUrl ?? null,
    page: options.page ?? ownPage,
    address,
  });
  const handle = (req: IncomingMessage, res: ServerResponse) => handleRequest(room, req, res);
  const server =
    options.port === undefined ? null : await listen(room, { port: options.port, host: options.host ?? '127.0.0.1' });
  if (server && !options.publicUrl) address.url = addressOf(server, options.host ?? '127.0.0.1');
  room.start();
  return {
    url: address.url,
    apiUrl: `${address.url}/api/`,
    botToken: tokens.bot,
    appToken: tokens.app,
    signingSecret: tokens.signingSecret,
    handle,
    upgrade: room.upgrade,
    faults: room.faults,
    workspace: room.workspace,
    calls: room.api.calls,
    refusals: room.refusals,
    setLimits: (limits) => {
      room.limits.enabled = limits === 'on';
    },
    socketMode: room.socketMode,
    http: room.http,
    pendingEvents: () => room.link.pendingCount,
    close: async () => {
      room.close();
      if (server) await closeServer(server);
    },
  };
}

async function ownPage(): Promise<Page> {
  const { serveClient } = await import('./client-bundle.ts');
  return serveClient();
}

function handleRequest(room: Room, req: IncomingMessage, res: ServerResponse): false | Promise<true> {
  const work = room.route(req, res);
  if (!work) return false;
  return work.then(
    () => true as const,
    (error: unknown) => {
      room.log.error({ error: messageOf(error), path: req.url ?? '' }, 'A request to the sandbox failed.');
      if (!res.headersSent) sendJson(res, 500, { ok: false, error: 'fatal_error' });
      return true as const;
    },
  );
}

async function listen(room: Room, where: { readonly port: number; readonly host: string }): Promise<Server> {
  const server = createServer((req, res) => {
    const handled = handleRequest(room, req, res);
    if (!handled) sendJson(res, 404, { ok: false, error: 'not_found' });
  });
  server.on('upgrade', (req, socket, head) => {
    if (!room.upgrade(req, socket, head)) socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new InternalError('sandbox_port', `The sandbox cannot listen on port ${where.port}.`, { cause })),
    );
    server.listen(where.port, where.host, resolve);
  });
  return server;
}

function addressOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
