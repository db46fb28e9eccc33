import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { clientChannel, clientMessage, clientView } from './client-json.ts';
import type { ClientEvent } from './client-protocol.ts';
import { canSee, getPerson } from './people.ts';
import type { ViewDesk } from './view-desk.ts';
import type { Change, Workspace } from './workspace.ts';

/** Tells each open page what changed for its person. */
export class ClientSockets {
  readonly #workspace: Workspace;
  readonly #desk: ViewDesk;
  readonly #server = new WebSocketServer({ noServer: true });
  readonly #open = new Map<WebSocket, string>();
  readonly #unwatch: () => void;

  constructor(workspace: Workspace, desk: ViewDesk) {
    this.#workspace = workspace;
    this.#desk = desk;
    this.#unwatch = workspace.watch((change) => this.#tell(change));
  }

  /** Takes over an upgrade request to `/sandbox/socket?as=U…`; 404 for a person that is not there. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const as = new URL(req.url ?? '', 'http://local').searchParams.get('as');
    try {
      const { id } = getPerson(this.#workspace, as);
      this.#server.handleUpgrade(req, socket, head, (webSocket) => {
        this.#open.set(webSocket, id);
        webSocket.on('error', () => webSocket.terminate());
        webSocket.on('close', () => this.#open.delete(webSocket));
      });
    } catch {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    }
  }

  /** Says whether the app is there. */
  appConnected(connected: boolean): void {
    for (const webSocket of this.#open.keys())
      webSocket.send(JSON.stringify({ type: 'app', connected } satisfies ClientEvent));
  }

  close(): void {
    this.#unwatch();
    for (const webSocket of this.#open.keys()) webSocket.terminate();
    this.#server.close();
  }

  #tell(change: Change): void {
    for (const [webSocket, user] of this.#open) {
      for (const event of this.#eventsFor(change, user)) webSocket.send(JSON.stringify(event));
    }
  }

  #eventsFor(change: Change, user: string): ClientEvent[] {
    switch (change.type) {
      case 'message':
      case 'message_changed':
      case 'message_deleted':
        return this.#messageEvents(change, user);
      case 'channel':
      case 'member':
      case 'pin':
        return this.#channelEvents(change.channel.id, user, change.type === 'member' ? change.user : null);
      case 'views':
        return change.user === user
          ? [{ type: 'views', views: this.#desk.stack(user).map((view) => clientView(this.#workspace, view)) }]
          : [];
      case 'home': {
        const home = this.#desk.home(user);
        return change.user === user ? [{ type: 'home', view: home ? clientView(this.#workspace, home) : null }] : [];
      }
      case 'notice':
        return change.user === user
          ? [{ type: 'notice', channel: change.channel, text: change.text, error: change.error }]
          : [];
      case 'reaction':
        // The change of the message says it already.
        return [];
      default:
        return change satisfies never;
    }
  }

  #messageEvents(
    change: Extract<Change, { type: 'message' | 'message_changed' | 'message_deleted' }>,
    user: string,
  ): ClientEvent[] {
    const { message } = change;
    const channel = this.#workspace.channels.get(message.channel);
    if (!channel || !canSee(this.#workspace, channel, user)) return [];
    if (message.ephemeral_to !== null && message.ephemeral_to !== user) return [];
    if (change.type === 'message_deleted')
      return [{ type: 'message_deleted', channel: message.channel, ts: message.ts }];
    const told: ClientEvent = { type: change.type, message: clientMessage(this.#workspace, message) };
    // A new message changes the number of unread ones.
    return change.type === 'message' ? [told, ...this.#channelEvents(channel.id, user, null)] : [told];
  }

  #channelEvents(id: string, user: string, leaver: string | null): ClientEvent[] {
    const channel = this.#workspace.channels.get(id);
    if (!channel || (!canSee(this.#workspace, channel, user) && leaver !== user)) return [];
    return [{ type: 'channel', channel: clientChannel(this.#workspace, channel, user) }];
  }
}
