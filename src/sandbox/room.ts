import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { AppLink } from './app-link.ts';
import { ClientApi } from './client-api.ts';
import { ClientSockets } from './client-socket.ts';
import type { WorkspaceSeed } from './default-workspace.ts';
import { sendEvents } from './events.ts';
import { Faults } from './faults.ts';
import { FileShelf } from './file-shelf.ts';
import { baseUrlOf, isSameOrigin, readBody, sendJson } from './http.ts';
import { HttpDelivery } from './http-delivery.ts';
import { Interactions } from './interactions.ts';
import { Journal } from './journal.ts';
import { isObject, parseJson } from './json.ts';
import { readManifest } from './manifest.ts';
import { type Page, sendPage } from './page.ts';
import { RateLimits } from './rate-limits.ts';
import { Refusal } from './refusal.ts';
import { takeResponse } from './response-urls.ts';
import { postScheduled } from './scheduled.ts';
import type { Outgoing } from './slash-commands.ts';
import { SocketMode } from './socket-mode.ts';
import { Store } from './store.ts';
import type { Transport } from './transport.ts';
import { Triggers } from './triggers.ts';
import { receiveUpload } from './upload.ts';
import { ViewDesk } from './view-desk.ts';
import { type Tokens, WebApi } from './web-api.ts';
import { Workspace } from './workspace.ts';

type RoomOptions = {
  readonly manifest: unknown;
  readonly log: Log;
  readonly clock: Clock;
  readonly dataDir: string | null;
  readonly seed: WorkspaceSeed;
  readonly tokens: Tokens;
  readonly limited: boolean;
  readonly requestUrl: string | null;
  readonly page: () => Promise<Page>;
  /** Filled in when the server listens. */
  readonly address: { url: string };
};

type RefusalRow = { readonly what: string; readonly error: string };

