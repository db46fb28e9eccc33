/** What a step may do to its target, from harmless to irreversible. */
export type Effect = 'read' | 'change' | 'destructive';

const ORDER: Record<Effect, number> = { read: 0, change: 1, destructive: 2 };

/** True when `a` may do more than `b`. */
export function exceeds(a: Effect, b: Effect): boolean {
  return ORDER[a] > ORDER[b];
}

/** The stronger of two effects: analysis may raise an effect, never lower it. */
export function strongest(a: Effect, b: Effect): Effect {
  return exceeds(a, b) ? a : b;
}
