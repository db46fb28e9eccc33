import { join } from 'node:path';
import type { Runbook } from '../domain/runbook.ts';
import type { SystemDefinition } from '../domain/system.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { checkRoutines } from './check-routines.ts';
import type { AnalyseStatement } from './effects.ts';
import { type Commits, readCommits } from './git-source.ts';
import { resolveLinks } from './links.ts';
import { createPackFiles, fileProblem, isRunbookFile, listFolder } from './pack-files.ts';
import type { Problem } from './problems.ts';
import { nearest } from './problems.ts';
import { createRunbookMemory, type InForce, type RunbookMemory } from './runbook-memory.ts';
import { type Admit, createSystemMemory, type LoadedSystem, type SystemMemory } from './system-memory.ts';
import type { ResolveSetting } from './system-schema.ts';

/** Where packs stand, how settings are resolved, and who tells what a statement does. */
export type LoadOptions = {
  readonly dir: string;
  readonly resolveSetting: ResolveSetting;
  readonly analyse: AnalyseStatement;
  readonly clock?: Clock;
  readonly admit?: Admit;
};

/** What a search for one runbook by its id gives. */
export type FoundRunbook =
  | { readonly status: 'found'; readonly runbook: Runbook }
  | { readonly status: 'ambiguous'; readonly candidates: readonly Runbook[] }
  | { readonly status: 'missing'; readonly nearest: string | null };

/** Everything that the bot knows of systems and runbooks, and what is wrong with the files. */
export type Packs = {
  readonly systems: ReadonlyMap<string, SystemDefinition>;
  /** By `<system>/<ID>`. */
  readonly runbooks: ReadonlyMap<string, Runbook>;
  readonly problems: readonly Problem[];
  /** By `RB-012` or `auto-broker/RB-012`, without regard to case; `system` decides between equal ids. */
  readonly findRunbook: (id: string, system?: string) => FoundRunbook;
};

/** One reading of the folder. `held` names the files whose last good version is in force, by their SHA-256 on disk. */
export type PacksVersion = { readonly packs: Packs; readonly held: ReadonlyMap<string, string> };

/** Reads a folder again and again; only what has changed is parsed, and what is broken keeps its last good version. */
export type PackReader = { readonly read: () => Promise<PacksVersion> };

/**
 * Reads every folder with a `system.yml` below `dir`. What is wrong in files comes back as problems; only a folder that
 * cannot be read at all throws (the system's own error passes through).
 */
export async function loadPacks(options: LoadOptions): Promise<Packs> {
  return (await createPackReader(options).read()).packs;
}

/** A reader with a memory. Its first reading is like `loadPacks`; a later one never leaves less than the last good version. */
export function createPackReader(options: LoadOptions): PackReader {
  const files = createPackFiles(options.clock ?? systemClock);
  const memory = {
    systems: createSystemMemory(files, options),
    runbooks: createRunbookMemory(files, options.analyse),
    commits: null as Commits | null,
    last: null as PacksVersion | null,
  };
  return {
    read: async () => {
      const folders = await systemFolders(options.dir, memory.last);
      if (!Array.isArray(folders)) return folders;
      const reading = readCommits(options.dir, memory.commits);
      const read = await readFolders(options.dir, folders, memory);
      memory.commits = await reading;
      files.keepOnly(new Set(read.paths));
      memory.last = assemble(read, memory.commits, memory.runbooks);
      return memory.last;
    },
  };
}

type Folder = { readonly name: string; readonly files: readonly string[] };

/**
 * The folders to read. When all of them are gone although there were systems, something happened to the folder itself (a
 * volume that is not mounted, a checkout half done): then the last version stays in force, with a problem that says so.
 */
async function systemFolders(dir: string, last: PacksVersion | null): Promise<Folder[] | PacksVersion> {
  const names = await listFolder(dir);
  if (names === null && last === null) throw new Error(`There is no folder ${dir}.`);
  const folders: Folder[] = [];
  for (const name of names ?? []) {
    const files = await listFolder(join(dir, name));
    if (files) folders.push({ name, files });
  }
  const known = last?.packs.systems.size ?? 0;
  if (last === null || known === 0 || folders.some(({ files }) => files.includes('system.yml'))) return folders;
  const message = 'the folder of the runbooks holds no system any more, so everything stays as it was';
  const problem = fileProblem('.', 'unreadable', message, 'Put it back, or restart Warroom when this is meant.');
  return { ...last, packs: { ...last.packs, problems: [problem] } };
}

