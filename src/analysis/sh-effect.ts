import type { StatementEffect } from './statement-effect.ts';

/** A shell script is never taken for reading: whatever it looks like, it changes. */
export function shEffect(): StatementEffect {
  return { effect: 'change', reasons: ['A shell script can do anything that its user may do.'] };
}
