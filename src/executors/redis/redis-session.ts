import { isIP } from 'node:net';
import type { Redis } from 'ioredis';
import { unlessAborted } from '../limits.ts';

/**
 * A reply larger than this is not taken into memory: the connection is cut. A list of the smallest elements costs 25 times as much in
 * memory as on the wire, and 0.3 s of the process for each MiB.
 */
const MAX_WIRE_BYTES = 8 * 1024 * 1024;
/** The head of a list of ten million elements or more: what could hold it would be laid out before the first one came. */
const ENDLESS_LIST = /^\*\d{8,}\r/u;
const CONNECT_TIMEOUT_MS = 5_000;

/** Where the server is and as whom to enter. */
export type RedisPlace = {
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
} & ({ readonly path: string } | { readonly host: string; readonly port: number; readonly tls?: RedisTls });

/** What is trusted and shown beyond what the machine trusts anyway; the certificate is always checked, and its name. */
export type RedisTls = { readonly ca?: string; readonly cert?: string; readonly key?: string };

/** What the server says about one command. */
export type ServerOpinion = { readonly known: boolean; readonly flags: readonly string[] };

/** One fresh connection without retries, queues or reconnects. Rejects when the server does not answer or the signal comes first. */
export async function openRedis(options: RedisPlace, signal: AbortSignal): Promise<Redis> {
  const { Redis } = await import('ioredis');
  const client = new Redis({
    ...options,
    ...('tls' in options && options.tls ? { tls: { ...options.tls, ...serverName(options.host) } } : {}),
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: () => null,
    reconnectOnError: () => false,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    disableClientInfo: true,
    protocol: 2,
    connectionName: 'warroom-step',
  });
  let failure: Error | undefined;
  client.on('error', (error: Error) => {
    failure ??= error; // the promise of connect says only that the connection closed
  });
  try {
    await unlessAborted(signal, client.connect());
  } catch (error) {
    client.disconnect();
    throw failure ?? error;
  }
  guardSize(client);
  return client;
}

/** The name that the certificate must be for; a certificate for an address is compared with the address itself. */
function serverName(host: string): { servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {};
}

/** COMMAND INFO for that command (`get`, `slowlog|get`). Rejects when the server does not permit the question. */
export async function askServer(client: Redis, name: string): Promise<ServerOpinion> {
  const subcommand = await commandInfo(client, name);
  if (subcommand.known || !name.includes('|')) return subcommand;
  return await commandInfo(client, name.slice(0, name.indexOf('|'))); // before Redis 7 only the container is known
}

/** Whether the user of this connection may write, by the server's own dry run; null when it cannot be asked (Redis < 7, no permission). */
export async function mayWrite(client: Redis): Promise<boolean | null> {
  try {
    const user = String(await client.call('ACL', 'WHOAMI'));
    return String(await client.call('ACL', 'DRYRUN', user, 'SET', 'warroom:probe', '1')) === 'OK';
  } catch {
    return null; // a user who may not even ask is restricted
  }
}

async function commandInfo(client: Redis, name: string): Promise<ServerOpinion> {
  const answer = (await client.call('COMMAND', 'INFO', name)) as unknown[];
  const [entry] = answer;
  if (!Array.isArray(entry)) return { known: false, flags: [] };
  return { known: true, flags: Array.isArray(entry[2]) ? entry[2].map(String) : [] };
}

function guardSize(client: Redis): void {
  let received = 0;
  const { stream } = client as unknown as { stream?: { on(event: 'data', listener: (chunk: Buffer) => void): void } };
  stream?.on('data', (chunk) => {
    received += chunk.length;
    if (received > MAX_WIRE_BYTES || ENDLESS_LIST.test(chunk.toString('latin1', 0, 16))) client.disconnect();
  });
}
