import { type RedisEffect, redisEffect } from '../../analysis/redis-effect.ts';
import type { Clock } from '../../lib/clock.ts';
import { messageOf, UserError } from '../../lib/errors.ts';
import type { Secret } from '../../lib/secret.ts';
import { requireEffect } from '../allowed-effect.ts';
import { type BoundValue, refuseInvisible, secretsAmong } from '../bound-values.ts';
import { canonicalTarget, credentialFor, LoadedSecrets } from '../credential.ts';
import type { Executor, RunContext, Statement, StatementSource } from '../executor.ts';
import { checkFilterChain, type Filters, readFilterChain, showFilters } from '../filters/filters.ts';
import { type Limits, unlessAborted, withLimits } from '../limits.ts';
import { redact } from '../output-safety.ts';
import { type Findings, safeResult, stopped } from '../results.ts';
import type { SecretResolver } from '../secrets.ts';
import { placeOfNode, redirection, scanAll, sizeOfAll } from './cluster.ts';
import { bindCommand, parseCommand, quoteArgument } from './parse-command.ts';
import { askServer, mayWrite, openRedis, type RedisPlace } from './redis-session.ts';
import { redisConnection, redisTargetProblems } from './redis-target.ts';
import { plainReply, renderReply, replyToJson } from './render-reply.ts';

/** What the `redis` executor is built with. */
export type RedisDependencies = { readonly clock: Clock; readonly secrets: SecretResolver };

type Prepared = {
  readonly source: StatementSource;
  readonly sent: readonly string[];
  readonly bound: readonly BoundValue[];
  readonly found: RedisEffect;
  readonly filters: Filters;
  readonly clock: Clock;
};

/** `known`: the secrets of the target that were loaded so far. */
type Sending = Prepared & { readonly known: readonly Secret[] };

/** Nodes that a command may be sent on to while slots move. */
const MAX_REDIRECTIONS = 5;

type Connection = Awaited<ReturnType<typeof openRedis>>;

/** Redis: one command per step, each value exactly one argument, reading by a reviewed list that the server's flags must confirm. */
export function createRedisExecutor(dependencies: RedisDependencies): Executor {
  return {
    language: 'redis',
    checkTarget: redisTargetProblems,
    placeholders: async (text) => {
      const command = parseCommand(text);
      await checkFilterChain(command.filters);
      return command.names;
    },
    prepare: async (source) => prepare(source, dependencies),
  };
}

function prepare(source: StatementSource, dependencies: RedisDependencies): Statement {
  refuseInvisible(source.text);
  const template = parseCommand(source.text);
  const { sent, shown, bound: own } = bindCommand(template.args, source.values);
  const filters = readFilterChain(template.filters, source.values);
  const bound = [...own, ...filters.bound];
  const found = redisEffect(sent);
  if (found.refusal)
    throw new UserError(source.allowed === 'read' ? 'not_read_only' : 'statement_invalid', found.refusal);
  requireEffect(found, source.allowed);
  const credential = credentialFor(source.target, source.allowed);
  return {
    language: 'redis',
    display: `${shown.map(quoteArgument).join(' ')}${showFilters(filters)}`,
    canonical: {
      executor: 'redis',
      version: 1,
      arguments: shown,
      ...(filters.shown.length === 0 ? {} : { filters: filters.shown.map((words) => [...words]) }),
      target: canonicalTarget(source.target, credential),
    },
    effect: found.effect,
    run: (context) => run({ source, sent, bound, found, filters, clock: dependencies.clock }, context, dependencies),
  };
}

async function run(prepared: Prepared, context: RunContext, dependencies: RedisDependencies) {
  const secrets = new LoadedSecrets(context.secrets ?? dependencies.secrets);
  return await withLimits(context, dependencies.clock, async (limits) => {
    let findings: Findings;
    try {
      findings = await connectAndSend({ ...prepared, known: secrets.used }, secrets, limits);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      findings = { status: 'refused', error: error.message };
    }
    return safeResult(findings, context, { limits, secrets: [...secretsAmong(prepared.bound), ...secrets.used] });
  });
}

async function connectAndSend(prepared: Sending, secrets: LoadedSecrets, limits: Limits): Promise<Findings> {
  const { target, allowed } = prepared.source;
  const found = await redisConnection(target, { credential: credentialFor(target, allowed), secrets });
  let { options, address } = found;
  let asking = false;
  for (let hops = 0; hops <= MAX_REDIRECTIONS; hops += 1) {
    const answer = await sendTo(prepared, { options, address, asking, cluster: found.cluster }, limits);
    if (!('moved' in answer)) return answer;
    options = placeOfNode(found.options, answer.moved);
    address = `${'host' in options ? options.host : ''}:${answer.moved.port}`;
    asking = answer.moved.asking;
  }
  return {
    status: 'failed',
    error: `The cluster sent the command from node to node more than ${MAX_REDIRECTIONS} times: wait until its slots have settled.`,
  };
}

type Place = {
  readonly options: RedisPlace;
  readonly address: string;
  readonly asking: boolean;
  readonly cluster: boolean;
};
type Moved = { readonly moved: NonNullable<ReturnType<typeof redirection>> };

