import type { Effect } from '../../domain/effect.ts';
import type { BlastLevel } from '../../domain/runbook.ts';
import type { Rank } from '../../domain/system.ts';

const RANKS: Record<Rank, string> = { 1: '🔴', 2: '🟠', 3: '🟡', 4: '🔵', 5: '⚪' };
const EFFECTS: Record<Effect, string> = {
  read: '👁 only reads',
  change: '✏️ changes something',
  destructive: '💥 destroys something',
};
const BLAST: Record<BlastLevel, string> = { ok: '✅', warn: '⚠️', critical: '🔴' };

/** The colour of a severity: by its rank, never by its label. */
export function severityEmoji(rank: Rank): string {
  return RANKS[rank];
}

/** What a step does to its target, with a sign for those who read no words. */
export function effectLook(effect: Effect): string {
  return EFFECTS[effect];
}

export function blastEmoji(level: BlastLevel): string {
  return BLAST[level];
}
