import net from 'node:net';
import { messageOf } from '../../lib/errors.ts';
import type { Findings } from '../results.ts';
import { hostAddresses } from './names.ts';
import type { ProbeUse } from './probe-use.ts';

/** How long one address may take to answer; a firewall that drops packets says nothing at all. */
const CONNECT_MS = 5_000;

export type Connected = { readonly socket: net.Socket; readonly address: string; readonly connectMs: number };
export type Unreached = { readonly address: string; readonly reason: string };

/** Connects to the first address that answers. The socket is the caller's to close. */
export async function connectTo(port: number, use: ProbeUse): Promise<Connected | Unreached> {
  const addresses = await hostAddresses(use);
  let last: Unreached = { address: use.place.host, reason: 'it has no address' };
  for (const address of addresses) {
    if (use.signal.aborted) break;
    const startedMs = use.clock.monotonicMs();
    const result = await connectOnce(address, port, use.signal);
    if (result instanceof net.Socket)
      return { socket: result, address, connectMs: Math.round((use.clock.monotonicMs() - startedMs) * 10) / 10 };
    last = { address, reason: result };
  }
  return last;
}

/** Whether a port takes connections, and how fast. Nothing is sent. */
export async function probeTcp(port: number, use: ProbeUse): Promise<Findings> {
  const { host } = use.place;
  const outcome = await connectTo(port, use);
  if ('reason' in outcome) {
    const { address, reason } = outcome;
    return {
      status: 'failed',
      value: { host, port, address, open: false, connect_ms: null },
      output: `${host}:${port} is not open: ${reason} (${address})`,
      error: `Port ${port} of ${host} is not open (${reason}): check the service behind it and the way there.`,
    };
  }
  outcome.socket.destroy();
  const { address, connectMs } = outcome;
  return {
    status: 'ok',
    value: { host, port, address, open: true, connect_ms: connectMs },
    output: `${host}:${port} is open (${address}, connected in ${connectMs} ms)`,
  };
}

function connectOnce(address: string, port: number, signal: AbortSignal): Promise<net.Socket | string> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port });
    const end = (outcome: net.Socket | string) => {
      signal.removeEventListener('abort', onAbort);
      socket.setTimeout(0);
      socket.removeAllListeners('error');
      socket.on('error', () => undefined); // what happens after the outcome changes nothing about it
      if (typeof outcome === 'string') socket.destroy();
      resolve(outcome);
    };
    const onAbort = () => end('stopped');
    signal.addEventListener('abort', onAbort, { once: true });
    socket.setTimeout(CONNECT_MS, () => end(`no answer within ${CONNECT_MS / 1000} s`));
    socket.once('error', (error) => end('code' in error ? String(error.code) : messageOf(error)));
    socket.once('connect', () => end(socket));
  });
}
