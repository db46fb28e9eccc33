import { isNear } from './search-terms.ts';

/** Where a word stands: for each runbook its number and how weighty it is there, in one array of pairs. */
export type Postings = number[];

/** The words of an index, found exactly, by their beginning, or although a letter is wrong. */
export type Vocabulary = {
  add(word: string, document: number, weight: number): void;
  find(word: string): Postings | undefined;
  /** Other words that begin with it, at most `most`. */
  startingWith(prefix: string, most: number): readonly (readonly [word: string, postings: Postings])[];
  /** Words with about one letter in five added, left out, changed or swapped. */
  near(word: string): readonly (readonly [word: string, postings: Postings])[];
};

type Entry = { readonly word: string; readonly letters: number; readonly postings: Postings };

export function createVocabulary(): Vocabulary {
  const entries = new Map<string, Entry>();
  const all: Entry[] = [];
  let sorted: Entry[] | null = null;
  return {
    add: (word, document, weight) => {
      const entry = entries.get(word);
      if (entry) entry.postings.push(document, weight);
      else {
        const made = { word, letters: lettersOf(word), postings: [document, weight] };
        entries.set(word, made);
        all.push(made);
        sorted = null;
      }
    },
    find: (word) => entries.get(word)?.postings,
    startingWith: (prefix, most) => {
      sorted ??= [...all].sort((a, b) => (a.word < b.word ? -1 : 1));
      const found: [string, Postings][] = [];
      for (let at = firstFrom(sorted, prefix); at < sorted.length && found.length < most; at += 1) {
        const entry = sorted[at];
        if (!entry?.word.startsWith(prefix)) break;
        if (entry.word !== prefix) found.push([entry.word, entry.postings]);
      }
      return found;
    },
    near: (word) => {
      const most = allowedErrors(word);
      if (most === 0) return [];
      const letters = lettersOf(word);
      const found: [string, Postings][] = [];
      for (const entry of all) {
        // Each wrong letter changes at most two bits; this spares the comparison for nearly all words.
        if (Math.abs(entry.word.length - word.length) > most || bits(entry.letters ^ letters) > 2 * most) continue;
        if (isNear(word, entry.word, most)) found.push([entry.word, entry.postings]);
      }
      return found;
    },
  };
}

/** None in words of three letters, one in words up to seven, two in longer ones. */
function allowedErrors(word: string): number {
  if (word.length <= 3) return 0;
  return word.length <= 7 ? 1 : 2;
}

/** The set of its letters, one bit each. */
function lettersOf(word: string): number {
  let set = 0;
  for (let at = 0; at < word.length; at += 1) set |= 1 << (word.charCodeAt(at) % 32);
  return set;
}

function bits(value: number): number {
  let left = value - ((value >>> 1) & 0x55555555);
  left = (left & 0x33333333) + ((left >>> 2) & 0x33333333);
  return (((left + (left >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

function firstFrom(sorted: readonly Entry[], prefix: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle]?.word ?? '') < prefix) low = middle + 1;
    else high = middle;
  }
  return low;
}
