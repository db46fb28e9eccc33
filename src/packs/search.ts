import type { Runbook } from '../domain/runbook.ts';
import { singleLine, truncate } from '../lib/text.ts';
import { CALLED, FIELDS, type Field, linesOf, WEIGHTS } from './search-fields.ts';
import { foldLine, stemOf, type Term, termsOf } from './search-terms.ts';
import { createVocabulary, type Postings, type Vocabulary } from './search-vocabulary.ts';

/** One answer, best first. `why` says in one phrase where the words were found. */
export type SearchHit = {
  readonly id: string;
  readonly system: string;
  readonly title: string;
  readonly score: number;
  readonly why: string;
};

/** Built once for a set of runbooks and brought up to date when some of them change; asking it reads nothing else. */
export type SearchIndex = {
  readonly words: Vocabulary;
  readonly stems: Vocabulary;
  /** By number; null where a runbook was replaced or removed. */
  readonly documents: (Runbook | null)[];
  readonly numbers: Map<Runbook, number>;
  /** Lines that stand for a runbook when they are written exactly. */
  readonly lines: Map<string, { readonly document: number; readonly field: Field }[]>;
};

/** What a line that was written exactly adds to the score. */
const EXACT: Readonly<Partial<Record<Field, number>>> = { id: 1_000, alerts: 1_000, title: 500, symptoms: 500 };

/** A word as it was written counts most, whatever field a similar one stands in. */
const STEM = 0.8;
const PREFIX = 0.3;
const NEAR = 0.35;
const PREFIXES_TRIED = 50;
const HITS = 20;
const MAX_TERMS = 40;

/** Indexes ids, alerts, titles, symptoms, headings, blast radius, commands and prose; drafts are found too. */
export function buildSearchIndex(runbooks: Iterable<Runbook>): SearchIndex {
  const index: SearchIndex = {
    words: createVocabulary(),
    stems: createVocabulary(),
    documents: [],
    numbers: new Map(),
    lines: new Map(),
  };
  for (const runbook of runbooks) addRunbook(index, runbook);
  return index;
}

/**
 * Brings an index up to date with a set of runbooks: what is gone is forgotten, and at most `most` of the new ones are
 * added; `left` says how many are missing still. Runbooks that are the same objects are not read again. After many changes
 * the index is made anew, because what was removed only fades out of it.
 */
export function addMissing(
  before: SearchIndex,
  runbooks: Iterable<Runbook>,
  most: number,
): { readonly index: SearchIndex; readonly left: number } {
  const wanted = new Set(runbooks);
  for (const [runbook, number] of before.numbers) {
    if (wanted.has(runbook)) continue;
    before.documents[number] = null;
    before.numbers.delete(runbook);
  }
  const index = before.documents.length > 2 * wanted.size + 100 ? buildSearchIndex([]) : before;
  const missing = [...wanted].filter((runbook) => !index.numbers.has(runbook));
  for (const runbook of missing.slice(0, most)) addRunbook(index, runbook);
  return { index, left: Math.max(0, missing.length - most) };
}

/**
 * Finds runbooks by words. What is written exactly stands before everything else, an id or an alert before a title or a
 * symptom; otherwise endings do not matter, letters may be wrong (one in five), words may be incomplete, and accents do not
 * matter. At most 20 hits.
 */
export function searchRunbooks(
  index: SearchIndex,
  words: string,
  options: { readonly system?: string } = {},
): SearchHit[] {
  const asked = truncate(words, 500);
  const terms = uniqueTerms(asked);
  const { total, touched, meant } = scoreDocuments(index, terms);
  for (const { document, field } of index.lines.get(foldLine(asked)) ?? []) {
    if (total[document] === 0) touched.push(document);
    total[document] = (total[document] ?? 0) + (EXACT[field] ?? 0);
  }
  const best: { document: Runbook; score: number }[] = [];
  for (const number of touched) {
    const document = index.documents[number];
    const score = total[number] ?? 0;
    if (!document || (options.system !== undefined && document.system !== options.system)) continue;
    const last = best.at(-1);
    if (best.length === HITS && last && score < last.score) continue;
    best.push({ document, score });
    best.sort((a, b) => b.score - a.score || (keyOf(a.document) < keyOf(b.document) ? -1 : 1));
    if (best.length > HITS) best.pop();
  }
  return best.map(({ document, score }) => ({
    id: document.id,
    system: document.system,
    title: document.title,
    score: Math.round(score * 100) / 100,
    why: explain(document, asked, meant),
  }));
}

function keyOf(runbook: Runbook): string {
  return `${runbook.system}/${runbook.id}`;
}

