import http from 'node:http';
import https from 'node:https';
import type { KubePlace } from './cluster.ts';

/** Largest answer that is taken into memory. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** What is sent. The path comes from the session alone. */
export type WireRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly signal: AbortSignal;
};

export type WireAnswer = { readonly status: number; readonly type: string; readonly body: string };

/** No complete answer came. `sent` tells whether the server may have begun its work. */
export class KubeConnectionError extends Error {
  readonly sent: boolean;
  readonly tooLarge: boolean;

  constructor(message: string, state: { sent: boolean; tooLarge?: boolean }) {
    super(message);
    this.name = 'KubeConnectionError';
    this.sent = state.sent;
    this.tooLarge = state.tooLarge ?? false;
  }
}

/** Connections of one statement to one API server. They are closed with it. */
export class KubeConnection {
  readonly #place: KubePlace;
  readonly #agent: http.Agent | https.Agent;
  #headers: Readonly<Record<string, string>>;

  constructor(place: KubePlace) {
    this.#place = place;
    this.#headers = place.headers;
    const secure = place.server.protocol === 'https:';
    this.#agent = secure
      ? new https.Agent({ keepAlive: true, maxSockets: 4, ...place.tls, rejectUnauthorized: true })
      : new http.Agent({ keepAlive: true, maxSockets: 4 });
  }

  /** Sends one request and reads the whole answer. Redirects are answers like others. Throws KubeConnectionError. */
  async send(request: WireRequest): Promise<WireAnswer> {
    return this.#again(() => this.#exchange(request, collect));
  }

  /** A token may have been replaced since it was read: once more with the new one, because a 401 has done nothing. */
  async #again(exchange: () => Promise<WireAnswer>): Promise<WireAnswer> {
    const answer = await exchange();
    if (answer.status !== 401) return answer;
    const headers = (await this.#place.renew?.()) ?? null;
    if (headers === null) return answer;
    this.#headers = { ...this.#headers, ...headers };
    return await exchange();
  }

  /**
   * The same for an answer that has no end in sight: what comes is given on and not kept. An answer that is no success is read whole
   * and given back. Throws KubeConnectionError also when the answer breaks off.
   */
  stream(request: WireRequest, onChunk: (chunk: Buffer) => void): Promise<WireAnswer> {
    const read = (response: http.IncomingMessage, end: Ends) => {
      if ((response.statusCode ?? 0) >= 300) return collect(response, end);
      response.on('error', (error) => end.fail(error));
      response.on('aborted', () => end.fail(new Error(BROKEN_OFF)));
      response.on('data', onChunk);
      response.on('end', () => end.resolve({ status: response.statusCode ?? 0, type: '', body: '' }));
    };
    return this.#again(() => this.#exchange(request, read));
  }

  #exchange(request: WireRequest, read: (response: http.IncomingMessage, end: Ends) => void): Promise<WireAnswer> {
    const { server } = this.#place;
    const transport = server.protocol === 'https:' ? https : http;
    return new Promise((resolve, reject) => {
      let sent = false;
      const fail = (error: unknown, tooLarge = false) =>
        reject(new KubeConnectionError(reasonOf(error), { sent, tooLarge }));
      const length = request.body === null ? {} : { 'content-length': String(Buffer.byteLength(request.body)) };
      const sending = transport.request(server, {
        path: server.pathname.replace(/\/+$/u, '') + request.path,
        method: request.method,
        agent: this.#agent,
        signal: request.signal,
        maxHeaderSize: 65_536,
        headers: {
          'user-agent': 'warroom',
          'accept-encoding': 'identity',
          ...request.headers,
          ...this.#headers,
          ...length,
        },
      });
      const ready = server.protocol === 'https:' ? 'secureConnect' : 'connect';
      sending.on('socket', (socket) => {
        if (sending.reusedSocket) sent = true;
        else socket.once(ready, () => (sent = true));
      });
      sending.on('error', (error) => fail(error));
      sending.on('response', (response) => read(response, { resolve, fail }));
      sending.end(request.body ?? undefined);
    });
  }

  /** Where the server is, with its TLS options and headers, for a stream that is no plain request. */
  get place(): KubePlace {
    return this.#place;
  }

  close(): void {
    this.#agent.destroy();
  }
}

type Ends = { resolve(answer: WireAnswer): void; fail(error: unknown, tooLarge?: boolean): void };

const BROKEN_OFF = 'the connection broke off in the middle of the answer';

function collect(response: http.IncomingMessage, end: Ends): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('error', (error) => end.fail(error));
  response.on('aborted', () => end.fail(new Error(BROKEN_OFF)));
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    chunks.push(chunk);
    if (size <= MAX_ANSWER_BYTES) return;
    end.fail(new Error(`the answer is larger than ${MAX_ANSWER_BYTES / 1024 / 1024} MiB`), true);
    response.destroy();
  });
  response.on('end', () =>
    end.resolve({
      status: response.statusCode ?? 0,
      type: response.headers['content-type'] ?? '',
      body: Buffer.concat(chunks).toString('utf8'),
    }),
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && typeof error.code === 'string' && !error.message.includes(error.code))
    return `${error.code} ${error.message}`.trim();
  return error.message || 'no reason given';
}
