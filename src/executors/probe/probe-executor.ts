import type { Json } from '../../lib/canonical-json.ts';
import type { Clock } from '../../lib/clock.ts';
import { UserError } from '../../lib/errors.ts';
import { refuseInvisible, secretsAmong } from '../bound-values.ts';
import { type ArgumentTemplate, bindWords, literalWord, parseCommandLine, quoteWord } from '../command-line.ts';
import { canonicalTarget } from '../credential.ts';
import type { Executor, Statement, StatementSource } from '../executor.ts';
import type { ResolveName } from '../http/send-request.ts';
import { withLimits } from '../limits.ts';
import { type Findings, safeResult, stopped } from '../results.ts';
import { probeName } from './dns-probe.ts';
import { NameError } from './names.ts';
import { readProbe } from './parse-probe.ts';
import { probePing, type RunPing } from './ping-probe.ts';
import { type ProbePlace, probePlace, probeTargetProblems } from './probe-target.ts';
import type { ProbeUse } from './probe-use.ts';
import { probeTcp } from './tcp-probe.ts';
import { probeTls } from './tls-probe.ts';

/** What the `probe` executor is built with. */
export type ProbeDependencies = {
  readonly clock: Clock;
  readonly resolveName: ResolveName;
  /** Runs the machine's `ping`; tests give their own. */
  readonly runPing?: RunPing;
};

/**
 * Looks at a host from outside: its names, whether a port is open, its certificate, whether it echoes. It reads by construction: no
 * form of a probe carries a payload, and none reaches another host than the target's.
 */
export function createProbeExecutor(dependencies: ProbeDependencies): Executor {
  return {
    language: 'probe',
    checkTarget: probeTargetProblems,
    placeholders: async (text) => [...template(text).names],
    prepare: async (source) => prepare(source, dependencies),
  };
}

function template(text: string): { words: readonly ArgumentTemplate[]; names: readonly string[] } {
  const line = parseCommandLine(text, 'probe');
  if (line.filters.length > 0)
    throw new UserError('statement_invalid', 'The result of a probe is not piped: look at it with `expect`.');
  if (literalWord(line.words[0]) === null)
    throw new UserError('placeholder_unbindable', 'The kind of a probe cannot come from a value: write it out.');
  return line;
}

function prepare(source: StatementSource, dependencies: ProbeDependencies): Statement {
  refuseInvisible(source.text);
  const { words } = template(source.text);
  const { sent, shown, bound } = bindWords(words, source.values);
  const probe = readProbe(sent, (index) => {
    const part = words[index]?.find((piece) => 'name' in piece);
    return part && 'name' in part ? part.name : null;
  });
  const run = async (use: ProbeUse): Promise<Findings> => {
    switch (probe.kind) {
      case 'dns':
        return await probeName(probe, use);
      case 'tcp':
        return await probeTcp(probe.port, use);
      case 'tls':
        return await probeTls(probe.port, use);
      default:
        return await probePing(probe.count, use, dependencies.runPing);
    }
  };
  return {
    language: 'probe',
    display: shown.map(quoteWord).join(' '),
    canonical: { executor: 'probe', version: 1, words: shown, target: canonicalTarget(source.target, 'read') },
    effect: 'read',
    run: (context) =>
      withLimits(context, dependencies.clock, async (limits) => {
        const findings = await attemptProbe(source, { ...dependencies, limits, signal: limits.signal }, run);
        const value = findings.value && { ...findings.value, duration_ms: limits.elapsedMs() };
        return safeResult({ ...findings, ...(value && { value }) }, context, { limits, secrets: secretsAmong(bound) });
      }),
  };
}

async function attemptProbe(
  source: StatementSource,
  use: Omit<ProbeUse, 'place'>,
  run: (use: ProbeUse) => Promise<Findings>,
): Promise<Findings> {
  const { limits } = use;
  const left = 'nothing was changed.';
  let place: ProbePlace;
  try {
    place = probePlace(source.target);
    if (limits.reason()) return stopped(limits, left);
    const findings = await run({ ...use, place });
    return limits.reason() ? stopped(limits, left) : findings;
  } catch (error) {
    if (limits.reason()) return stopped(limits, left);
    if (error instanceof UserError) return { status: 'refused', error: error.message };
    if (!(error instanceof NameError)) throw error;
    const value: Record<string, Json> = error.absent ? { addresses: [], records: [], open: false } : {};
    return {
      status: 'failed',
      value,
      error: `Target ${source.target.name} was not reached, ${error.message}: check the host in system.yml and its name server.`,
    };
  }
}
