import { z } from 'zod';
import { type DockerCommand, readDockerCommand } from '../../analysis/docker-command.ts';
import { effectOfDocker } from '../../analysis/docker-effect.ts';
import type { Json } from '../../lib/canonical-json.ts';
import type { Clock } from '../../lib/clock.ts';
import { UserError } from '../../lib/errors.ts';
import { requireEffect } from '../allowed-effect.ts';
import { type BoundValue, refuseInvisible, secretsAmong } from '../bound-values.ts';
import { bindWords, openWords, parseCommandLine, quoteWord } from '../command-line.ts';
import { canonicalTarget, credentialFor, LoadedSecrets } from '../credential.ts';
import type { Executor, RunContext, Statement, StatementSource } from '../executor.ts';
import { checkFilterChain, type Filtered, type Filters, readFilterChain, showFilters } from '../filters/filters.ts';
import { type Limits, withLimits } from '../limits.ts';
import { redact } from '../output-safety.ts';
import { type Findings, safeResult, stopped } from '../results.ts';
import type { SecretResolver } from '../secrets.ts';
import { dockerPlace, dockerTargetProblems } from './docker-target.ts';
import { Engine, EngineError } from './engine.ts';
import { requireBounded } from './logs.ts';
import { explainSilence } from './refusals.ts';
import { openTransport, type Spawn } from './transport.ts';
import type { Outcome } from './verb.ts';
import { runVerb } from './verbs.ts';

/** What the `docker` executor is built with. */
export type DockerDependencies = {
  readonly clock: Clock;
  readonly secrets: SecretResolver;
  /** Starts `ssh` for targets behind it; tests give their own. */
  readonly spawn?: Spawn;
};

type Prepared = {
  readonly source: StatementSource;
  readonly command: DockerCommand;
  readonly filters: Filters;
  readonly bound: readonly BoundValue[];
};

/**
 * Docker and docker compose through the engine's own API: no docker program, no shell. A step that may only read sends nothing but the
 * requests on a list; compose verbs work on the containers that carry the project's labels.
 */
export function createDockerExecutor(dependencies: DockerDependencies): Executor {
  return {
    language: 'docker',
    checkTarget: dockerTargetProblems,
    placeholders: async (text) => {
      const line = parseCommandLine(text, 'docker');
      await checkFilterChain(line.filters);
      return [...line.names];
    },
    prepare: (source) => prepare(source, dependencies),
  };
}

async function prepare(source: StatementSource, dependencies: DockerDependencies): Promise<Statement> {
  refuseInvisible(source.text);
  const line = parseCommandLine(source.text, 'docker');
  readDockerCommand(openWords(line.words)); // a verb or an option that would come from a value is unknown here
  const { sent, shown, bound } = bindWords(line.words, source.values);
  const command = readDockerCommand(sent);
  requireBounded(command.options);
  const filters = readFilterChain(line.filters, source.values);
  const found = await effectOfDocker(command);
  requireEffect(found, source.allowed);
  const credential = credentialFor(source.target, source.allowed);
  const prepared = { source, command, filters, bound: [...bound, ...filters.bound] };
  return {
    language: 'docker',
    display: `${shown.map(quoteWord).join(' ')}${showFilters(filters)}`,
    canonical: {
      executor: 'docker',
      version: 1,
      words: shown,
      filters: filters.shown.map((words) => [...words]),
      target: canonicalTarget(source.target, credential),
    },
    effect: found.effect,
    run: (context) => run(prepared, context, dependencies),
  };
}

async function run(prepared: Prepared, context: RunContext, dependencies: DockerDependencies) {
  const secrets = new LoadedSecrets(context.secrets ?? dependencies.secrets);
  return await withLimits(context, dependencies.clock, async (limits) => {
    let findings: Findings;
    try {
      findings = await ask(prepared, { secrets, limits, dependencies });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      findings = { status: 'refused', error: error.message };
    }
    return safeResult(findings, context, { limits, secrets: [...secretsAmong(prepared.bound), ...secrets.used] });
  });
}

async function ask(
  prepared: Prepared,
  use: { secrets: LoadedSecrets; limits: Limits; dependencies: DockerDependencies },
): Promise<Findings> {
  const { source, command, filters } = prepared;
  const { limits, dependencies } = use;
  const place = await dockerPlace(source.target, {
    credential: credentialFor(source.target, source.allowed),
    secrets: use.secrets,
  });
  if (limits.reason()) return stopped(limits, 'nothing was sent to the engine.');
  const open = await openTransport(place, dependencies.spawn);
  // a reading command never sends more than reading, also in a step that may change
  const allowed = source.allowed === 'read' ? 'read' : command.effect;
  const engine = new Engine(open, { allowed, signal: limits.signal });
  try {
    const outcome = await runVerb({ engine, command, project: place.project, now: dependencies.clock.now() });
    const known = [...secretsAmong(prepared.bound), ...use.secrets.used];
    const filtered = await filters.apply(redact(outcome.stdout, known), {
      limits,
      clock: dependencies.clock,
      changing: command.effect !== 'read',
    });
    return report(outcome, filtered, filters.shown.length > 0);
  } catch (error) {
    if (!(error instanceof EngineError || error instanceof z.ZodError)) throw error;
    const failure =
      error instanceof EngineError
        ? error
        : new EngineError('its answer is not what the Engine API promises', { status: null, sent: true });
    return afterFailure(prepared, failure, { limits, engine, host: place.host });
  }
}

/** Filters work on what would be printed, secrets masked before one could be cut into pieces; rows stay those of the engine and are left out once they are filtered away from. */
function report(outcome: Outcome, filtered: Filtered, piped: boolean): Findings {
  const stdout = filtered.text;
  const rows: readonly Json[] = piped ? [] : outcome.rows;
  const value = {
    rows: [...rows],
    row_count: rows.length,
    stdout,
    stderr: outcome.stderr ?? '',
    line_count: stdout === '' ? 0 : stdout.replace(/\n$/u, '').split('\n').length,
    exit_code: outcome.exitCode ?? null,
  };
  const output = [stdout, outcome.stderr ?? ''].filter((text) => text !== '').join('\n');
  const warnings = [...(outcome.warnings ?? []), ...filtered.warnings];
  if (outcome.unknown !== undefined) return { status: 'unknown', value, output, warnings, error: outcome.unknown };
  if (outcome.failure !== undefined) return { status: 'failed', value, output, warnings, error: outcome.failure };
  return { status: filtered.status, value, output, warnings, error: filtered.error };
}

function afterFailure(
  prepared: Prepared,
  error: EngineError,
  use: { limits: Limits; engine: Engine; host: string },
): Findings {
  const { command, source } = prepared;
  const inside = command.inner.length > 0;
  if (error.status !== null)
    return { status: 'failed', error: `The engine refused ${`docker ${command.verb}`}: ${error.message}.` };
  if (use.engine.changing && inside && use.limits.reason()) {
    const left = 'the program inside of the container was left alone and may go on, look at `docker top`.';
    const findings = stopped(use.limits, left);
    // The engine knows no way to end it: a cancel that may have stopped nothing must not free the target.
    return use.limits.reason() === 'cancelled' ? { ...findings, status: 'unknown' } : findings;
  }
  if (use.engine.changing) {
    return {
      status: 'unknown',
      error: `The request was sent, but the engine did not confirm it (${error.message}): it may or may not have happened, look before you run it again.`,
    };
  }
  if (use.limits.reason()) return stopped(use.limits, 'nothing was changed.');
  return {
    status: 'failed',
    error: `The engine of target ${source.target.name} ${explainSilence(use.host, error.message)}.`,
  };
}
