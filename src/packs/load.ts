import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Runbook, RunbookSource } from '../domain/runbook.ts';
import type { SystemDefinition } from '../domain/system.ts';
import { messageOf } from '../lib/errors.ts';
import { checkRoutines } from './check-routines.ts';
import type { AnalyseStatement } from './effects.ts';
import { type CommitOf, readCommits } from './git-source.ts';
import { resolveLinks } from './links.ts';
import { parseRunbook } from './parse-runbook.ts';
import { nearest, type Problem } from './problems.ts';
import { type ResolveSetting, readSystem, systemSchema } from './system-schema.ts';
import { readYaml, type YamlResult } from './yaml.ts';

/** Where packs stand, how settings are resolved, and who tells what a statement does. */
export type LoadOptions = {
  readonly dir: string;
  readonly resolveSetting: ResolveSetting;
  readonly analyse: AnalyseStatement;
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

const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Reads every folder with a `system.yml` below `dir`. What is wrong in files comes back as problems; only a folder that
 * cannot be read at all throws (InternalError is left to the caller: the system's own error passes through).
 */
export async function loadPacks(options: LoadOptions): Promise<Packs> {
  const commitOf = await readCommits(options.dir);
  const systems = new Map<string, SystemDefinition>();
  const runbooks = new Map<string, Runbook>();
  const problems: Problem[] = [];
  const folders = (await readdir(options.dir)).filter((name) => !name.startsWith('.')).sort();
  for (const folder of folders) {
    const files = await listFolder(join(options.dir, folder));
    if (!files) continue;
    const read = await loadSystem(options, folder, files, problems);
    if (!read) continue;
    const { system } = read;
    systems.set(folder, system);
    const loaded = await loadRunbooks({ options, commitOf, system, files, problems });
    problems.push(...checkRoutines(system, [...loaded.values()], read.at));
    for (const [key, runbook] of loaded) runbooks.set(key, runbook);
  }
  const linked = resolveLinks(runbooks);
  problems.push(...linked.problems);
  problems.sort((a, b) => (a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1));
  return {
    systems,
    runbooks: linked.runbooks,
    problems,
    findRunbook: (id, system) => find(linked.runbooks, id, system),
  };
}

async function loadSystem(
  options: LoadOptions,
  folder: string,
  files: readonly string[],
  problems: Problem[],
): Promise<{ system: SystemDefinition; at: YamlResult<unknown>['at'] } | null> {
  const file = `${folder}/system.yml`;
  if (!/^[a-z][a-z0-9-]{0,62}$/u.test(folder)) {
    problems.push(
      fileProblem(
        file,
        'system-file',
        `"${folder}" cannot be the id of a system`,
        'Name the folder with a-z, 0-9 and dashes.',
      ),
    );
    return null;
  }
  if (!files.includes('system.yml')) {
    if (files.some((name) => name.endsWith('.md')))
      problems.push(fileProblem(file, 'system-file', 'the folder has no system.yml', 'Add one, or move the files.'));
    return null;
  }
  const bytes = await readBytes(join(options.dir, file), file, problems);
  const text = bytes && decode(bytes, file, problems);
  if (text === null) return null;
  const read = readYaml(text, systemSchema, { file, firstLine: 1, rule: 'system-file' });
  problems.push(...read.problems);
  return read.value && { system: readSystem(folder, read.value, options.resolveSetting), at: read.at };
}

type Folder = {
  readonly options: LoadOptions;
  readonly commitOf: CommitOf;
  readonly system: SystemDefinition;
  readonly files: readonly string[];
  readonly problems: Problem[];
};

async function loadRunbooks(folder: Folder): Promise<Map<string, Runbook>> {
  const { options, system, problems } = folder;
  const runbooks = new Map<string, Runbook>();
  for (const name of folder.files.filter((entry) => entry.endsWith('.md') && entry.toLowerCase() !== 'readme.md')) {
    const file = `${system.id}/${name}`;
    const bytes = await readBytes(join(options.dir, system.id, name), file, problems);
    const text = bytes && decode(bytes, file, problems);
    if (!bytes || text === null) continue;
    const source: RunbookSource = {
      file,
      contentHash: createHash('sha256').update(bytes).digest('hex'),
      commit: folder.commitOf(file, bytes),
      text,
    };
    const parsed = await parse(source, folder);
    problems.push(...parsed.problems);
    if (!parsed.runbook) continue;
    const key = `${system.id}/${parsed.runbook.id}`;
    const other = [...runbooks.values()].find(
      (runbook) => runbook.id.toLowerCase() === parsed.runbook?.id.toLowerCase(),
    );
    if (other)
      problems.push(
        fileProblem(
          file,
          'duplicate-runbook',
          `the id "${parsed.runbook.id}" belongs to ${other.source.file}`,
          'Give each runbook of a system an id of its own.',
        ),
      );
    else runbooks.set(key, parsed.runbook);
  }
  return runbooks;
}

async function parse(source: RunbookSource, { options, system }: Folder) {
  try {
    return await parseRunbook({ source, system, analyse: options.analyse });
  } catch (error) {
    // One file that defeats the parser (thousands of nested lists) must not take the others down.
    return {
      runbook: null,
      problems: [
        fileProblem(source.file, 'unreadable', `the file could not be parsed: ${messageOf(error)}`, 'Simplify it.'),
      ],
    };
  }
}

async function listFolder(path: string): Promise<string[] | null> {
  try {
    return (await readdir(path)).filter((name) => !name.startsWith('.')).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return null;
    throw error;
  }
}

async function readBytes(path: string, file: string, problems: Problem[]): Promise<Buffer | null> {
  try {
    const bytes = await readFile(path);
    if (bytes.length <= MAX_FILE_BYTES) return bytes;
    problems.push(fileProblem(file, 'unreadable', 'the file is larger than 1 MB', 'Split it.'));
  } catch (error) {
    problems.push(fileProblem(file, 'unreadable', `the file cannot be read: ${messageOf(error)}`, ''));
  }
  return null;
}

function decode(bytes: Buffer, file: string, problems: Problem[]): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    problems.push(fileProblem(file, 'unreadable', 'the file is not UTF-8', 'Save it as UTF-8.'));
    return null;
  }
}

function fileProblem(file: string, rule: string, message: string, fix: string): Problem {
  return { rule, file, line: 1, column: 1, severity: 'error', message, fix };
}

function find(runbooks: ReadonlyMap<string, Runbook>, wanted: string, system: string | undefined): FoundRunbook {
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
