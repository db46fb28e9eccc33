import { lookup as dnsLookup } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { UserError } from '../../lib/errors.ts';
import { isForbiddenAddress } from './address-guard.ts';

/** Resolves a name to all of its addresses. Tests give their own. */
export type ResolveName = (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

/** Name resolution as the machine does it. */
export const resolveBySystem: ResolveName = (host) => dnsLookup(host, { all: true, verbatim: true });

/** One request to one pinned address. */
export type WireRequest = {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly address: { readonly address: string; readonly family: number };
  readonly signal: AbortSignal;
  readonly maxResponseBytes: number;
  /** PEM of the authority that must have signed the certificate; without it those that the machine trusts. */
  readonly ca?: string | null;
};

export type WireResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
};

/** Where it failed decides what may have happened. */
export class SendError extends Error {
  /** False: the connection was never made, so nothing was sent. */
  readonly connected: boolean;
  /** The answer was larger than allowed. */
  readonly tooLarge: boolean;

  constructor(message: string, state: { connected: boolean; tooLarge?: boolean }) {
    super(message);
    this.name = 'SendError';
    this.connected = state.connected;
    this.tooLarge = state.tooLarge ?? false;
  }
}

/**
 * The address that a target's name stands for, checked once and used for the whole step, so that a second answer of the name server
 * changes nothing. Throws UserError `address_refused` when any of its addresses is forbidden, SendError when there is none.
 */
export async function pinAddress(url: URL, resolve: ResolveName): Promise<{ address: string; family: number }> {
  const host = url.hostname.replace(/^\[|\]$/gu, '');
  if (isIP(host) !== 0) return { address: host, family: isIP(host) }; // named by its number in the target itself
  let addresses: Awaited<ReturnType<ResolveName>>;
  try {
    addresses = await resolve(host);
  } catch (error) {
    throw new SendError(`the name ${host} is not known (${codeOf(error)})`, { connected: false });
  }
  const [first] = addresses;
  if (first === undefined) throw new SendError(`the name ${host} has no address`, { connected: false });
  const forbidden = addresses.find(({ address }) => isForbiddenAddress(address));
  if (forbidden) {
    throw new UserError(
      'address_refused',
      `${host} leads to ${forbidden.address}, an address at which clouds hand out credentials: correct the target or its name server.`,
    );
  }
  return first;
}

/** Sends one request on a connection of its own and reads the answer up to the cap. Follows nothing. Throws SendError. */
export function sendRequest(request: WireRequest): Promise<WireResponse> {
  return new Promise((resolve, reject) => {
    let connected = false;
    const { protocol } = request.url;
    const transport = protocol === 'https:' ? https : http;
    const length: Record<string, string> =
      request.body === null ? {} : { 'content-length': String(Buffer.byteLength(request.body)) };
    const sending = transport.request(request.url, {
      method: request.method,
      headers: { 'user-agent': 'warroom', accept: '*/*', ...request.headers, ...length, 'accept-encoding': 'identity' },
      agent: false,
      signal: request.signal,
      maxHeaderSize: 65_536,
      lookup: pinned(request.address),
      ...(request.ca ? { ca: request.ca } : {}),
    });
    const fail = (error: unknown, tooLarge = false) => reject(new SendError(codeOf(error), { connected, tooLarge }));
    sending.on('socket', (socket) => {
      socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        connected = true;
      });
    });
    sending.on('error', (error) => fail(error));
    sending.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('error', (error) => fail(error));
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > request.maxResponseBytes) {
          fail(new Error(`the answer is larger than ${request.maxResponseBytes} bytes`), true);
          response.destroy();
        } else chunks.push(chunk);
      });
      response.on('end', () => {
        const headers = plainHeaders(response.headers);
        unpacked(Buffer.concat(chunks), headers['content-encoding'], request.maxResponseBytes).then(
          (body) => resolve({ status: response.statusCode ?? 0, headers, body }),
          (error: unknown) => fail(error, isTooLarge(error)),
        );
      });
    });
    sending.end(request.body ?? undefined);
  });
}

const UNPACK = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/** Some servers pack what was asked for unpacked. What would grow larger than allowed is no answer. */
async function unpacked(body: Buffer, encoding: string | undefined, most: number): Promise<Buffer> {
  const name = (encoding ?? 'identity').trim().toLowerCase();
  if (body.length === 0 || !(name in UNPACK)) return body;
  try {
    return await UNPACK[name as keyof typeof UNPACK](body, { maxOutputLength: most });
  } catch (error) {
    if (isTooLarge(error)) throw new Error(`the answer is larger than ${most} bytes`, { cause: error });
    return body; // shown as what it is
  }
}

function isTooLarge(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return 'code' in error ? error.code === 'ERR_BUFFER_TOO_LARGE' : isTooLarge(error.cause);
}

/** A lookup that knows one answer. Node asks for all addresses or for one. */
function pinned(address: { address: string; family: number }): LookupFunction {
  return (_host, options, callback) => {
    if (options.all) callback(null, [{ ...address }]);
    else callback(null, address.address, address.family);
  };
}

function plainHeaders(headers: http.IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && typeof error.code === 'string' && !error.message.includes(error.code))
    return `${error.code}: ${error.message}`;
  return error.message || ('code' in error ? String(error.code) : 'no reason given');
}
