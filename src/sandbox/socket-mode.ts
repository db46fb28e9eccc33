import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Clock, systemClock } from '../lib/clock.ts';
import { asString, isObject, type JsonObject, parseJson } from './json.ts';
import { ACK_MS, type Delivered, type Envelope, type Transport, withTimeout } from './transport.ts';

/** Slack's cap on connections of one app. */
const MOST_CONNECTIONS = 10;
const LIFETIME_S = 3_600;
const DEBUG_LIFETIME_S = 360;
/** The warning comes this long before the refresh. */
const WARNING_MS = 10_000;
const PING_MS = 10_000;

type Connection = {
  readonly socket: WebSocket;
  readonly waiting: Map<string, (delivered: Delivered) => void>;
  readonly stop: AbortController;
};

export type DisconnectReason = 'warning' | 'refresh_requested' | 'link_disabled' | 'too_many_websockets';

/** Slack's side of Socket Mode: tickets, hello, refresh, and each payload to any one of the connections. */
export class SocketMode implements Transport {
  readonly #clock: Clock;
  readonly #appId: string;
  readonly #server = new WebSocketServer({ noServer: true });
  readonly #tickets = new Set<string>();
  readonly #connections = new Set<Connection>();
  readonly #onConnected: (connected: boolean) => void;
  #turn = 0;
  #disabled = false;

  constructor(options: { clock: Clock; appId: string; onConnected: (connected: boolean) => void }) {
    this.#clock = options.clock;
    this.#appId = options.appId;
    this.#onConnected = options.onConnected;
  }

  /** The address of one connection; it works once. */
  openUrl(base: string): string {
    const ticket = randomBytes(12).toString('hex');
    this.#tickets.add(ticket);
    return `${base}/link/?ticket=${ticket}&app_id=${this.#appId}`;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  connected(): boolean {
    return this.#connections.size > 0;
  }

  retryReason(): string {
    return 'timeout';
  }

  /** Takes over an upgrade request to `/link/`. A ticket that is unknown or used gets 404. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = new URL(req.url ?? '', 'http://local');
    if (!this.#tickets.delete(url.searchParams.get('ticket') ?? '')) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const seconds = url.searchParams.get('debug_reconnects') === 'true' ? DEBUG_LIFETIME_S : LIFETIME_S;
    this.#server.handleUpgrade(req, socket, head, (webSocket) => this.#welcome(webSocket, seconds));
  }

  async deliver(envelope: Envelope): Promise<Delivered> {
    const connections = [...this.#connections];
    const connection = connections[this.#turn++ % Math.max(1, connections.length)];
    if (!connection) return { status: 'failed', reason: 'no_connection', mayRetry: true };
    const answered = new Promise<Delivered>((resolve) => connection.waiting.set(envelope.id, resolve));
    connection.socket.send(JSON.stringify(envelopeJson(envelope)));
    const delivered = await withTimeout(this.#clock, ACK_MS, answered);
    connection.waiting.delete(envelope.id);
    return delivered === 'timeout' ? { status: 'failed', reason: 'timeout', mayRetry: true } : delivered;
  }

  /** Tells every connection to go, as Slack does for a refresh or when Socket Mode is switched off. */
  disconnectAll(reason: DisconnectReason): void {
    this.#disabled = reason === 'link_disabled';
    for (const connection of this.#connections) this.#bye(connection.socket, reason);
  }

  /** Tells one connection to go: the oldest. */
  refreshOldest(): void {
    const [oldest] = this.#connections;
    if (oldest) this.#bye(oldest.socket, 'refresh_requested');
  }

  /** Cuts all connections without a word, as a broken network does. */
  drop(): void {
    for (const connection of this.#connections) connection.socket.terminate();
  }

  close(): void {
    this.drop();
    this.#server.close();
  }

  #welcome(socket: WebSocket, seconds: number): void {
    const refused = this.#disabled
      ? 'link_disabled'
      : this.#connections.size >= MOST_CONNECTIONS
        ? 'too_many_websockets'
        : null;
    if (refused) {
      this.#bye(socket, refused);
      return;
    }
    const connection: Connection = { socket, waiting: new Map(), stop: new AbortController() };
    this.#connections.add(connection);
    socket.on('message', (data) => this.#acknowledged(connection, String(data)));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => this.#gone(connection));
    const host = 'sandbox';
    const debug = {
      host,
      started: this.#clock.now().toISOString(),
      build_number: 1,
      approximate_connection_time: seconds,
    };
    const hello = {
      type: 'hello',
      connection_info: { app_id: this.#appId },
      num_connections: this.#connections.size,
      debug_info: debug,
    };
    socket.send(JSON.stringify(hello));
    if (this.#connections.size === 1) this.#onConnected(true);
    void this.#age(connection, seconds * 1_000);
    void this.#ping(connection);
  }

  #bye(socket: WebSocket, reason: DisconnectReason): void {
    socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'sandbox' } }));
    if (reason !== 'warning') socket.close(1000);
  }

  #gone(connection: Connection): void {
    this.#connections.delete(connection);
    connection.stop.abort();
    for (const resolve of connection.waiting.values())
      resolve({ status: 'failed', reason: 'no_connection', mayRetry: true });
    if (this.#connections.size === 0) this.#onConnected(false);
  }

  #acknowledged(connection: Connection, text: string): void {
    const ack = parseJson(text);
    if (!isObject(ack)) return;
    const payload = isObject(ack.payload) && Object.keys(ack.payload).length > 0 ? ack.payload : null;
    connection.waiting.get(asString(ack.envelope_id) ?? '')?.({ status: 'acked', payload });
  }

  async #age(connection: Connection, lifetimeMs: number): Promise<void> {
    try {
      await this.#clock.sleep(lifetimeMs - WARNING_MS, connection.stop.signal);
      this.#bye(connection.socket, 'warning');
      await this.#clock.sleep(WARNING_MS, connection.stop.signal);
      this.#bye(connection.socket, 'refresh_requested');
    } catch (error) {
      if (!connection.stop.signal.aborted) throw error;
    }
  }

  /** The heartbeat is about the real network, so it keeps the machine's time, not the workspace's. */
  async #ping(connection: Connection): Promise<void> {
    try {
      for (;;) {
        await systemClock.sleep(PING_MS, connection.stop.signal);
        connection.socket.ping();
      }
    } catch (error) {
      if (!connection.stop.signal.aborted) throw error;
    }
  }
}

function envelopeJson(envelope: Envelope): JsonObject {
  const retry = envelope.retry ? { retry_attempt: envelope.retry.attempt, retry_reason: envelope.retry.reason } : {};
  return {
    envelope_id: envelope.id,
    type: envelope.type,
    payload: envelope.payload,
    accepts_response_payload: envelope.type !== 'events_api',
    ...(envelope.type === 'events_api' ? { retry_attempt: 0, retry_reason: '' } : {}),
    ...retry,
  };
}
