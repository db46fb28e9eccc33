import { type RedisEffect, redisEffect } from '../../analysis/redis-effect.ts';
import type { Clock } from '../../lib/clock.ts';
import { messageOf, UserError } from '../../lib/errors.ts';
import { requireEffect } from '../allowed-effect.ts';
import { type BoundValue, refuseInvisible, secretsAmong } from '../bound-values.ts';
import { canonicalTarget, credentialFor, LoadedSecrets } from '../credential.ts';
import type { Executor, RunContext, Statement, StatementSource } from '../executor.ts';
import { type Limits, unlessAborted, withLimits } from '../limits.ts';
import { type Findings, safeResult, stopped } from '../results.ts';
import type { SecretResolver } from '../secrets.ts';
import { bindCommand, parseCommand, quoteArgument } from './parse-command.ts';
import { askServer, mayWrite, openRedis } from './redis-session.ts';
import { redisConnection, redisTargetProblems } from './redis-target.ts';
import { renderReply, replyToJson } from './render-reply.ts';

/** What the `redis` executor is built with. */
export type RedisDependencies = { readonly clock: Clock; readonly secrets: SecretResolver };

type Prepared = {
  readonly source: StatementSource;
  readonly sent: readonly string[];
  readonly bound: readonly BoundValue[];
  readonly found: RedisEffect;
};

type Connection = Awaited<ReturnType<typeof openRedis>>;

/** Redis: one command per step, each value exactly one argument, reading by a reviewed list that the server's flags must confirm. */
export function createRedisExecutor(dependencies: RedisDependencies): Executor {
  return {
    language: 'redis',
    checkTarget: redisTargetProblems,
    placeholders: async (text) => parseCommand(text).names,
    prepare: async (source) => prepare(source, dependencies),
  };
}

function prepare(source: StatementSource, dependencies: RedisDependencies): Statement {
  refuseInvisible(source.text);
  const template = parseCommand(source.text);
  const { sent, shown, bound } = bindCommand(template.args, source.values);
  const found = redisEffect(sent);
  if (found.refusal)
    throw new UserError(source.allowed === 'read' ? 'not_read_only' : 'statement_invalid', found.refusal);
  requireEffect(found, source.allowed);
  const credential = credentialFor(source.target, source.allowed);
  return {
    language: 'redis',
    display: shown.map(quoteArgument).join(' '),
    canonical: { executor: 'redis', version: 1, arguments: shown, target: canonicalTarget(source.target, credential) },
    effect: found.effect,
    run: (context) => run({ source, sent, bound, found }, context, dependencies),
  };
}

async function run(prepared: Prepared, context: RunContext, dependencies: RedisDependencies) {
  const secrets = new LoadedSecrets(context.secrets ?? dependencies.secrets);
  return await withLimits(context, dependencies.clock, async (limits) => {
    let findings: Findings;
    try {
      findings = await connectAndSend(prepared, secrets, limits);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      findings = { status: 'refused', error: error.message };
    }
    return safeResult(findings, context, { limits, secrets: [...secretsAmong(prepared.bound), ...secrets.used] });
  });
}

async function connectAndSend(prepared: Prepared, secrets: LoadedSecrets, limits: Limits): Promise<Findings> {
  const { target, allowed } = prepared.source;
  const { options, address } = await redisConnection(target, { credential: credentialFor(target, allowed), secrets });
  let client: Connection;
  try {
    client = await openRedis(options, limits.signal);
  } catch (error) {
    if (limits.reason()) return stopped(limits, 'the Redis server was not reached, nothing was sent.');
    return {
      status: 'failed',
      error: `No Redis server answers for target ${target.name} at ${address} (${reasonOf(error)}): start it, or correct the target.`,
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
    return await send(client, prepared, { limits, warnings });
  } catch (error) {
    if (limits.reason()) return stopped(limits, 'the Redis command was not sent.');
    return { status: 'failed', error: `The Redis server of ${target.name} broke off (${reasonOf(error)}): try again.` };
  } finally {
    client.disconnect();
  }
}

/** The second layer: whatever the list says, a command that this server flags as writing (renamed, replaced by a module) is not sent. */
async function serverObjection(client: Connection, prepared: Prepared, limits: Limits): Promise<Findings | null> {
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
  prepared: Prepared,
  use: { limits: Limits; warnings: string[] },
): Promise<Findings> {
  const [command = '', ...rest] = prepared.sent;
  const changing = prepared.source.allowed !== 'read';
  try {
    const reply = replyToJson(await unlessAborted(use.limits.signal, client.call(command, ...rest)));
    return { status: 'ok', value: { value: reply }, output: renderReply(reply), warnings: use.warnings };
  } catch (error) {
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
      error: `The Redis server broke off (${reasonOf(error)}); a reply of more than 16 MiB is cut off as well.`,
    };
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return (messageOf(error) || code || 'no reason given').replace(/[.\s]+$/u, '');
}
