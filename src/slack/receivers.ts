import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type App, HTTPReceiver, type Receiver } from '@slack/bolt';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Secret } from '../lib/secret.ts';
import { boltLogger } from './bolt-log.ts';
import { type LinksOptions, SocketLinks } from './socket-links.ts';

/** Where Slack sends events, commands and interactions over HTTP. */
export const SLACK_PATH = '/slack/events';

/** As far as a stamp may lie in the past by Slack's rule, it may lie in the future. */
const STAMP_WINDOW_S = 300;
const FORM = 'application/x-www-form-urlencoded';

/** Bolt's receiver over two Socket Mode connections. */
export class SocketTransport implements Receiver {
  readonly links: SocketLinks;
  #app: App | null = null;

  constructor(options: LinksOptions) {
    this.links = new SocketLinks(options);
  }

  init(app: App): void {
    this.#app = app;
  }

  async start(): Promise<void> {
    if (this.#app) await this.links.start(this.#app);
  }

  /** Resolves when every connection is closed; Bolt's own receiver resolves before that. */
  stop(): Promise<void> {
    return this.links.stop();
  }
}

/** Bolt's HTTP receiver as a handler that the product's own server mounts at SLACK_PATH. */
export class HttpTransport implements Receiver {
  readonly handler: RequestListener;
  readonly #receiver: HTTPReceiver;

  constructor(options: { signingSecret: Secret; log: Log; clock: Clock }) {
    this.#receiver = new HTTPReceiver({
      signingSecret: options.signingSecret.reveal(),
      endpoints: [SLACK_PATH],
      logger: boltLogger(options.log),
      processEventErrorHandler: async ({ error, response }) => {
        options.log.error({ error, code: 'slack.event' }, 'Something from Slack was not handled.');
        if (!response.headersSent) response.writeHead(500).end();
        return false;
      },
    });
    this.handler = (req, res) => this.#handle(req, res, options.clock.now());
  }

  init(app: App): void {
    this.#receiver.init(app);
  }

  /** Nothing to start: the handler is mounted by whoever has the server. */
  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  #handle(req: IncomingMessage, res: ServerResponse, now: Date): void {
    const stamp = Number(req.headers['x-slack-request-timestamp']);
    // Bolt refuses old stamps only: one from the future could be kept and played back until then.
    if (stamp > now.getTime() / 1_000 + STAMP_WINDOW_S) {
      res.writeHead(401).end();
      return;
    }
    const type = req.headers['content-type'];
    // Bolt answers 400 to the same type with a charset, which proxies add.
    if (type?.startsWith(`${FORM};`)) req.headers['content-type'] = FORM;
    try {
      this.#receiver.requestListener(req, res);
    } catch {
      // Bolt throws for every path and method that is not its own.
      res.writeHead(404).end();
    }
  }
}
