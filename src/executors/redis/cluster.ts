import type { Redis } from 'ioredis';
import { UserError } from '../../lib/errors.ts';
import { isForbiddenAddress } from '../http/address-guard.ts';
import { unlessAborted } from '../limits.ts';
import { openRedis, type RedisPlace } from './redis-session.ts';

/** A node that another one names, reached as the seed was: same account, same TLS. */
export type ClusterNode = { readonly host: string; readonly port: number };

/** Most keys that are collected from all nodes together. */
const MAX_KEYS = 1_000;
/** Asked of a node at a time. */
const PAGE = 500;

/** Where a node sends a command instead (`MOVED 3999 10.0.0.2:6381`, `ASK …`); null for every other error. */
export function redirection(error: unknown): (ClusterNode & { asking: boolean }) | null {
  const found = /^(?<kind>MOVED|ASK) \d+ (?<host>\S*):(?<port>\d+)$/u.exec(error instanceof Error ? error.message : '');
  if (!found?.groups) return null;
  const { kind, host = '', port } = found.groups;
  return { asking: kind === 'ASK', host, port: Number(port) };
}

/** The seed's place with another address. Throws UserError `address_refused` for one at which clouds hand out credentials. */
export function placeOfNode(seed: RedisPlace, node: ClusterNode): RedisPlace {
  if (!('host' in seed)) throw new UserError('target_invalid', 'A cluster is reached over TCP: write `url`.');
  const host = node.host === '' ? seed.host : node.host;
  if (isForbiddenAddress(host)) {
    throw new UserError(
      'address_refused',
      `The cluster sends this step to ${host}, which cannot be one of its nodes: look at CLUSTER NODES.`,
    );
  }
  return { ...seed, host, port: node.port };
}

/** The masters of all slots, each once, as the seed knows them. */
export async function masters(client: Redis): Promise<ClusterNode[]> {
  const slots = (await client.call('CLUSTER', 'SLOTS')) as [number, number, [string | null, number]][];
  const nodes = slots.map(([, , [host, port]]) => ({ host: host ?? '', port: Number(port) }));
  return nodes.filter(
    (node, index) => nodes.findIndex(({ host, port }) => host === node.host && port === node.port) === index,
  );
}

/**
 * SCAN over every master: the cursor of one node means nothing to another, so that each is walked to its end or until there are enough
 * keys. Gives what SCAN gives, with a cursor of 0, and whether keys were left out.
 */
export async function scanAll(
  client: Redis,
  use: { seed: RedisPlace; args: readonly string[]; signal: AbortSignal },
): Promise<{ reply: [string, string[]]; cut: boolean }> {
  const options = withPage(use.args.slice(2));
  const keys = new Set<string>();
  for (const node of await unlessAborted(use.signal, masters(client))) {
    const master = await openRedis(placeOfNode(use.seed, node), use.signal);
    try {
      let cursor = '0';
      do {
        const page = await unlessAborted(use.signal, master.call('SCAN', cursor, ...options));
        const [next, found] = page as [string, string[]];
        for (const key of found) keys.add(key);
        cursor = next;
      } while (cursor !== '0' && keys.size < MAX_KEYS);
      if (cursor !== '0' || keys.size > MAX_KEYS) return { reply: ['0', [...keys].slice(0, MAX_KEYS)], cut: true };
    } finally {
      master.disconnect();
    }
  }
  return { reply: ['0', [...keys].sort()], cut: false };
}

/** DBSIZE of all masters together. */
export async function sizeOfAll(client: Redis, use: { seed: RedisPlace; signal: AbortSignal }): Promise<number> {
  let sum = 0;
  for (const node of await unlessAborted(use.signal, masters(client))) {
    const master = await openRedis(placeOfNode(use.seed, node), use.signal);
    try {
      sum += Number(await unlessAborted(use.signal, master.call('DBSIZE')));
    } finally {
      master.disconnect();
    }
  }
  return sum;
}

/** Small pages of a reviewed COUNT would mean thousands of questions. */
function withPage(options: readonly string[]): string[] {
  const at = options.findIndex((option) => option.toLowerCase() === 'count');
  const without = at < 0 ? options : [...options.slice(0, at), ...options.slice(at + 2)];
  return [...without, 'COUNT', String(PAGE)];
}
