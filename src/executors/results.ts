import type { Json } from '../lib/canonical-json.ts';
import type { Secret } from '../lib/secret.ts';
import type { RunContext, StatementResult, StatementStatus } from './executor.ts';
import type { Limits } from './limits.ts';
import { OutputSink, redact, redactJson } from './output-safety.ts';

/** What an executor found out, before it is made safe. */
export type Findings = {
  readonly status: StatementStatus;
  readonly value?: Readonly<Record<string, Json>>;
  readonly output?: string;
  readonly error?: string | null;
  readonly warnings?: readonly string[];
};

/** The way out of every executor: output, value, error and warnings pass the one sink, masked with the secrets in use. */
export function safeResult(
  findings: Findings,
  context: RunContext,
  use: { limits: Limits; secrets: readonly Secret[] },
): StatementResult {
  const sink = new OutputSink({ secrets: use.secrets, maxBytes: context.maxOutputBytes, onOutput: context.onOutput });
  sink.write(findings.output ?? '');
  const kept = sink.finish();
  return {
    status: findings.status,
    value: redactJson(findings.value ?? {}, use.secrets) as Readonly<Record<string, Json>>,
    output: kept.text,
    omittedBytes: kept.omittedBytes,
    error: findings.error == null ? null : redact(findings.error, use.secrets),
    durationMs: use.limits.elapsedMs(),
    warnings: (findings.warnings ?? []).map((warning) => redact(warning, use.secrets)),
  };
}

/** Stopped from outside, with one sentence about what that left behind. */
export function stopped(limits: Limits, left: string): Findings {
  const seconds = Math.round(limits.elapsedMs() / 100) / 10;
  if (limits.reason() === 'cancelled') return { status: 'cancelled', error: `Cancelled after ${seconds} s: ${left}` };
  return { status: 'timeout', error: `No end after ${seconds} s: ${left}` };
}
