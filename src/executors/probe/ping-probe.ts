import { execFile } from 'node:child_process';
import { isIP } from 'node:net';
import type { Findings } from '../results.ts';
import { hostAddresses } from './names.ts';
import type { ProbeUse } from './probe-use.ts';

/** What the machine's ping printed; null when there is no such program, or it may not run. */
export type RunPing = (args: readonly string[], signal: AbortSignal) => Promise<string | null>;

/** Runs `ping` with these arguments and nothing of Warroom's environment. */
export const systemPing: RunPing = (args, signal) =>
  new Promise((resolve) => {
    const env = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' };
    execFile(
      'ping',
      [...args],
      { env, signal, maxBuffer: 256 * 1024, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        const missing = error !== null && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES');
        const forbidden = /not permitted|permission denied|lacking privilege/iu.test(stderr);
        resolve(missing || forbidden ? null : stdout);
      },
    );
  });

/**
 * ICMP echoes by the machine's own `ping`: Node has no ICMP sockets, and raw ones would need rights that Warroom should not have. The
 * address was resolved and checked before, and is the only thing that the program is told.
 */
export async function probePing(count: number, use: ProbeUse, runPing: RunPing = systemPing): Promise<Findings> {
  const { host } = use.place;
  const [address] = await hostAddresses(use);
  if (address === undefined) return { status: 'failed', error: `${host} has no address: check the target.` };
  const family = isIP(address) === 6 ? ['-6'] : [];
  const text = await runPing([...family, '-n', '-c', String(count), '-W', '2', address], use.signal);
  if (text === null) {
    return {
      status: 'failed',
      error: 'There is no `ping` on this machine that may be used: install iputils-ping, or probe a port with `tcp`.',
    };
  }
  const figures = readPing(text, count);
  const value = { host, address, ...figures };
  const output = `${host} (${address}): ${figures.received} of ${figures.sent} came back${figures.rtt_ms === null ? '' : `, ${figures.rtt_ms} ms on average`}`;
  if (figures.received > 0) return { status: 'ok', value, output };
  return {
    status: 'failed',
    value,
    output,
    error: `${host} does not answer to ping: it is away, or a firewall drops ICMP.`,
  };
}

/** Figures from what the programs of iputils, BusyBox, BSD and macOS print. `loss` is a share between 0 and 1. */
export function readPing(
  text: string,
  count: number,
): { sent: number; received: number; loss: number; rtt_ms: number | null } {
  const counted = /(?<sent>\d+) packets transmitted, (?<received>\d+) (?:packets )?received/u.exec(text)?.groups;
  const sent = Number(counted?.sent ?? count);
  const received = Number(counted?.received ?? 0);
  const average = /(?:rtt|round-trip) [^=]*= *[\d.]+\/(?<average>[\d.]+)/u.exec(text)?.groups?.average;
  return {
    sent,
    received,
    loss: sent === 0 ? 1 : (sent - received) / sent,
    rtt_ms: average === undefined ? null : Number(average),
  };
}
