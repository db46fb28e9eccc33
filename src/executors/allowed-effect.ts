import type { StatementEffect } from '../analysis/statement-effect.ts';
import { type Effect, exceeds } from '../domain/effect.ts';
import { UserError } from '../lib/errors.ts';

/** Throws UserError `not_read_only` or `effect_exceeded` when a statement may do more than its step is allowed to. */
export function requireEffect(found: StatementEffect, allowed: Effect): void {
  if (!exceeds(found.effect, allowed)) return;
  const why = found.reasons[0] ?? '';
  if (allowed === 'read') {
    throw new UserError(
      'not_read_only',
      `This step may only read, but its statement does more: ${why} Move it under Mitigate or Recover.`,
    );
  }
  throw new UserError(
    'effect_exceeded',
    `This step is a change, but its statement is destructive: ${why} Declare effect=destructive.`,
  );
}
