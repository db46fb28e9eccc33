import type { ApprovalSubject } from '../domain/approval.ts';
import type { ApprovalPolicy } from '../domain/approval-policy.ts';
import type { Run } from '../domain/run.ts';
import type { ExecutableStep, Runbook } from '../domain/runbook.ts';
import type { Statement } from '../executors/executor.ts';
import type { Json } from '../lib/canonical-json.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import type { RunsContext } from './context.ts';
import { findTarget } from './statement.ts';

/** Everything that an approval of this statement covers. Recomputed when the step starts: any difference voids it. */
export function subjectOf(
  context: Pick<RunsContext, 'packs'>,
  parts: {
    readonly run: Run;
    readonly runbook: Runbook;
    readonly step: ExecutableStep;
    readonly stepRun: number;
    readonly statement: Statement;
    readonly policy: ApprovalPolicy;
    readonly expiresAt: Date;
  },
): ApprovalSubject {
  const { run, runbook, step } = parts;
  const system = context.packs().systems.get(runbook.system);
  const target = system ? findTarget(system, step.target) : null;
  return {
    run: run.id,
    stepRun: parts.stepRun,
    step: step.id,
    runbook: { id: run.runbook, contentHash: run.contentHash, commit: run.commit },
    language: step.language,
    statement: parts.statement.canonical,
    target: {
      system: runbook.system,
      name: step.target,
      definition: target ? (JSON.parse(canonicalJson(target)) as Json) : null,
    },
    effect: step.effect,
    policy: parts.policy,
    expiresAt: parts.expiresAt.toISOString(),
    ...(run.rehearsal ? { rehearsal: true as const } : {}),
  };
}
