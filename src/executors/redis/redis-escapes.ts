import type { Redis } from 'ioredis';
import { redisEffect } from '../../analysis/redis-effect.ts';
import { messageOf } from '../../lib/errors.ts';
import type { DeeperLayers, DeeperUse, LayerResult } from '../examination.ts';
import { parseCommand } from './parse-command.ts';
import { askServer, mayWrite, openRedis } from './redis-session.ts';
import { redisConnection } from './redis-target.ts';

/**
 * Asks the server about each command without sending it: how the server flags it (COMMAND INFO), and whether the
 * user might send it (ACL DRYRUN, Redis 7). Rejects when the server is not reached.
 */
export async function askAboutCommands({ target, statements, secrets, signal }: DeeperUse): Promise<DeeperLayers> {
  const { options } = await redisConnection(target, { credential: 'read', secrets });
  const client = await openRedis(options, signal);
  try {
    const layers = new Map<string, LayerResult[]>();
    for (const statement of statements) {
      const words = parseCommand(statement).args.map((argument) =>
        argument.map((piece) => ('text' in piece ? piece.text : '')).join(''),
      );
      layers.set(statement, [await flags(client, words), await rights(client, words)]);
    }
    const writes = await mayWrite(client);
    const open = [...layers].flatMap(([statement, results]) =>
      results.some(({ layer, outcome }) => layer === 'rights' && outcome === 'open') ? [statement] : [],
    );
    const may = writes === true ? 'write' : open.length > 0 ? `send ${open.map((one) => `“${one}”`).join(', ')}` : null;
    const findings =
      may === null
        ? []
        : [`The read credential of ${target.name} may ${may}: give it an ACL user with +@read -@write.`];
    const remarks =
      writes === null
        ? [`This Redis does not say what the read credential of ${target.name} may do (ACL DRYRUN).`]
        : [];
    return { findings, remarks, layers };
  } finally {
    client.disconnect();
  }
}

async function flags(client: Redis, words: readonly string[]): Promise<LayerResult> {
  try {
    const { known, flags: found } = await askServer(client, redisEffect(words).name);
    const why = known ? `The server flags it as ${found.join(', ') || 'nothing'}.` : 'The server does not know it.';
    return { layer: 'protocol', outcome: !known || found.includes('write') ? 'stopped' : 'open', why };
  } catch (error) {
    return { layer: 'protocol', outcome: 'unknown', why: messageOf(error) };
  }
}

async function rights(client: Redis, words: readonly string[]): Promise<LayerResult> {
  try {
    const user = String(await client.call('ACL', 'WHOAMI'));
    const answer = String(await client.call('ACL', 'DRYRUN', user, ...words));
    const open = answer === 'OK';
    return { layer: 'rights', outcome: open ? 'open' : 'stopped', why: open ? `User ${user} might send it.` : answer };
  } catch (error) {
    return { layer: 'rights', outcome: 'unknown', why: messageOf(error) };
  }
}
