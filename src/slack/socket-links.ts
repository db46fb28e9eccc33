import type { App } from '@slack/bolt';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { classifyFailure, isRefused } from './retry-table.ts';
import { type ConnectionOptions, type Leave, SocketConnection } from './socket-connection.ts';

/** Two, so that one still hears while the other is being replaced, even when Slack gives no warning. */
const LINKS = 2;
/** What Slack gave to the old connection may be on its way for a moment. */
const DRAIN_MS = 3_000;
/** Replaced so often in a row because of a count too high; then it must be other replicas. */
const GHOST_LOOKS = 3;

export type LinksOptions = Omit<ConnectionOptions, 'app' | 'silenceMs'> & {
  /** In milliseconds; defaults: 15 min and 60 s. */
  readonly silenceMs?: number;
  readonly ghostDelayMs?: number;
};

/** Holds two connections to Slack and replaces each before it ends: no command falls between two of them. */
export class SocketLinks {
  readonly #options: LinksOptions;
  readonly #stopping = new AbortController();
  /** Everything open, connections that are being replaced included. */
  readonly #open = new Set<SocketConnection>();
  readonly #background = new Set<Promise<void>>();
  #ghostLooks = 0;

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  /** Connections that stand now. */
  get held(): number {
    return [...this.#open].filter((connection) => connection.standing).length;
  }

  /**
   * Opens the connections. Rejects when Slack refuses the app token for good; anything temporary is logged and tried again
   * in the background.
   */
  async start(app: App): Promise<void> {
    for (let link = 1; link <= LINKS; link += 1) {
      const log = this.#options.log.child({ link });
      let first: SocketConnection | null = null;
      try {
        first = await this.#connect(app, log);
      } catch (error) {
        const failure = classifyFailure(error);
        if (isRefused(failure)) {
          await this.stop();
          throw error;
        }
        log.warn({ code: failure.code, error: messageOf(error) }, 'Slack cannot be reached now; trying again.');
      }
      this.#later(this.#keep(app, first, log));
    }
  }

  /** Closes everything and waits until it is closed. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#open].map((connection) => this.#discard(connection)));
    await Promise.all(this.#background);
  }

  /** Keeps one link alive until the end. */
  async #keep(app: App, first: SocketConnection | null, log: Log): Promise<void> {
    let current = first ?? (await this.#reconnect(app, log));
    while (current !== null && !this.#stopping.signal.aborted) {
      const why = await current.leaving;
      if (this.#stopping.signal.aborted) return;
      this.#tell(log, why);
      const next = await this.#reconnect(app, log);
      this.#later(this.#retire(current, why));
      current = next;
    }
  }

  async #reconnect(app: App, log: Log): Promise<SocketConnection | null> {
    for (let attempt = 0; !this.#stopping.signal.aborted; attempt += 1) {
      try {
        return await this.#connect(app, log);
      } catch (error) {
        const failure = classifyFailure(error);
        const say = failure.retry ? log.warn : log.error;
        say.call(log, { code: failure.code, error: messageOf(error) }, 'Slack cannot be reached; trying again.');
        const pause = failure.retry ? Math.min(200 * 2 ** Math.min(attempt, 10), 15_000) : 60_000;
        await this.#sleep(Math.max(pause, failure.afterMs) * (1 + Math.random() / 5));
      }
    }
    return null;
  }

  async #connect(app: App, log: Log): Promise<SocketConnection> {
    const silenceMs = this.#options.silenceMs ?? 15 * 60_000;
    const connection = new SocketConnection({ ...this.#options, app, log, silenceMs });
    this.#open.add(connection);
    try {
      await connection.open();
    } catch (error) {
      this.#open.delete(connection);
      throw error;
    }
    if (this.#stopping.signal.aborted) await this.#discard(connection);
    else this.#count(connection, log);
    return connection;
  }

  /**
   * Slack counts more connections than we hold: half-open ones of ours, to which it sends what nobody will answer, or other
   * replicas. A later hello tells; after some looks it counts as other replicas.
   */
  #count(connection: SocketConnection, log: Log): void {
    const held = this.held;
    if (connection.counted <= held) {
      this.#ghostLooks = 0;
      return;
    }
    const context = { counted: connection.counted, held };
    if (this.#ghostLooks >= GHOST_LOOKS) {
      log.info(context, 'Slack counts more connections than this process holds: other replicas, or half-open ones.');
      return;
    }
    this.#ghostLooks += 1;
    log.warn(context, 'Slack counts connections that this process does not hold; this one is replaced to look again.');
    this.#later(this.#sleep(this.#options.ghostDelayMs ?? 60_000).then(() => connection.leave('ghosts')));
  }

  async #retire(connection: SocketConnection, why: Leave): Promise<void> {
    if (why !== 'lost') await this.#sleep(DRAIN_MS);
    await this.#discard(connection);
  }

  async #discard(connection: SocketConnection): Promise<void> {
    await connection.close();
    this.#open.delete(connection);
  }

  #tell(log: Log, why: Leave): void {
    if (why === 'disabled') {
      log.error(
        { code: 'slack.link_disabled' },
        'Socket Mode was switched off for this app: switch it on in its settings.',
      );
    } else if (why === 'refresh') {
      log.debug({}, 'Slack asked for a new connection.');
    } else {
      log.warn({ why }, 'A connection to Slack is being replaced.');
    }
  }

  #later(work: Promise<void>): void {
    const done = work
      .catch((error: unknown) => this.#options.log.error({ error, code: 'slack.socket' }, 'A connection was not kept.'))
      .then(() => {
        this.#background.delete(done);
      });
    this.#background.add(done);
  }

  async #sleep(ms: number): Promise<void> {
    await this.#options.clock.sleep(ms, this.#stopping.signal).catch(() => undefined);
  }
}
