import { type App, SocketModeReceiver } from '@slack/bolt';
import type { Clock } from '../lib/clock.ts';
import { InternalError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Secret } from '../lib/secret.ts';
import { boltLogger } from './bolt-log.ts';
import { webClientOptions } from './client.ts';

/**
 * The client drops a link when no pong came for this long. Bolt's own reconnection waits the same time before it starts, which
 * is why others lower it and lose slow links; ours does not wait, so the default stays.
 */
const PING_TIMEOUT_MS = 5_000;
const OPEN_TIMEOUT_MS = 15_000;
const LOOK_MS = 1_000;
const CLOSE_MS = 1_000;

/** Why a connection has to be replaced. */
export type Leave = 'refresh' | 'lost' | 'silent' | 'ghosts' | 'disabled' | 'stopped';

export type ConnectionOptions = {
  readonly app: App;
  readonly appToken: Secret;
  readonly apiUrl: string | null;
  readonly log: Log;
  readonly clock: Clock;
  /** After so long without any message the connection is replaced, in milliseconds. */
  readonly silenceMs: number;
};

/**
 * One WebSocket to Slack in a SocketModeReceiver of its own, which is never reconnected: whoever holds it opens another.
 * A new client for each connection leaves no timer of an old one behind, and its reconnect promise, whose rejection nobody
 * catches, is never made.
 */
export class SocketConnection {
  readonly #options: ConnectionOptions;
  readonly #receiver: SocketModeReceiver;
  readonly #over = new AbortController();
  #inboundAt: number;
  #leave: (why: Leave) => void = () => undefined;
  /** Resolves once, with the reason to replace this connection. It may go on working meanwhile. */
  readonly leaving: Promise<Leave>;
  /** Between hello and the beginning of the end. */
  standing = false;
  /** Connections of the app that Slack counted when it said hello, this one included. */
  counted = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#inboundAt = options.clock.monotonicMs();
    this.leaving = new Promise((resolve) => {
      this.#leave = resolve;
    });
    this.#receiver = new SocketModeReceiver({
      appToken: options.appToken.reveal(),
      logger: boltLogger(options.log),
      clientPingTimeout: PING_TIMEOUT_MS,
      autoReconnectEnabled: false,
      installerOptions: { clientOptions: webClientOptions(options) },
      // Answering true would acknowledge on a socket that may be gone, and nobody catches that.
      processEventErrorHandler: async ({ error }) => {
        options.log.error({ error, code: 'slack.event' }, 'Something from Slack was not handled.');
        return false;
      },
    });
    this.#receiver.init(options.app);
    this.#takeOverMessages();
  }

  /** Resolves when Slack said hello. Rejects with what WebClient threw, or InternalError `slack.socket`. */
  async open(): Promise<void> {
    const { client } = this.#receiver;
    const late = new AbortController();
    try {
      await Promise.race([client.start(), this.#tooLate(late.signal)]);
    } catch (error) {
      await this.close();
      throw error ?? new InternalError('slack.socket', 'The WebSocket to Slack could not be opened.');
    } finally {
      late.abort();
    }
    this.standing = !this.#over.signal.aborted;
    client.once('disconnected', () => {
      this.standing = false;
      this.leave('lost');
    });
    void this.#watch();
  }

  /** Asks whoever holds the connection to replace it. */
  leave(why: Leave): void {
    this.#leave(why);
  }

  /** Closes for good; waits for Slack's close frame for a second, then cuts. */
  async close(): Promise<void> {
    this.standing = false;
    this.#over.abort();
    this.#leave('stopped');
    const { client } = this.#receiver;
    const closed = client.disconnect();
    const waiting = new AbortController();
    await Promise.race([closed, this.#options.clock.sleep(CLOSE_MS, waiting.signal).catch(() => undefined)]);
    waiting.abort();
    // The client itself would wait 30 s for the other side; asked twice it cuts at once.
    if (client.websocket) await client.disconnect();
  }

  async #tooLate(signal: AbortSignal): Promise<never> {
    await this.#options.clock.sleep(OPEN_TIMEOUT_MS, signal);
    throw new InternalError('slack.socket', 'Slack did not say hello.');
  }

  /**
   * On `disconnect`, even the warning that comes 10 s ahead, the client would close at once and lose what is on its way. We
   * keep it open until another connection stands.
   */
  #takeOverMessages(): void {
    const { client } = this.#receiver;
    const handlers = client.listeners('ws_message');
    client.removeAllListeners('ws_message');
    client.on('ws_message', (data: unknown, isBinary: unknown) => {
      this.#inboundAt = this.#options.clock.monotonicMs();
      const why = this.#control(data);
      if (why !== null) return this.leave(why);
      for (const handle of handlers) Reflect.apply(handle, client, [data, isBinary]);
    });
  }

  /** Reads hello and disconnect; returns why to leave, if so. */
  #control(data: unknown): Leave | null {
    if (typeof data !== 'string' || !/"type":\s*"(?:hello|disconnect)"/u.test(data.slice(0, 2_000))) return null;
    const message = parse(data);
    if (message.type === 'hello' && typeof message.num_connections === 'number') this.counted = message.num_connections;
    if (message.type !== 'disconnect') return null;
    return message.reason === 'link_disabled' ? 'disabled' : 'refresh';
  }

  /** Finds links that are dead without having said so, sooner than the client, which waits 30 s for a close frame. */
  async #watch(): Promise<void> {
    const { clock, silenceMs } = this.#options;
    while (!this.#over.signal.aborted) {
      if (!this.#receiver.client.websocket?.isActive()) this.leave('lost');
      if (clock.monotonicMs() - this.#inboundAt > silenceMs) this.leave('silent');
      await clock.sleep(LOOK_MS, this.#over.signal).catch(() => undefined);
    }
  }
}

function parse(text: string): { type?: unknown; reason?: unknown; num_connections?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