function addRunbook(index: SearchIndex, runbook: Runbook): void {
  const number = index.documents.length;
  index.documents.push(runbook);
  index.numbers.set(runbook, number);
  const words = new Map<string, number>();
  const stems = new Map<string, number>();
  for (const field of FIELDS) {
    for (const line of linesOf(runbook, field)) {
      if (EXACT[field] !== undefined) addLine(index, foldLine(line), { document: number, field });
      for (const { word, stem } of termsOf(line)) {
        // The first mention in the weightiest field counts; more of them say little more.
        words.set(word, Math.max(WEIGHTS[field], (words.get(word) ?? 0) + 0.1));
        stems.set(stem, Math.max(WEIGHTS[field], (stems.get(stem) ?? 0) + 0.1));
      }
    }
  }
  for (const [word, weight] of words) index.words.add(word, number, weight);
  for (const [stem, weight] of stems) index.stems.add(stem, number, weight);
}

function addLine(index: SearchIndex, line: string, place: { document: number; field: Field }): void {
  const places = index.lines.get(line);
  if (places) places.push(place);
  else if (line !== '') index.lines.set(line, [place]);
}

/** Each word once. */
function uniqueTerms(text: string): Term[] {
  return [...new Map(termsOf(text).map((term) => [term.word, term])).values()].slice(0, MAX_TERMS);
}

type Scores = {
  /** By number of the runbook; zero where none of the words stands. */
  readonly total: Float64Array;
  readonly touched: number[];
  /** Stems of what was asked for, and of what was probably meant. */
  readonly meant: ReadonlySet<string>;
};

function scoreDocuments(index: SearchIndex, terms: readonly Term[]): Scores {
  const size = index.documents.length;
  const total = new Float64Array(size);
  const matched = new Uint8Array(size);
  const own = new Float64Array(size);
  const touched: number[] = [];
  const meant = new Set(terms.map(({ stem }) => stem));
  for (const term of terms) {
    const seen: number[] = [];
    const take = (postings: Postings | undefined, factor: number) => {
      if (!postings) return;
      // Rare words say more than common ones.
      const rarity = factor * Math.log(1 + size / (postings.length / 2));
      for (let at = 0; at < postings.length; at += 2) {
        const document = postings[at] as number;
        const score = rarity * (postings[at + 1] as number);
        if (own[document] === 0) seen.push(document);
        if (score > (own[document] as number)) own[document] = score;
      }
    };
    expand(index, term, { take, meant });
    for (const document of seen) {
      if (matched[document] === 0) touched.push(document);
      matched[document] = (matched[document] as number) + 1;
      total[document] = (total[document] as number) + (own[document] as number);
      own[document] = 0;
    }
  }
  // Runbooks that contain more of the words come first, whatever a single rare word weighs.
  for (const document of touched) {
    const share = (matched[document] as number) / terms.length;
    total[document] = (total[document] as number) * share * share;
  }
  return { total, touched, meant };
}

type Expansion = {
  readonly take: (postings: Postings | undefined, factor: number) => void;
  readonly meant: Set<string>;
};

/** Everything that a word may stand for. What is misspelt is looked for only when nothing is written like that. */
function expand(index: SearchIndex, { word, stem }: Term, { take, meant }: Expansion): void {
  const exact = index.words.find(word);
  const stems = index.stems.find(stem);
  take(exact, 1);
  take(stems, STEM);
  const common = (exact ?? stems)?.length ?? 0;
  // Words that begin with a word that stands everywhere say nothing.
  if (word.length > 2 && common < index.documents.length / 5 + 20) {
    for (const [longer, postings] of index.words.startingWith(word, PREFIXES_TRIED)) {
      take(postings, PREFIX * (0.5 + word.length / (2 * longer.length)));
    }
  }
  if (exact || stems) return;
  for (const [similar, postings] of index.words.near(word)) {
    take(postings, NEAR);
    meant.add(stemOf(similar));
  }
}

/** The line in which most of the words stand, from the weightiest field that has one. */
function explain(runbook: Runbook, asked: string, meant: ReadonlySet<string>): string {
  const whole = foldLine(asked);
  const beginnings = [...meant].map((stem) => stem.slice(0, Math.max(3, stem.length - 1)));
  let best = { line: runbook.title, field: 'title' as Field, worth: 0 };
  for (const field of FIELDS) {
    for (const line of linesOf(runbook, field)) {
      if (EXACT[field] !== undefined && foldLine(line) === whole) return `${CALLED[field]} ${singleLine(line)}`;
      const lower = line.toLowerCase();
      // Taking a line apart costs more than looking whether it can hold anything.
      if (!beginnings.some((beginning) => lower.includes(beginning))) continue;
      const stems = [...new Set(termsOf(line).map(({ stem }) => stem))];
      const count = stems.filter((stem) => beginnings.some((beginning) => stem.startsWith(beginning))).length;
      const worth = count * (1 + WEIGHTS[field] / 10);
      if (worth > best.worth) best = { line, field, worth };
    }
    // Less weighty fields would have to beat a line that holds every word.
    if (best.worth >= meant.size) break;
  }
  return truncate(`${CALLED[best.field]}: ${singleLine(best.line.replace(/[`*|]+|^[\s>#-]+/gu, ' ')).trim()}`, 120);
}
