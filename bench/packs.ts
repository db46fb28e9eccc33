/**
 * Loading, memory and search of ten thousand generated runbooks (`npm run bench:packs [count]`). The baseline is a bare
 * remark parse of the same files in the same process; nothing is asserted, because a busy machine proves nothing.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyseStatement } from '../src/executors/analyse-statement.ts';
import { loadPacks, type Packs } from '../src/packs/load.ts';
import { parseMarkdown } from '../src/packs/markdown.ts';
import { buildSearchIndex, searchRunbooks } from '../src/packs/search.ts';
import { generatePacks } from './generate-packs.ts';

const count = Number(process.argv[2] ?? 10_000);
const dir = await mkdtemp(join(tmpdir(), 'warroom-bench-'));
try {
  await measure();
} finally {
  await rm(dir, { recursive: true, force: true });
}

async function measure(): Promise<void> {
  const made = await generatePacks(dir, count);
  row('runbooks', `${count}, ${made.steps} steps, ${megabytes(made.bytes)}`);
  const texts = await readTexts();
  // Both sides warm: the first parses of a process measure the compiler.
  for (const text of texts.slice(0, 300)) parseMarkdown(text);
  await warmUp();
  const started = clock();
  for (const text of texts) parseMarkdown(text);
  const bare = clock(started);
  row('bare remark parse', describe(bare));
  const before = heap();
  const loading = clock();
  const packs = await loadPacks({ dir, resolveSetting: (_name, fallback) => fallback, analyse: analyseStatement });
  const loaded = clock(loading);
  row('load', `${describe(loaded)}; ${packs.problems.length} problems`);
  row('load ÷ bare parse', `${(loaded.cpu / bare.cpu).toFixed(2)} by processor time`);
  row('memory of the packs', `${megabytes(heap() - before)} heap`);
  await search(packs, made.queries);
}

/** The analysers of statements are WebAssembly of 170 MB that every process has once, however many runbooks there are. */
async function warmUp(): Promise<void> {
  await analyseStatement('sql', 'SELECT 1');
  await analyseStatement('sh', 'ls');
}

type Time = { readonly wall: number; readonly cpu: number };

/** Both times in ms since `from`. On a busy machine only the processor's time says something. */
function clock(from: Time = { wall: 0, cpu: 0 }): Time {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now() - from.wall, cpu: (user + system) / 1_000 - from.cpu };
}

function describe({ wall, cpu }: Time): string {
  return `${milliseconds(wall)} (${milliseconds(cpu)} of processor)`;
}

async function search(packs: Packs, queries: readonly string[]): Promise<void> {
  const before = heap();
  const building = performance.now();
  const index = buildSearchIndex(packs.runbooks.values());
  row('search index', `${milliseconds(performance.now() - building)}, ${megabytes(heap() - before)} heap`);
  for (const [name, edit] of [
    ['as written', (words: string) => words],
    ['one letter wrong', misspell],
  ] as const) {
    const times = queries.slice(0, 2_000).map((query) => {
      const started = performance.now();
      searchRunbooks(index, edit(query));
      return performance.now() - started;
    });
    times.sort((a, b) => a - b);
    const at = (share: number) => milliseconds(times[Math.floor(times.length * share)] ?? 0);
    row(`search, ${name}`, `p50 ${at(0.5)}, p99 ${at(0.99)} (${times.length} queries)`);
  }
}

async function readTexts(): Promise<string[]> {
  const texts: string[] = [];
  for (const system of await readdir(dir))
    for (const name of await readdir(join(dir, system)))
      if (name.endsWith('.md')) texts.push(await readFile(join(dir, system, name), 'utf8'));
  return texts;
}

/** Swaps two letters of the longest word. */
function misspell(query: string): string {
  const longest = query.split(/\s+/u).sort((a, b) => b.length - a.length)[0] ?? '';
  const middle = Math.floor(longest.length / 2);
  const wrong = `${longest.slice(0, middle - 1)}${longest[middle]}${longest[middle - 1]}${longest.slice(middle + 1)}`;
  return query.replace(longest, wrong);
}

/** Bytes in use after a collection; run with --expose-gc, otherwise it includes rubbish. */
function heap(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function milliseconds(ms: number): string {
  return ms < 100 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function row(what: string, value: string): void {
  process.stdout.write(`  ${what.padEnd(26)} ${value}\n`);
}
