import type { Approval } from '../domain/approval.ts';
import type { StepRun } from '../domain/run.ts';

/**
 * Until when an approved step may start: the expiry of its approval. A later step of a plan has the policy's time again
 * after the step before it, and one that waits for secrets after the last approval, because people have to be found.
 */
export function startsUntil(
  approval: Pick<Approval, 'expiresAt' | 'policy' | 'decisions'>,
  covered: readonly StepRun[],
  stepRun: Pick<StepRun, 'id' | 'secretsWanted'>,
): Date {
  const again = approval.policy.expiresAfterMs;
  const before = covered[covered.findIndex(({ id }) => id === stepRun.id) - 1];
  if (before) return new Date((before.finishedAt?.getTime() ?? 0) + again);
  if (stepRun.secretsWanted === 0) return approval.expiresAt;
  return new Date(Math.max(approval.expiresAt.getTime(), ...approval.decisions.map(({ at }) => at.getTime() + again)));
}