type Read = {
  readonly systems: readonly LoadedSystem[];
  readonly runbooks: readonly InForce[];
  readonly problems: Problem[];
  readonly held: Map<string, string>;
  readonly paths: string[];
};

async function readFolders(
  dir: string,
  folders: readonly Folder[],
  memory: { systems: SystemMemory; runbooks: RunbookMemory },
): Promise<Read> {
  const [systems, runbooks, problems, paths] = [[], [], [], []] as [LoadedSystem[], InForce[], Problem[], string[]];
  const held = new Map<string, string>();
  for (const { name, files } of folders) {
    const system = await memory.systems.read(dir, name, files);
    problems.push(...system.problems);
    paths.push(join(dir, name, 'system.yml'));
    if (!system.loaded) continue;
    if (system.held !== null) held.set(`${name}/system.yml`, system.held);
    systems.push(system.loaded);
    const names = files.filter(isRunbookFile);
    paths.push(...names.map((file) => join(dir, name, file)));
    const read = await memory.runbooks.read(dir, system.loaded, names);
    runbooks.push(...read);
    for (const { file, contentHash, isHeld } of read) if (isHeld) held.set(file, contentHash);
  }
  memory.systems.keepOnly(new Set(systems.map(({ system }) => system.id)));
  memory.runbooks.keepOnly(new Set(runbooks.map(({ file }) => file)));
  return { systems, runbooks, problems, held, paths };
}

function assemble(read: Read, { commitOf }: Commits, memory: RunbookMemory): PacksVersion {
  const problems = [...read.problems, ...read.runbooks.flatMap((each) => each.problems)];
  const byFile = new Map<string, Runbook>();
  for (const { file, version } of read.runbooks) if (version?.parsed.runbook) byFile.set(file, version.parsed.runbook);
  const runbooks = new Map<string, Runbook>();
  for (const each of read.runbooks) {
    const { version, file, isHeld } = each;
    const parsed = byFile.get(file);
    if (!version || !parsed) continue;
    const { ids, problems: dead } = resolveLinks(parsed, version.parsed.links, byFile);
    if (!isHeld) problems.push(...dead);
    const runbook = memory.finish({ ...each, version }, ids, version.blob ? commitOf(file, version.blob) : null);
    if (runbook) runbooks.set(`${runbook.system}/${runbook.id}`, runbook);
  }
  const systems = new Map(read.systems.map(({ system }) => [system.id, system]));
  const all = [...runbooks.values()];
  for (const { system, at } of read.systems) {
    const own = all.filter((runbook) => runbook.system === system.id);
    problems.push(...checkRoutines(system, own, at));
  }
  problems.sort((a, b) => (a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1));
  const find = (id: string, system?: string) => findRunbook(runbooks, id, system);
  return { packs: { systems, runbooks, problems, findRunbook: find }, held: read.held };
}

function findRunbook(runbooks: ReadonlyMap<string, Runbook>, wanted: string, system: string | undefined): FoundRunbook {
  const [qualifier, id] = wanted.includes('/') ? (wanted.split('/', 2) as [string, string]) : [null, wanted];
  const same = (a: string, b: string) => a.toLowerCase() === b.trim().toLowerCase();
  let candidates = [...runbooks.values()].filter(
    (runbook) => same(runbook.id, id) && (qualifier === null || same(runbook.system, qualifier)),
  );
  if (candidates.length > 1 && system !== undefined) {
    const own = candidates.filter((runbook) => same(runbook.system, system));
    if (own.length > 0) candidates = own;
  }
  const [only] = candidates;
  if (only === undefined)
    return {
      status: 'missing',
      nearest: nearest(
        id,
        [...runbooks.values()].map((runbook) => runbook.id),
      ),
    };
  return candidates.length === 1 ? { status: 'found', runbook: only } : { status: 'ambiguous', candidates };
}
