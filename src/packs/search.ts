import MiniSearch from 'minisearch';
import type { Runbook } from '../domain/runbook.ts';
import { singleLine, truncate } from '../lib/text.ts';
import { parseMarkdown, plainText, walk } from './markdown.ts';

/** One answer, best first. `why` says in one phrase where the words were found. */
export type SearchHit = {
  readonly id: string;
  readonly system: string;
  readonly title: string;
  readonly score: number;
  readonly why: string;
};

/** Built once for a set of runbooks; asking it reads nothing else. */
export type SearchIndex = {
  readonly engine: MiniSearch<Document>;
  readonly documents: ReadonlyMap<string, Document>;
};

const FIELDS = ['id', 'title', 'alerts', 'symptoms', 'headings', 'blast', 'commands', 'prose'] as const;
type Field = (typeof FIELDS)[number];
type Document = { readonly key: string; readonly system: string } & Readonly<Record<Field, string>> & {
    readonly lines: Readonly<Record<Field, readonly string[]>>;
  };

const BOOST: Readonly<Record<Field, number>> = {
  id: 8,
  alerts: 6,
  title: 5,
  symptoms: 3,
  headings: 2,
  blast: 1.5,
  commands: 1.5,
  prose: 1,
};
/** What a line that was written exactly adds to the score: more than many words in weighty fields can come to. */
const EXACT = [
  ['id', 1_000_000],
  ['alerts', 1_000_000],
  ['title', 500_000],
  ['symptoms', 500_000],
] as const satisfies readonly (readonly [Field, number])[];
const CALLED: Readonly<Record<Field, string>> = {
  id: 'id',
  alerts: 'alert',
  title: 'title',
  symptoms: 'symptom',
  headings: 'heading',
  blast: 'blast radius',
  commands: 'command',
  prose: 'text',
};

// Words that say nothing about a runbook, in English and Italian; folded, as the index sees them.
const STOP_WORDS = new Set(
  (
    'a an and are as at be but by for from has have in into is it its not of on or that the then this to was with ' +
    'al alla alle anche che con da dal dalla dei del della delle di e gli i il la le lo nel nella non per piu si sono su un una uno'
  ).split(' '),
);

/** Indexes titles, alerts, symptoms, headings, blast radius, commands and prose; drafts are found too. */
export function buildSearchIndex(runbooks: Iterable<Runbook>): SearchIndex {
  const engine = new MiniSearch<Document>({ idField: 'key', fields: [...FIELDS], tokenize, processTerm });
  const documents = new Map<string, Document>();
  for (const runbook of runbooks) {
    const document = documentOf(runbook);
    documents.set(document.key, document);
  }
  engine.addAll([...documents.values()]);
  return { engine, documents };
}

/**
 * Finds runbooks by words. What is written exactly stands before everything else, an id or an alert before a title or a
 * symptom; otherwise letters may be wrong (one in five), words may be incomplete, and accents do not matter. At most 20 hits.
 */
export function searchRunbooks(
  index: SearchIndex,
  words: string,
  options: { readonly system?: string } = {},
): SearchHit[] {
  const wanted = signature(truncate(words, 500));
  const found = index.engine.search(truncate(words, 500), {
    boost: BOOST,
    fuzzy: (term) => (term.length > 3 ? 0.2 : false),
    prefix: (term) => term.length > 2,
    // A word as it was written beats a similar one in a weightier field.
    weights: { fuzzy: 0.15, prefix: 0.25 },
    combineWith: 'OR',
    filter: (result) =>
      options.system === undefined || index.documents.get(String(result.id))?.system === options.system,
  });
  const hits = found.flatMap((result) => {
    const document = index.documents.get(String(result.id));
    if (!document) return [];
    const exact = EXACT.map(([field, bonus]) => ({
      field,
      bonus,
      line: document.lines[field].find((line) => signature(line) === wanted),
    })).find(({ line }) => line !== undefined);
    // Runbooks that contain more of the words come first, whatever a single rare word weighs.
    const share = result.queryTerms.length / Math.max(1, new Set(terms(words)).size);
    const score = result.score * share * share + (exact?.bonus ?? 0);
    return [{ document, score, why: exact ? sayExact(exact, words.trim()) : explain(document, result.match) }];
  });
  return hits
    .sort((a, b) => b.score - a.score || (a.document.key < b.document.key ? -1 : 1))
    .slice(0, 20)
    .map(({ document, score, why }) => ({
      id: document.lines.id[0] ?? '',
      system: document.system,
      title: document.title,
      score: Math.round(score * 100) / 100,
      why,
    }));
}

