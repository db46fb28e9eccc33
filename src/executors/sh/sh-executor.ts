import { classifyShell } from '../../analysis/shell/shell-effect.ts';
import type { Clock } from '../../lib/clock.ts';
import { messageOf, UserError } from '../../lib/errors.ts';
import { requireEffect } from '../allowed-effect.ts';
import {
  type BoundValue,
  boundValue,
  plainText,
  refuseInvisible,
  secretsAmong,
  shownValue,
  visibleJson,
} from '../bound-values.ts';
import { type CredentialName, canonicalTarget, credentialFor, LoadedSecrets } from '../credential.ts';
import type { Executor, RunContext, Statement, StatementResult, StatementSource } from '../executor.ts';
import { type Limits, withLimits } from '../limits.ts';
import { OutputSink, redact } from '../output-safety.ts';
import { type Findings, safeResult, stopped } from '../results.ts';
import type { SecretResolver } from '../secrets.ts';
import { refuseSteeringName, scriptEnvironment } from './environment.ts';
import { runScript, type ScriptEnd } from './run-script.ts';
import { type ShellPlace, shellPlace, shTargetProblems } from './sh-target.ts';
import { scriptWithValues, shellReferences } from './shell-references.ts';

/** What the `sh` executor is built with. */
export type ShDependencies = { readonly clock: Clock; readonly secrets: SecretResolver };

type Prepared = {
  readonly source: StatementSource;
  readonly bound: readonly BoundValue[];
  readonly credential: CredentialName;
};

/**
 * Shell scripts on this machine: values only as environment variables, text handed to the shell as it was approved. No protocol can keep
 * a script from changing something, so it counts as reading only when every command of its syntax tree is on the reviewed list of programs,
 * and then it has the target's read credential alone.
 */
export function createShExecutor(dependencies: ShDependencies): Executor {
  return {
    language: 'sh',
    checkTarget: shTargetProblems,
    placeholders: async (text) => shellReferences(text),
    prepare: async (source) => prepare(source, dependencies),
  };
}

async function prepare(source: StatementSource, dependencies: ShDependencies): Promise<Statement> {
  const text = source.text.trim();
  if (text === '') throw new UserError('statement_invalid', 'There is no script here: write one.');
  refuseInvisible(text);
  const names = shellReferences(text);
  names.forEach(refuseSteeringName);
  const found = await classifyShell(text);
  requireEffect(found, source.allowed);
  const bound = names.map((name) => boundValue(source.values, name));
  if (source.allowed === 'read') await requireReadingValues(text, bound);
  const credential = credentialFor(source.target, source.allowed);
  const values = bound.map(({ name, value }) => `# ${name} = ${visibleJson(value)}`);
  return {
    language: 'sh',
    display: [text, ...values].join('\n'),
    canonical: {
      executor: 'sh',
      version: 1,
      script: text,
      values: bound.map(({ name, value }) => [name, shownValue(value)]),
      target: canonicalTarget(source.target, credential),
    },
    effect: found.effect,
    run: (context) => run({ source: { ...source, text }, bound, credential }, context, dependencies),
  };
}

/** A value is one argument, but it may be one that begins with a dash or names a device: the script is looked at once more with it. */
async function requireReadingValues(text: string, bound: readonly BoundValue[]): Promise<void> {
  if (bound.length === 0) return;
  const values = new Map(bound.map(({ name, value }) => [name, plainText(value)]));
  const found = await classifyShell(scriptWithValues(text, values));
  if (found.effect === 'read') return;
  throw new UserError(
    'value_refused',
    'With these values the script may do more than read: give values that are plain names, without a leading dash.',
  );
}

async function run(prepared: Prepared, context: RunContext, dependencies: ShDependencies): Promise<StatementResult> {
  const loaded = new LoadedSecrets(context.secrets ?? dependencies.secrets);
  return await withLimits(context, dependencies.clock, async (limits) => {
    let place: ShellPlace;
    try {
      place = await shellPlace(prepared.source.target, prepared.credential, loaded);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return safeResult({ status: 'refused', error: error.message }, context, { limits, secrets: loaded.used });
    }
    const secrets = [...secretsAmong(prepared.bound), ...loaded.used];
    if (limits.reason())
      return safeResult(stopped(limits, 'the script was not started.'), context, { limits, secrets });
    return await runSafely({ ...prepared, place, secrets }, context, { limits, clock: dependencies.clock });
  });
}

async function runSafely(
  work: Prepared & { place: ShellPlace; secrets: ReturnType<typeof secretsAmong> },
  context: RunContext,
  use: { limits: Limits; clock: Clock },
): Promise<StatementResult> {
  const { secrets, place, bound } = work;
  const both = new OutputSink({ secrets, maxBytes: context.maxOutputBytes, onOutput: context.onOutput });
  const streams = {
    stdout: new OutputSink({ secrets, maxBytes: context.maxOutputBytes }),
    stderr: new OutputSink({ secrets, maxBytes: context.maxOutputBytes }),
  };
  let findings: Findings;
  try {
    const end = await runScript({
      script: work.source.text,
      shell: place.shell,
      cwd: place.cwd,
      environment: (home) => scriptEnvironment({ home, bound, secrets: place.env, path: place.path }),
      signal: use.limits.signal,
      clock: use.clock,
      onOutput: (stream, chunk) => {
        both.write(chunk);
        streams[stream].write(chunk);
      },
    });
    findings = findingsOf(end, use.limits);
  } catch (error) {
    const reason = messageOf(error).replace(/[.\s]+$/u, '');
    findings = {
      status: 'failed',
      error: `The script could not be started (${reason}): check the folder ${place.cwd ?? 'for temporary files'} and the shell ${place.shell}.`,
    };
  }
  const kept = both.finish();
  return {
    status: findings.status,
    value: { ...findings.value, stdout: streams.stdout.finish().text, stderr: streams.stderr.finish().text },
    output: kept.text,
    omittedBytes: kept.omittedBytes,
    error: findings.error == null ? null : redact(findings.error, secrets),
    durationMs: use.limits.elapsedMs(),
    warnings: [],
  };
}

function findingsOf(end: ScriptEnd, limits: Limits): Findings {
  const value = { exit_code: end.exitCode };
  if (limits.reason())
    return { ...stopped(limits, 'all its processes were ended; what it had done by then stays done.'), value };
  if (end.exitCode === 0) return { status: 'ok', value };
  if (end.signal !== null)
    return {
      status: 'failed',
      value,
      error: `The script was ended by ${end.signal}: what it had done by then stays done.`,
    };
  return { status: 'failed', value, error: `The script ended with exit code ${end.exitCode}: its output says why.` };
}
