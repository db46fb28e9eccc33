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
import { refuseLongScript } from './job/job-target.ts';
import { runInJob } from './job/run-in-job.ts';
import { limitReached } from './resource-limits.ts';
import { NotReached, runOverSsh } from './run-over-ssh.ts';
import { runScript, type ScriptEnd, type ScriptWork } from './run-script.ts';
import { type ShellPlace, shellPlace, shTargetProblems } from './sh-target.ts';
import { scriptWithValues, shellReferences } from './shell-references.ts';
import { WrongHostKey } from './ssh-session.ts';

/** What the `sh` executor is built with. */
export type ShDependencies = { readonly clock: Clock; readonly secrets: SecretResolver };

type Prepared = {
  readonly source: StatementSource;
  readonly bound: readonly BoundValue[];
  readonly credential: CredentialName;
};

/**
 * Shell scripts on this machine, over ssh on another one, or in a pod as a Job of Kubernetes: values only as environment variables, text
 * handed to the shell as it was approved. No protocol can keep a script from changing something, so it counts as reading only when every command of its syntax tree is on the reviewed list of programs,
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
  if (source.target.options.job !== undefined) refuseLongScript(text);
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
  const { maxOutputBytes: maxBytes } = context;
  const both = new OutputSink({ secrets, maxBytes, onOutput: context.onOutput });
  // Each stream is made safe by itself, whole lines at a time: the other one may speak in the middle of a secret.
  const onOutput = (safe: string) => both.write(safe);
  const streams = {
    stdout: new OutputSink({ secrets, maxBytes, onOutput }),
    stderr: new OutputSink({ secrets, maxBytes, onOutput }),
  };
  const script = {
    script: work.source.text,
    shell: place.shell,
    cwd: place.cwd,
    environment: (home: string) => scriptEnvironment({ home, bound, secrets: place.env, path: place.path }),
    limits: place.limits,
    signal: use.limits.signal,
    clock: use.clock,
    onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => streams[stream].write(chunk),
  };
  const findings =
    place.job === null
      ? await runHereOrThere(script, work, use.limits)
      : await runInJob({ ...script, ...work, job: place.job }, context, use.limits);
  const [stdout, stderr] = [streams.stdout.finish().text, streams.stderr.finish().text];
  const kept = both.finish();
  return {
    status: findings.status,
    value: { ...findings.value, stdout, stderr },
    output: kept.text,
    omittedBytes: kept.omittedBytes,
    error: findings.error == null ? null : redact(findings.error, secrets),
    durationMs: use.limits.elapsedMs(),
    warnings: (findings.warnings ?? []).map((warning) => redact(warning, secrets)),
  };
}

async function runHereOrThere(
  script: ScriptWork,
  work: Prepared & { place: ShellPlace },
  limits: Limits,
): Promise<Findings> {
  const { place } = work;
  try {
    const end =
      place.ssh === null ? { ...(await runScript(script)), tidied: true } : await runOverSsh(script, place.ssh);
    return findingsOf(end, work, limits);
  } catch (error) {
    return place.ssh === null ? notStarted(error, work) : afterSshFailure(error, work, limits);
  }
}

function notStarted(error: unknown, { source, place }: Prepared & { place: ShellPlace }): Findings {
  return {
    status: 'failed',
    error: `The script could not be started on ${source.target.name} (${reasonOf(error)}): check the folder ${place.cwd ?? 'for temporary files'} and the shell ${place.shell}.`,
  };
}

function afterSshFailure(error: unknown, work: Prepared & { place: ShellPlace }, limits: Limits): Findings {
  const { name } = work.source.target;
  const cause = error instanceof NotReached ? error.cause : error;
  if (cause instanceof WrongHostKey)
    return {
      status: 'refused',
      error: `The machine of target ${name} is not trusted, because ${cause.message}, and nothing was sent: find out why, then correct \`hostKey\`.`,
    };
  if (error instanceof NotReached) {
    if (limits.reason()) return stopped(limits, 'the machine was not reached, nothing was started.');
    const { ssh } = work.place;
    return {
      status: 'failed',
      error: `Target ${name} cannot be reached at ${ssh?.user}@${ssh?.host}:${ssh?.port} (${reasonOf(error)}): check that sshd runs there and that the key may enter.`,
    };
  }
  return work.source.allowed === 'read'
    ? { status: 'failed', error: `The connection to the machine was lost (${reasonOf(error)}): run it again.` }
    : {
        status: 'unknown',
        error: `The connection to the machine was lost (${reasonOf(error)}): the script may have gone on, look before you run it again.`,
      };
}

function findingsOf(
  end: ScriptEnd & { tidied: boolean },
  work: Prepared & { place: ShellPlace },
  limits: Limits,
): Findings {
  const value = { exit_code: end.exitCode };
  const folder = `The folder of the run may be left in /tmp on ${work.place.ssh?.host}: remove it.`;
  const warnings = end.tidied ? [] : [folder];
  if (limits.reason() && end.tidied)
    return { ...stopped(limits, 'all its processes were ended; what it had done by then stays done.'), value };
  if (limits.reason() && work.source.allowed !== 'read')
    return {
      status: 'unknown',
      value,
      error: 'The script was told to stop, but the machine did not confirm it: look there before you run it again.',
    };
  if (limits.reason()) return { ...stopped(limits, 'the machine did not confirm that it ended.'), value };
  if (end.exitCode === 0) return { status: 'ok', value, warnings };
  const limit = limitReached(end);
  if (limit !== null) return { status: 'failed', value, error: limit, warnings };
  if (end.signal !== null)
    return {
      status: 'failed',
      value,
      warnings,
      error: `The script was ended by ${end.signal}: what it had done by then stays done.`,
    };
  return {
    status: 'failed',
    value,
    warnings,
    error: `The script ended with exit code ${end.exitCode}: its output says why.`,
  };
}

function reasonOf(error: unknown): string {
  return messageOf(error).replace(/[.\s]+$/u, '');
}
