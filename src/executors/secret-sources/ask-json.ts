import http from 'node:http';
import https, { type RequestOptions } from 'node:https';
import { messageOf } from '../../lib/errors.ts';

/** A store of secrets answers within this time, or not at all. */
const TIMEOUT_MS = 5_000;
/** No sensible secret is larger; the rest of an endless answer is not waited for. */
const MAX_BYTES = 2 * 1024 * 1024;

export type JsonQuestion = {
  readonly url: URL;
  readonly method: 'GET' | 'POST' | 'LIST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly tls?: Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername'>;
};

/** `body` is undefined when the answer was no JSON. */
export type JsonAnswer = { readonly status: number; readonly body: unknown };

/** No complete answer came; the text says why and holds nothing of what was sent. */
export class NoAnswerError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'NoAnswerError';
  }
}

/** True for https, and for http to this machine: a secret does not travel readable over a network. */
export function isPrivateAddress(url: URL): boolean {
  if (url.username + url.password + url.search + url.hash !== '') return false;
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/u.test(url.hostname);
}

/** One question to a store of secrets over a connection of its own. Redirects are not followed. Throws NoAnswerError. */
export function askJson(question: JsonQuestion): Promise<JsonAnswer> {
  const { url, method, headers, tls } = question;
  const body = question.body === undefined ? null : JSON.stringify(question.body);
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(new NoAnswerError(messageOf(error)));
    const length =
      body === null ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
    const options = {
      method,
      agent: false as const,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: { 'user-agent': 'warroom', accept: 'application/json', ...headers, ...length },
    };
    const answered = (response: http.IncomingMessage) => collect(response, { resolve, fail });
    const sending =
      url.protocol === 'https:'
        ? https.request(url, { ...options, ...tls, rejectUnauthorized: true }, answered)
        : http.request(url, options, answered);
    sending.on('error', fail);
    sending.end(body ?? undefined);
  });
}

function collect(
  response: http.IncomingMessage,
  end: { resolve(answer: JsonAnswer): void; fail(error: unknown): void },
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('error', end.fail);
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    chunks.push(chunk);
    if (size > MAX_BYTES) response.destroy(new Error('the answer is too large'));
  });
  response.on('end', () => {
    const text = Buffer.concat(chunks).toString('utf8');
    for (const chunk of chunks) chunk.fill(0);
    end.resolve({ status: response.statusCode ?? 0, body: parse(text) });
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a proxy's page is no answer of the store
  }
}
