import { type Effect, strongest } from '../domain/effect.ts';

/** What a statement may do, and one sentence for each thing that makes it more than reading. */
export type StatementEffect = { readonly effect: Effect; readonly reasons: readonly string[] };

/** The mildest answer: nothing was found that changes anything. */
export const READS: StatementEffect = { effect: 'read', reasons: [] };

/** The strongest of several findings with all reasons, each once. */
export function combineEffects(parts: readonly StatementEffect[]): StatementEffect {
  return {
    effect: parts.reduce<Effect>((effect, part) => strongest(effect, part.effect), 'read'),
    reasons: [...new Set(parts.flatMap((part) => part.reasons))],
  };
}