function documentOf(runbook: Runbook): Document {
  const executable = runbook.steps.filter((step) => step.kind === 'executable');
  const manual = runbook.steps.filter((step) => step.kind === 'manual');
  const headings = new Set([
    ...runbook.prose.map((section) => section.heading),
    ...runbook.steps.map((step) => step.title),
  ]);
  const texts = [...runbook.prose.map((section) => section.markdown), ...executable.map((step) => step.description)];
  const lines: Record<Field, readonly string[]> = {
    id: [runbook.id],
    title: [runbook.title],
    alerts: runbook.alerts,
    symptoms: runbook.symptoms,
    headings: [...headings].filter((heading) => heading !== ''),
    blast: runbook.blastRadius.map((item) => item.text),
    commands: executable.map((step) => step.text),
    prose: [...texts.flatMap(plainLines), ...manual.map((step) => step.text)],
  };
  const joined = Object.fromEntries(FIELDS.map((field) => [field, lines[field].join('\n')])) as Record<Field, string>;
  return { key: `${runbook.system}/${runbook.id}`, system: runbook.system, ...joined, lines };
}

function plainLines(markdown: string): string[] {
  if (markdown === '') return [];
  return [...walk(parseMarkdown(markdown).root)].flatMap((node) =>
    node.type === 'paragraph' || node.type === 'code' || node.type === 'tableRow' ? [singleLine(plainText(node))] : [],
  );
}

/** Names such as `franco_retention_backlog` count whole and in parts. */
function tokenize(text: string): string[] {
  return text.split(/[^\p{L}\p{N}_:.-]+/u).flatMap((word) => {
    const name = word.replace(/^[_:.-]+|[_:.-]+$/gu, '');
    const parts = name.split(/[_:.-]+/u).filter((part) => part !== '');
    return parts.length > 1 ? [name, ...parts] : parts;
  });
}

function processTerm(term: string): string | null {
  const folded = fold(term);
  return folded === '' || STOP_WORDS.has(folded) ? null : folded;
}

function terms(text: string): string[] {
  return tokenize(text).flatMap((term) => processTerm(term) ?? []);
}

function sayExact(
  { field, line = '' }: { readonly field: Field; readonly line?: string | undefined },
  words: string,
): string {
  return fold(line) === fold(words) ? `${CALLED[field]} ${words}` : truncate(`${CALLED[field]}: ${line}`, 120);
}

/** The words that say something, in any order: `Miss rate of the cache: 100 %` is what `cache miss rate = 100 %` says. */
function signature(text: string): string {
  return terms(text).sort().join(' ');
}

/** Lower case without accents: `È caduta` is found by `e caduta`. */
function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** The line of the weightiest field in which most of the matched terms stand. */
function explain(document: Document, match: Readonly<Record<string, readonly string[]>>): string {
  const matched = Object.entries(match);
  const field = FIELDS.map((name) => ({
    name,
    weight: BOOST[name] * matched.filter(([, fields]) => fields.includes(name)).length,
  })).sort((a, b) => b.weight - a.weight)[0];
  if (!field || field.weight === 0) return '';
  const inField = matched.filter(([, fields]) => fields.includes(field.name)).map(([term]) => term);
  const best = document.lines[field.name]
    .map((line) => ({ line, count: terms(line).filter((term) => inField.includes(term)).length }))
    .sort((a, b) => b.count - a.count)[0];
  return truncate(`${CALLED[field.name]}: ${singleLine(best?.line ?? '')}`, 120);
}
