import type { StepRun } from '../../domain/run.ts';
import { formatDuration } from '../../lib/duration.ts';
import type { StepStatus } from '../../runs/run-card.ts';

/** The sign in front of a step: its newest outcome at a glance. */
export function stepIcon(stepRun: StepRun | null): string {
  if (!stepRun) return '▫️';
  switch (stepRun.state) {
    case 'queued':
      return '🕒';
    case 'running':
      return '⏳';
    case 'awaiting_approval':
      return '✋';
    case 'approved':
      return lacksSecrets(stepRun) ? '🔑' : '👍';
    case 'ok':
      return stepRun.passed === false ? '❌' : '✅';
    case 'failed':
      return '❌';
    case 'denied':
    case 'expired':
    case 'cancelled':
      return '🚫';
    case 'timeout':
    case 'refused':
    case 'unknown':
      return '⚠️';
  }
}

/** What became of a step, in a few words without names. */
export function stepOutcome(stepRun: StepRun): string {
  switch (stepRun.state) {
    case 'queued':
      return 'waiting for its turn';
    case 'running':
      return stepRun.cancelRequestedAt ? 'running, and being cancelled' : 'running';
    case 'awaiting_approval':
      return 'waits for approval';
    case 'approved':
      return lacksSecrets(stepRun) ? `approved, ${waitsForSecrets(stepRun)}` : 'approved, about to run';
    case 'ok':
      return `${verdict(stepRun)}${took(stepRun)}${stepRun.cancelRequestedAt ? '; it was done before the cancel reached it' : ''}`;
    case 'failed':
      return `failed${took(stepRun)}`;
    case 'timeout':
      return `ran out of time${took(stepRun)}`;
    case 'cancelled':
      return 'cancelled';
    case 'refused':
      return 'refused, nothing was sent';
    case 'denied':
      return 'denied, nothing was run';
    case 'expired':
      return stepRun.error ? 'expired, nothing was run' : 'nobody approved in time, nothing was run';
    case 'unknown':
      return 'unknown: it may or may not have happened; look with the verify step before asking again';
  }
}

/** Approved, and people have to give what it needs before it runs. */
export function lacksSecrets(stepRun: StepRun): boolean {
  return stepRun.state === 'approved' && stepRun.secretsGiven < stepRun.secretsWanted;
}

function waitsForSecrets({ secretsGiven, secretsWanted }: StepRun): string {
  return secretsWanted === 1 ? 'waits for a secret' : `waits for secrets: ${secretsGiven} of ${secretsWanted} given`;
}

function verdict(stepRun: StepRun): string {
  if (stepRun.passed === null) return 'done';
  return stepRun.passed ? 'as expected' : 'not as expected';
}

function took(stepRun: StepRun): string {
  if (!stepRun.startedAt || !stepRun.finishedAt) return '';
  const ms = stepRun.finishedAt.getTime() - stepRun.startedAt.getTime();
  return ms < 1_000 ? ` (${Math.max(0, ms)} ms)` : ` (${formatDuration(ms)})`;
}

/** True while the step is on its way, so that nobody asks for it twice. */
export function isUnderWay(status: StepStatus): boolean {
  return ['queued', 'running', 'awaiting_approval', 'approved'].includes(status.stepRun?.state ?? '');
}

/** Suggested by what the diagnostics found, and not done yet. */
export function isSuggested(status: StepStatus): boolean {
  return status.offered === true && status.stepRun?.state !== 'ok' && status.unavailable === null;
}
