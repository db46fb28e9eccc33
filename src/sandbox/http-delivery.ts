import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { asString, isObject, type JsonObject, parseJson } from './json.ts';
import { ACK_MS, type Delivered, type Envelope, type Transport, withTimeout } from './transport.ts';

/** Redirects that Slack follows. */
const MOST_REDIRECTS = 2;

/** Slack's side of HTTP: signed requests to the app's request URL. */
export class HttpDelivery implements Transport {
  readonly #clock: Clock;
  readonly #url: string;
  readonly #secret: string;
  readonly #stop = new AbortController();

  constructor(options: { clock: Clock; requestUrl: string; signingSecret: string }) {
    this.#clock = options.clock;
    this.#url = options.requestUrl;
    this.#secret = options.signingSecret;
  }

  connected(): boolean {
    return !this.#stop.signal.aborted;
  }

  retryReason(reason: string): string {
    return (
      { timeout: 'http_timeout', no_connection: 'connection_failed', http_error: 'http_error' }[reason] ??
      'unknown_error'
    );
  }

  async deliver(envelope: Envelope): Promise<Delivered> {
    const sent = await this.#send(bodyOf(envelope), {
      'content-type': envelope.type === 'events_api' ? 'application/json' : 'application/x-www-form-urlencoded',
      ...(envelope.retry
        ? { 'x-slack-retry-num': String(envelope.retry.attempt), 'x-slack-retry-reason': envelope.retry.reason }
        : {}),
    });
    if (sent === 'timeout') return { status: 'failed', reason: 'timeout', mayRetry: true };
    if (sent === 'no_connection') return { status: 'failed', reason: 'no_connection', mayRetry: true };
    if (sent.status < 200 || sent.status > 299)
      return { status: 'failed', reason: 'http_error', mayRetry: !sent.noRetry };
    return { status: 'acked', payload: ackPayload(sent.text) };
  }

  /** The handshake of a request URL: true when the app echoes the challenge. */
  async verifyUrl(): Promise<boolean> {
    const challenge = randomBytes(16).toString('hex');
    const body = JSON.stringify({ token: 'sandbox', challenge, type: 'url_verification' });
    const sent = await this.#send(body, { 'content-type': 'application/json' });
    if (typeof sent === 'string' || sent.status !== 200) return false;
    const parsed = parseJson(sent.text);
    return sent.text === challenge || (isObject(parsed) && parsed.challenge === challenge);
  }

  /** The unsigned check of the certificate: true when the app answers 200. */
  async sslCheck(): Promise<boolean> {
    const sent = await this.#send(
      'ssl_check=1&token=sandbox',
      { 'content-type': 'application/x-www-form-urlencoded' },
      false,
    );
    return typeof sent !== 'string' && sent.status === 200;
  }

  close(): void {
    this.#stop.abort();
  }

  async #send(
    body: string,
    headers: Readonly<Record<string, string>>,
    signed = true,
  ): Promise<{ status: number; text: string; noRetry: boolean } | 'timeout' | 'no_connection'> {
    const stamp = String(Math.floor(this.#clock.now().getTime() / 1_000));
    const signature = `v0=${createHmac('sha256', this.#secret).update(`v0:${stamp}:${body}`).digest('hex')}`;
    const signing: Record<string, string> = signed
      ? { 'x-slack-request-timestamp': stamp, 'x-slack-signature': signature }
      : {};
    const gone = new AbortController();
    const work = this.#post(body, { ...headers, ...signing }, AbortSignal.any([gone.signal, this.#stop.signal]));
    // Slack closes a request that takes too long.
    const result = await withTimeout(
      this.#clock,
      ACK_MS,
      work.catch(() => 'no_connection' as const),
    );
    if (result === 'timeout') gone.abort();
    return result;
  }

  async #post(
    body: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<{ status: number; text: string; noRetry: boolean }> {
    let url = this.#url;
    for (let hop = 0; ; hop += 1) {
      const response = await fetch(url, { method: 'POST', body, headers, signal, redirect: 'manual' });
      const location = response.headers.get('location');
      if (response.status < 300 || response.status > 399 || !location || hop >= MOST_REDIRECTS) {
        return {
          status: response.status,
          text: await response.text(),
          noRetry: response.headers.get('x-slack-no-retry') === '1',
        };
      }
      url = new URL(location, url).href;
    }
  }
}

function bodyOf(envelope: Envelope): string {
  if (envelope.type === 'events_api') return JSON.stringify(envelope.payload);
  if (envelope.type === 'interactive')
    return new URLSearchParams({ payload: JSON.stringify(envelope.payload) }).toString();
  return new URLSearchParams(
    Object.entries(envelope.payload).map(([key, value]): [string, string] => [key, String(value)]),
  ).toString();
}

function ackPayload(text: string): JsonObject | null {
  if (text === '') return null;
  const parsed = parseJson(text);
  return isObject(parsed) ? parsed : { text: asString(parsed) ?? text };
}