/** One node: what came of the command there, or the node that it has to go to. A node that sends on has not carried it out. */
async function sendTo(prepared: Sending, place: Place, limits: Limits): Promise<Findings | Moved> {
  const { target, allowed } = prepared.source;
  let client: Connection;
  try {
    client = await openRedis(place.options, limits.signal);
  } catch (error) {
    if (limits.reason()) return stopped(limits, 'the Redis server was not reached, nothing was sent.');
    return {
      status: 'failed',
      error: `No Redis server answers for target ${target.name} at ${place.address} (${reasonOf(error)}): start it, or correct the target.`,
    };
  }
  try {
    const warnings: string[] = [];
    if (allowed === 'read') {
      const objection = await serverObjection(client, prepared, limits);
      if (objection) return objection;
      if ((await unlessAborted(limits.signal, mayWrite(client))) === true) {
        warnings.push(`The read credential of ${target.name} may write: give it an ACL user with +@read -@write.`);
      }
    }
    const whole = place.cluster ? await ofWholeCluster(client, prepared, { place, limits, warnings }) : null;
    if (whole) return whole;
    if (place.asking) await unlessAborted(limits.signal, client.call('ASKING'));
    return await send(client, prepared, { limits, warnings, cluster: place.cluster });
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (limits.reason()) return stopped(limits, 'the Redis command was not sent.');
    return { status: 'failed', error: `The Redis server of ${target.name} broke off (${reasonOf(error)}): try again.` };
  } finally {
    client.disconnect();
  }
}

/** A command without a key belongs to no node: SCAN and DBSIZE are asked of all, and a change would happen on one of them only. */
async function ofWholeCluster(
  client: Connection,
  prepared: Sending,
  use: { place: Place; limits: Limits; warnings: string[] },
): Promise<Findings | null> {
  const { sent, source } = prepared;
  const { Command } = await import('ioredis');
  const [name = '', ...rest] = sent;
  if (new Command(name, [...rest]).getKeys().length > 0) return null;
  const shown = prepared.found.name.replace('|', ' ').toUpperCase();
  const all = { seed: use.place.options, signal: use.limits.signal };
  if (source.allowed !== 'read' && prepared.found.effect !== 'read') {
    return {
      status: 'refused',
      error: `${shown} names no key, so that it would reach one node of the cluster only: make a target of each node.`,
    };
  }
  if (shown === 'DBSIZE') return await replied(await sizeOfAll(client, all), prepared, use);
  if (shown === 'SCAN') {
    if (sent[1] !== '0')
      return { status: 'refused', error: 'A cluster has no common cursor: write SCAN 0, which asks every node.' };
    const { reply, cut } = await scanAll(client, { ...all, args: sent });
    const more = cut ? [`Only the first ${reply[1].length} keys are shown: narrow the pattern.`] : [];
    return await replied(reply, prepared, { ...use, warnings: [...use.warnings, ...more] });
  }
  use.warnings.push(`${shown} was answered by one node of the cluster, ${use.place.address}.`);
  return null;
}

async function replied(
  answer: unknown,
  prepared: Sending,
  { limits, warnings }: { limits: Limits; warnings: readonly string[] },
): Promise<Findings> {
  const reply = replyToJson(answer);
  const { filters, clock, found } = prepared;
  if (filters.shown.length === 0)
    return { status: 'ok', value: { value: reply }, output: renderReply(reply), warnings };
  // Masked before a filter could cut a secret into pieces that nobody would know any more.
  const printed = redact(plainReply(reply), [...secretsAmong(prepared.bound), ...prepared.known]);
  const { text, status, error, ...more } = await filters.apply(printed, {
    limits,
    clock,
    changing: found.effect !== 'read',
  });
  const value = /^\s*\d{1,15}\s*$/u.test(text) ? Number(text) : text;
  return { status, value: { value }, output: text, error, warnings: [...warnings, ...more.warnings] };
}

/** The second layer: whatever the list says, a command that this server flags as writing (renamed, replaced by a module) is not sent. */
async function serverObjection(client: Connection, prepared: Sending, limits: Limits): Promise<Findings | null> {
  const shown = prepared.found.name.replace('|', ' ').toUpperCase();
  try {
    const opinion = await unlessAborted(limits.signal, askServer(client, prepared.found.name));
    if (!opinion.known)
      return { status: 'refused', error: `This Redis server does not know ${shown}: use a command that it has.` };
    if (opinion.flags.includes('write')) {
      return {
        status: 'refused',
        error: `This Redis server flags ${shown} as writing, so it was not sent: run it as a change.`,
      };
    }
    return null;
  } catch (error) {
    if (!/NOPERM|NOAUTH|unknown command/iu.test(messageOf(error))) throw error;
    return {
      status: 'refused',
      error: `This Redis server does not say whether ${shown} only reads (${reasonOf(error)}): allow the read user +command|info.`,
    };
  }
}

async function send(
  client: Connection,
  prepared: Sending,
  use: { limits: Limits; warnings: string[]; cluster: boolean },
): Promise<Findings | Moved> {
  const [command = '', ...rest] = prepared.sent;
  const changing = prepared.source.allowed !== 'read';
  try {
    return await replied(await unlessAborted(use.limits.signal, client.call(command, ...rest)), prepared, use);
  } catch (error) {
    const moved = redirection(error);
    if (moved && use.cluster) return { moved };
    if (moved) {
      return {
        status: 'failed',
        error: `This Redis server is a node of a cluster and does not hold the key: write \`cluster: true\` into the options of ${prepared.source.target.name}.`,
      };
    }
    if (error instanceof Error && error.name === 'ReplyError') {
      return {
        status: 'failed',
        output: `(error) ${error.message}`,
        error: `Redis refused the command: ${reasonOf(error)}.`,
      };
    }
    if (changing) {
      return {
        status: 'unknown',
        error:
          'The command was sent, but Redis did not confirm it: it may or may not have happened, look before you run it again.',
      };
    }
    if (use.limits.reason()) return stopped(use.limits, 'the connection was closed.');
    return {
      status: 'failed',
      error: `The Redis server broke off (${reasonOf(error)}); a reply of more than 8 MiB is cut off as well.`,
    };
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return (messageOf(error) || code || 'no reason given').replace(/[.\s]+$/u, '');
}
