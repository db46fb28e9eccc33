/**
 * Shapes that nothing but a credential has. A group `token` marks the part to mask; without it the whole match is. Bounded
 * repetition only, so that matching stays linear.
 */
export const UNMISTAKABLE_SHAPES: readonly RegExp[] = [
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,250}/gu,
  /\bxapp-[A-Za-z0-9-]{10,250}/gu,
  /\bgh[opsur]_[A-Za-z0-9]{30,255}/gu,
  /\bgithub_pat_[A-Za-z0-9_]{22,255}/gu,
  /\bglpat-[A-Za-z0-9_-]{20,100}/gu,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/gu,
  /\bAIza[A-Za-z0-9_-]{35}/gu,
  /\b(?:sk|rk|pk)[-_](?:live|test|proj|ant)[-_][A-Za-z0-9_-]{16,200}/gu,
  /\bsk-[A-Za-z0-9]{32,200}/gu,
  /\bhv[sbr]\.[A-Za-z0-9_-]{20,250}/gu,
  /\bnpm_[A-Za-z0-9]{36}\b/gu,
  // Looked for from the beginning of a run alone: a text of nothing but `eyJ-` would be read two thousand characters far at each of them.
  /(?<![A-Za-z0-9_-])(?:[A-Za-z0-9_-]{0,63}?-)?(?<token>eyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,2000})/gu,
];

/** The password of an address, and what stands behind a word such as `Bearer` or `password=`: often a credential, sometimes a name for one. */
export const NAMED_SHAPES: readonly RegExp[] = [
  /\b(?:[Bb]earer|[Bb]asic)[ \t]{1,4}(?<token>[A-Za-z0-9._~+/=-]{12,2000})/gu,
  /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{0,100}:(?<token>[^\s@/]{1,200})@/gu,
  /(?:pass(?:word|wd)?|secret|token|api[-_]?key|access[-_]?key)["']?[ \t]{0,3}[:=][ \t]{0,3}["']?(?<token>[^\s"',;&}{)(<>]{6,500})/giu,
];

/** Everything that is masked in output: a word too many there costs nothing. */
export const TOKEN_SHAPES: readonly RegExp[] = [...UNMISTAKABLE_SHAPES, ...NAMED_SHAPES];
