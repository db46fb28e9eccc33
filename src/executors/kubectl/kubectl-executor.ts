import { isSecretType } from '../../analysis/kubectl-commands.ts';
import { callEffect, secretRefusal } from '../../analysis/kubectl-effect.ts';
import type { Effect } from '../../domain/effect.ts';
import type { Json } from '../../lib/canonical-json.ts';
import type { Clock } from '../../lib/clock.ts';
import { UserError } from '../../lib/errors.ts';
import { requireEffect } from '../allowed-effect.ts';
import { refuseInvisible, secretsAmong } from '../bound-values.ts';
import { canonicalTarget, credentialFor, LoadedSecrets } from '../credential.ts';
import type { Executor, RunContext, Statement, StatementResult, StatementSource } from '../executor.ts';
import { checkFilterChain, type Filters, readFilterChain, showFilters } from '../filters/filters.ts';
import type { Pod } from '../kube/in-cluster.ts';
import type { KubeGuard, KubeMode } from '../kube/kube-request.ts';
import { KubeSession } from '../kube/kube-session.ts';
import { type Limits, withLimits } from '../limits.ts';
import { redact } from '../output-safety.ts';
import { type Findings, safeResult } from '../results.ts';
import type { SecretResolver } from '../secrets.ts';
import { type BoundCall, bindCall, checkOpenPlaces } from './bind-call.ts';
import type { CommandContext } from './command.ts';
import { COMMANDS, PREVIEWED } from './commands/table-of-commands.ts';
import { afterFailure } from './failures.ts';
import { guardRequest } from './kube-guard.ts';
import { kubectlTargetProblems, kubePlace } from './kube-target.ts';
import { parseStatement } from './parse-statement.ts';
import { previewText } from './preview.ts';

/** What the `kubectl` executor is built with. */
export type KubectlDependencies = {
  readonly clock: Clock;
  readonly secrets: SecretResolver;
  /** The last look at every request; tests replace it to show that it is needed. */
  readonly guard?: KubeGuard;
  /** The pod that Warroom runs in; tests make one. */
  readonly pod?: Pod;
};

type Prepared = {
  readonly source: StatementSource;
  readonly bound: BoundCall;
  readonly filters: Filters;
  readonly effect: Effect;
};

/** Filtered lines that stay in the value for `expect`; the last ones. */
const MAX_VALUE_LINES = 1_000;

/**
 * Kubernetes through its API: the forms of kubectl that runbooks use, one call per step, each value exactly one argument. Reading is
 * enforced twice: by the verb, and by the guard at every request.
 */
export function createKubectlExecutor(dependencies: KubectlDependencies): Executor {
  return {
    language: 'kubectl',
    checkTarget: kubectlTargetProblems,
    placeholders: async (text) => {
      const template = parseStatement(text);
      checkOpenPlaces(template);
      await checkFilterChain(template.filters);
      return [...template.names];
    },
    prepare: (source) => prepare(source, dependencies),
  };
}

async function prepare(source: StatementSource, dependencies: KubectlDependencies): Promise<Statement> {
  refuseInvisible(source.text);
  const template = parseStatement(source.text);
  const bound = bindCall(template, source.values);
  const filters = readFilterChain(template.filters, source.values);
  const { call } = bound;
  const refusal = secretRefusal(call) ?? documentRefusal(bound.documents, call.verb);
  if (refusal !== null) throw new UserError(source.allowed === 'read' ? 'not_read_only' : 'statement_invalid', refusal);
  const found = await callEffect(call);
  requireEffect(found, source.allowed);
  const credential = credentialFor(source.target, source.allowed);
  const prepared: Prepared = { source, bound, filters, effect: found.effect };
  const statement: Statement = {
    language: 'kubectl',
    display: withFilters(`kubectl ${bound.display}`, filters),
    canonical: {
      executor: 'kubectl',
      version: 1,
      call: bound.shown,
      ...(filters.shown.length === 0 ? {} : { filters: filters.shown.map((words) => [...words]) }),
      target: canonicalTarget(source.target, credential),
    },
    effect: found.effect,
    run: (context) => run(prepared, context, dependencies),
  };
  if (!PREVIEWED.has(call.verb)) return statement;
  return { ...statement, preview: (context) => preview(prepared, context, dependencies) };
}

/** The first line is the command; what stands below it are its documents. */
function withFilters(display: string, filters: Filters): string {
  const [command = '', ...documents] = display.split('\n');
  return [`${command}${showFilters(filters)}`, ...documents].join('\n');
}

