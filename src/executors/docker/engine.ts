import type { ClientRequest, IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Effect } from '../../domain/effect.ts';
import type { Json } from '../../lib/canonical-json.ts';
import { messageOf } from '../../lib/errors.ts';
import { requireAllowed } from './engine-guard.ts';
import { Frames } from './frames.ts';
import type { OpenRequest } from './transport.ts';

/** Largest answer that is read whole, in bytes. */
const MAX_ANSWER = 16 * 1024 * 1024;
/** Most output of one log or program that is read, in bytes; the rest stays where it is. */
export const MAX_STREAM = 8 * 1024 * 1024;

export type EngineCall = {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Without version and query: `/containers/api/json`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Json;
};

/** The engine said no, or could not be asked. */
export class EngineError extends Error {
  /** The engine's answer, or null: none came. */
  readonly status: number | null;
  /** The connection was made, so the engine may have begun. */
  readonly sent: boolean;

  constructor(message: string, state: { status: number | null; sent: boolean }) {
    super(message);
    this.name = 'EngineError';
    this.status = state.status;
    this.sent = state.sent;
  }
}

export type Streams = {
  readonly stdout: string;
  readonly stderr: string;
  readonly both: string;
  readonly cut: boolean;
};

/** One engine for one step: every request passes the list of what the step may send. */
export class Engine {
  readonly #open: OpenRequest;
  readonly #allowed: Effect;
  readonly #signal: AbortSignal;
  #changing = false;

  constructor(open: OpenRequest, use: { allowed: Effect; signal: AbortSignal }) {
    this.#open = open;
    this.#allowed = use.allowed;
    this.#signal = use.signal;
  }

  /** A request that changes something went out. */
  get changing(): boolean {
    return this.#changing;
  }

  /** The parsed answer, null for an empty one. Throws EngineError, UserError `not_read_only` and `request_refused`. */
  async json(call: EngineCall): Promise<Json> {
    const text = (await collect(await this.#send(call), MAX_ANSWER)).toString('utf8').trim();
    if (text === '') return null;
    try {
      return JSON.parse(text) as Json;
    } catch {
      throw new EngineError('its answer is no JSON', { status: null, sent: true });
    }
  }

  /** An answer of one JSON value per line, as events come. */
  async jsonLines(call: EngineCall): Promise<Json[]> {
    const text = (await collect(await this.#send(call), MAX_ANSWER)).toString('utf8');
    return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [JSON.parse(line) as Json]));
  }

  /** What a container or a program in it wrote, told apart unless it has a terminal. Stops after MAX_STREAM bytes. */
  async streams(call: EngineCall, terminal: boolean): Promise<Streams> {
    const response = await this.#send(call);
    const frames = new Frames(terminal);
    let size = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        size += chunk.length;
        frames.add(chunk);
        if (size > MAX_STREAM) break;
      }
    } catch (error) {
      throw new EngineError(messageOf(error), { status: null, sent: true });
    } finally {
      response.destroy();
    }
    return { ...frames.finish(), cut: size > MAX_STREAM };
  }

  /** Removes a container that this step made, also when the step was stopped. What cannot be removed stays and is no error of the step. */
  async remove(id: string): Promise<void> {
    const call = { method: 'DELETE', path: `/containers/${id}`, query: { force: 'true', v: 'true' } } as const;
    await this.#send(call, AbortSignal.timeout(10_000)).then(
      (response) => response.destroy(),
      () => undefined, // it is labelled as made for one command, and `docker ps -a` shows it
    );
  }

  async #send(call: EngineCall, signal = this.#signal): Promise<IncomingMessage> {
    requireAllowed(call.method, call.path, this.#allowed);
    const query = new URLSearchParams(call.query).toString();
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const length =
      body === undefined
        ? call.method === 'POST'
          ? { 'content-length': '0' }
          : {}
        : { 'content-length': String(Buffer.byteLength(body)), 'content-type': 'application/json' };
    const request = this.#open({
      method: call.method,
      path: query === '' ? call.path : `${call.path}?${query}`,
      headers: length,
      signal,
    });
    const response = await answerOf(request, body, () => {
      if (call.method !== 'GET') this.#changing = true;
    });
    const status = response.statusCode ?? 0;
    if (status < 400) return response;
    const text = (await collect(response, 65_536)).toString('utf8');
    throw new EngineError(messageIn(text) || `it answered ${status}`, { status, sent: true });
  }
}

function answerOf(request: ClientRequest, body: string | undefined, onSent: () => void): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let sent = false;
    request.on('socket', (socket) => {
      const connected = () => {
        sent = true;
        onSent();
      };
      // before the handshake is over nothing of the request has left
      if (socket instanceof TLSSocket) socket.once('secureConnect', connected);
      // a program's pipe is never connected by itself: what was written to it may have arrived
      else if ('connecting' in socket && socket.connecting) socket.once('connect', connected);
      else connected();
    });
    request.on('error', (error) => {
      const code = 'code' in error ? String(error.code) : '';
      reject(
        new EngineError(
          code !== '' && !error.message.includes(code) ? `${code}: ${error.message}` : error.message || code,
          { status: null, sent },
        ),
      );
    });
    request.on('response', resolve);
    request.end(body);
  });
}

async function collect(response: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > most) throw new Error(`its answer is larger than ${most} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw new EngineError(messageOf(error), { status: null, sent: true });
  } finally {
    response.destroy();
  }
  return Buffer.concat(chunks);
}

function messageIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message.replace(/[.\s]+$/u, '') : '';
  } catch {
    return text.slice(0, 200).trim();
  }
}