/** All parts of one workspace, joined. */
export type Room = {
  readonly log: Log;
  readonly workspace: Workspace;
  readonly api: WebApi;
  readonly faults: Faults;
  readonly limits: RateLimits;
  readonly link: AppLink;
  readonly socketMode: SocketMode | null;
  readonly http: HttpDelivery | null;
  refusals(): readonly RefusalRow[];
  /** The answer to a request, or null when the path is not the sandbox's. */
  route(req: IncomingMessage, res: ServerResponse): Promise<void> | null;
  upgrade(this: void, req: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  start(): void;
  close(): void;
};

function makeTransport(
  options: RoomOptions,
  workspace: Workspace,
  sockets: ClientSockets,
): { http: HttpDelivery | null; socketMode: SocketMode | null; transport: Transport } {
  const { clock, requestUrl } = options;
  if (requestUrl !== null) {
    const http = new HttpDelivery({ clock, requestUrl, signingSecret: options.tokens.signingSecret });
    return { http, socketMode: null, transport: http };
  }
  const onConnected = (connected: boolean) => sockets.appConnected(connected);
  const socketMode = new SocketMode({ clock, appId: workspace.app.id, onConnected });
  return { http: null, socketMode, transport: socketMode };
}

/** Joins the parts; nothing runs before `start`. */
export function buildRoom(options: RoomOptions): Room {
  const { clock, log } = options;
  const store = new Store(options.dataDir === null ? null : new Journal(options.dataDir));
  const workspace = new Workspace({ store, clock, seed: options.seed, manifest: readManifest(options.manifest) });
  const faults = new Faults();
  const limits = new RateLimits(clock, options.limited);
  const triggers = new Triggers(clock);
  const desk = new ViewDesk(workspace, triggers);
  const files = new FileShelf(options.dataDir ?? undefined);
  const sockets = new ClientSockets(workspace, desk);
  const { http, socketMode, transport } = makeTransport(options, workspace, sockets);
  const link = new AppLink({ workspace, transport, log });
  const refused: RefusalRow[] = [];
  const seen = { base: '' };
  const out: Outgoing = {
    workspace,
    link,
    triggers,
    base: () => options.address.url || seen.base,
    refused: (what, error) => refused.push({ what, error }),
  };
  const openSocketUrl = (base: string) => {
    if (!socketMode) throw new Refusal('forbidden_team');
    return socketMode.openUrl(base);
  };
  const api = new WebApi({ workspace, views: desk, limits, faults, tokens: options.tokens, log, openSocketUrl });
  const client = new ClientApi({ out, desk, interactions: new Interactions(out, desk), files, log });
  const stop = new AbortController();
  const unwatch = sendEvents(workspace, link);
  const route = makeRouter({ api, client, out, faults, workspace, files, page: options.page, log });
  return {
    log,
    workspace,
    api,
    faults,
    limits,
    link,
    socketMode,
    http,
    refusals: () => [
      ...api.calls.flatMap((call) => (call.error ? [{ what: call.method, error: call.error }] : [])),
      ...refused,
    ],
    route: (req, res) => {
      seen.base = baseUrlOf(req);
      return route(req, res);
    },
    upgrade: makeUpgrade({ sockets, socketMode, faults }),
    start: () => {
      link.start();
      postScheduled(workspace, stop.signal).catch((error: unknown) =>
        log.error({ error: messageOf(error) }, 'Scheduled messages stopped.'),
      );
    },
    close: () => {
      stop.abort();
      unwatch();
      link.close();
      transport.close();
      sockets.close();
      store.close();
    },
  };
}

type Upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

function makeUpgrade(parts: { sockets: ClientSockets; socketMode: SocketMode | null; faults: Faults }): Upgrade {
  return (req, socket, head) => {
    const { pathname } = new URL(req.url ?? '', 'http://local');
    const isPage = pathname === '/sandbox/socket';
    if (!isPage && pathname !== '/link/') return false;
    if (isPage && !isSameOrigin(req)) socket.destroy();
    else if (isPage) parts.sockets.upgrade(req, socket, head);
    else if (parts.socketMode && !parts.faults.outage) parts.socketMode.upgrade(req, socket, head);
    else socket.destroy();
    return true;
  };
}

type RouterParts = {
  readonly api: WebApi;
  readonly client: ClientApi;
  readonly out: Outgoing;
  readonly faults: Faults;
  readonly workspace: Workspace;
  readonly files: FileShelf;
  readonly page: () => Promise<Page>;
  readonly log: Log;
};

function makeRouter(parts: RouterParts): (req: IncomingMessage, res: ServerResponse) => Promise<void> | null {
  return (req, res) => {
    const { pathname } = new URL(req.url ?? '', 'http://local');
    const [, first = '', second = ''] = pathname.split('/');
    if (first === 'api') return parts.api.handle(req, res, second);
    if (first === 'sandbox' && !isSameOrigin(req)) {
      sendJson(res, 403, {
        ok: false,
        error: 'foreign_origin',
        message: 'Another web site may not act in this workspace.',
      });
      return Promise.resolve();
    }
    if (first === 'sandbox') return parts.client.handle(req, res);
    if (first === 'upload') return receiveUpload(parts, req, res);
    if (first === 'response') return answerThroughUrl(parts, req, res);
    if (pathname !== '/' && first !== 'assets') return null;
    return parts.page().then((page) => {
      if (!sendPage(res, pathname, page)) sendJson(res, 404, { ok: false, error: 'not_found' });
    });
  };
}

/** `POST /response/T…/<id>`: what `respond()` of Bolt calls. Refusals have status 404 or 400, as Bolt expects of Slack. */
async function answerThroughUrl(parts: RouterParts, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const body = parseJson((await readBody(req)).toString('utf8'));
  if (parts.faults.outage) return sendJson(res, 503, { ok: false, error: 'service_unavailable' });
  try {
    if (!isObject(body)) throw new Refusal('invalid_payload');
    takeResponse(parts.workspace, (req.url ?? '').split('/')[3] ?? '', body);
    sendJson(res, 200, { ok: true });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    parts.out.refused('response_url', error.code);
    sendJson(res, error.code.endsWith('_url') ? 404 : 400, { ok: false, error: error.code, ...error.extra });
  }
}
