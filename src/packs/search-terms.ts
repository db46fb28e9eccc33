// Words that say nothing about a runbook, in English and Italian; folded, as the index sees them.
const STOP_WORDS = new Set(
  (
    'a an and are as at be but by for from has have in into is it its not of on or that the then this to was with ' +
    'al alla alle anche che con da dal dalla dei del della delle di e gli i il la le lo nel nella non per piu si sono su un una uno'
  ).split(' '),
);

/** One word to look for or to be found by: as it is written (folded), and its stem. */
export type Term = { readonly word: string; readonly stem: string };

/**
 * The words of a text that say something. Names such as `franco_retention_backlog` and `DatabaseDown` count whole and in
 * parts.
 */
export function termsOf(text: string): Term[] {
  const terms: Term[] = [];
  for (const [name] of withoutMarks(text).matchAll(/[\p{L}\p{N}][\p{L}\p{N}_:.-]*/gu)) {
    const whole = name.replace(/[_:.-]+$/u, '');
    const parts = whole.split(/[_:.-]+/u);
    if (parts.length > 1) add(terms, whole.toLowerCase());
    for (const part of parts) {
      add(terms, part.toLowerCase());
      if (CAMEL.test(part)) for (const word of part.split(HUMPS)) add(terms, word.toLowerCase());
    }
  }
  return terms;
}

const CAMEL = /[a-z][A-Z]/u;
const HUMPS = /(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/u;

function add(terms: Term[], word: string): void {
  // Generated hashes and encoded files help nobody and would fill the index.
  if (word !== '' && word.length <= 64 && !STOP_WORDS.has(word)) terms.push({ word, stem: stemOf(word) });
}

/** Without accents: `È caduta` is found by `E caduta`. */
function withoutMarks(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '');
}

/** A text of which only what people read counts: for comparing a whole line. */
export function foldLine(text: string): string {
  return withoutMarks(text)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

const ENDINGS: readonly (readonly [RegExp, string])[] = [
  // English: plurals, -ing, -ed; then Italian: gender and number, -mente, -zioni.
  [/(?<=..)ies$/u, 'y'],
  [/(?<=(?:ss|x|ch|sh))es$/u, ''],
  [/(?<=..[^su])s$/u, ''],
  [/(?<=...)ing$/u, ''],
  [/(?<=...)ed$/u, ''],
  [/(?<=....)mente$/u, ''],
  [/(?<=..)zion[ei]$/u, 'zion'],
  [/(?<=...)h?[aeiou]$/u, ''],
];

/** What several forms of a word have in common, roughly: `queues`, `queue`; `failing`, `fails`; `scaduti`, `scaduta`. */
export function stemOf(word: string): string {
  if (word.length < 4 || /\d/u.test(word)) return word;
  let stem = word;
  for (const [ending, instead] of ENDINGS) stem = stem.replace(ending, instead);
  return stem.replace(/([bdfgmnprt])\1$/u, '$1');
}

/** True when `a` becomes `b` by at most `most` letters added, left out, changed or swapped with their neighbour. */
export function isNear(a: string, b: string, most: number): boolean {
  if (Math.abs(a.length - b.length) > most) return false;
  let [before, row] = [new Array<number>(b.length + 1).fill(0), Array.from({ length: b.length + 1 }, (_, j) => j)];
  let beforeThat = before;
  for (let i = 1; i <= a.length; i += 1) {
    [beforeThat, before, row] = [before, row, new Array<number>(b.length + 1).fill(i)];
    let least = i;
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((before[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (before[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeThat[j - 2] ?? 0) + 1);
      }
      row[j] = cost;
      least = Math.min(least, cost);
    }
    if (least > most) return false;
  }
  return (row[b.length] ?? 0) <= most;
}
