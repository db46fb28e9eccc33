/** What a step may do to its target, from harmless to irreversible. */
export type Effect = 'read' | 'change' | 'destructive';

const ORDER: Record<Effect, number> = { read: 0, change: 1, destructive: 2 };

/** True when `a` may do more than `b`. */
export function exceeds(a: Effect, b: Effect): boolean {
  return ORDER[a] > ORDER[b];
}

/** The strongest of several effects: analysis may raise an effect, never lower it. `read` for none. */
export function strongest(...effects: readonly Effect[]): Effect {
  return effects.reduce((one, other) => (exceeds(other, one) ? other : one), 'read');
}
