import { distance } from 'fastest-levenshtein';
import type { RuleName } from './rules.ts';

/** Something wrong in a pack: where, what, and what to do about it. */
export type Problem = {
  readonly rule: RuleName;
  /** Path relative to the pack folder, for example `auto-broker/rb-012.md`. */
  readonly file: string;
  /** 1-based, as editors show it. */
  readonly line: number;
  readonly column: number;
  /** A step or file with an error is not run; a warning changes nothing. */
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** What to write instead; empty when the message says it all. */
  readonly fix: string;
};

/** `auto-broker/rb-012.md:12:9: error: … (rule). Fix.` */
export function formatProblem(problem: Problem): string {
  const { file, line, column, severity, message, rule, fix } = problem;
  return `${file}:${line}:${column}: ${severity}: ${message} [${rule}]${fix === '' ? '' : ` ${fix}`}`;
}

/** The candidate nearest to a misspelt word, or null when none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  const wanted = word.toLowerCase();
  let best: { candidate: string; cost: number } | null = null;
  for (const candidate of candidates) {
    const known = candidate.toLowerCase();
    const cost = known.startsWith(wanted) || wanted.startsWith(known) ? 1 : distance(wanted, known);
    if (best === null || cost < best.cost) best = { candidate, cost };
  }
  return best !== null && best.cost <= Math.max(2, Math.floor(word.length / 3)) ? best.candidate : null;
}

/** A sentence that offers the nearest name, or all of them. */
export function suggest(word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates);
  if (near !== null) return `Did you mean "${near}"?`;
  return candidates.length === 0 ? '' : `Use one of: ${candidates.join(', ')}.`;
}