/** Secret documents would put secret values into a file, a chat and a log. */
function documentRefusal(documents: readonly Json[], verb: string): string | null {
  const found = JSON.stringify(documents)
    .match(/"kind":"(\w+)"/gu)
    ?.some((kind) => isSecretType(kind.slice(8)));
  if (found !== true) return null;
  return `A Secret does not stand in a runbook: ${verb} it where secrets are kept, or delete it by its name.`;
}

async function run(prepared: Prepared, context: RunContext, dependencies: KubectlDependencies) {
  const mode: KubeMode = prepared.source.allowed === 'read' ? 'read' : 'change';
  return (await carryOut(prepared, { context, dependencies, mode })).result;
}

/** What would happen, as the server itself says: never throws, and never changes anything. */
async function preview(prepared: Prepared, context: RunContext, dependencies: KubectlDependencies): Promise<string> {
  const { result, session, secrets } = await carryOut(prepared, { context, dependencies, mode: 'preview' });
  if (result.status !== 'ok') return `There is no preview: ${result.error ?? 'the server did not answer.'}`;
  return redact(previewText(session?.recorded ?? []), [...secretsAmong(prepared.bound.bound), ...secrets.used]);
}

type Use = { readonly context: RunContext; readonly dependencies: KubectlDependencies; readonly mode: KubeMode };

async function carryOut(
  prepared: Prepared,
  { context, dependencies, mode }: Use,
): Promise<{ result: StatementResult; session: KubeSession | null; secrets: LoadedSecrets }> {
  const secrets = new LoadedSecrets(context.secrets ?? dependencies.secrets);
  let session: KubeSession | null = null;
  const result = await withLimits(context, dependencies.clock, async (limits) => {
    let findings: Findings;
    try {
      const { target, allowed } = prepared.source;
      const credential = credentialFor(target, allowed);
      const place = await kubePlace(target, { credential, secrets, pod: dependencies.pod });
      session = new KubeSession({
        place,
        mode,
        guard: dependencies.guard ?? guardRequest,
        signal: limits.signal,
        clock: dependencies.clock,
      });
      findings = await obey(prepared, { session, limits, secrets, clock: dependencies.clock });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      findings = { status: 'refused', error: error.message };
    } finally {
      session?.close();
    }
    return safeResult(findings, context, {
      limits,
      secrets: [...secretsAmong([...prepared.bound.bound, ...prepared.filters.bound]), ...secrets.used],
    });
  });
  return { result, session, secrets };
}

/** What `expect` sees of filtered output: its lines. */
function filteredValue(text: string) {
  const lines = text === '' ? [] : text.replace(/\n$/u, '').split('\n');
  const kept = lines.slice(-MAX_VALUE_LINES);
  return { lines: kept, count: lines.length, text: kept.join('\n') };
}

async function obey(
  prepared: Prepared,
  use: { session: KubeSession; limits: Limits; secrets: LoadedSecrets; clock: Clock },
): Promise<Findings> {
  const { session, limits } = use;
  const { call, documents, patch } = prepared.bound;
  const printed: string[] = [];
  const warnings: string[] = [];
  const context: CommandContext = {
    call,
    documents,
    patch,
    session,
    print: (text) => printed.push(text),
    warn: (sentence) => warnings.push(sentence),
  };
  const output = () => printed.join('\n');
  const command = COMMANDS.get(call.verb);
  if (command === undefined)
    throw new UserError('statement_invalid', `kubectl ${call.verb} cannot be run here: use another command.`);
  try {
    limits.signal.throwIfAborted();
    const value = await command(context);
    if (prepared.filters.shown.length === 0) return { status: 'ok', value, output: output(), warnings };
    // Masked before a filter could cut a secret into pieces that nobody would know any more.
    const printedSafely = redact(output(), [...secretsAmong(prepared.bound.bound), ...use.secrets.used]);
    const { text, ...filtered } = await prepared.filters.apply(printedSafely, {
      limits,
      clock: use.clock,
      changing: prepared.effect !== 'read',
    });
    return { ...filtered, value: filteredValue(text), output: text, warnings: [...warnings, ...filtered.warnings] };
  } catch (error) {
    return {
      ...afterFailure(error, { session, limits, target: prepared.source.target.name }),
      output: output(),
      warnings,
    };
  }
}
