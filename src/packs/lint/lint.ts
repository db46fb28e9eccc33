import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { SystemDefinition } from '../../domain/system.ts';
import { UserError } from '../../lib/errors.ts';
import type { AnalyseStatement } from '../effects.ts';
import { loadPacks } from '../load.ts';
import { parseMarkdown } from '../markdown.ts';
import type { Problem } from '../problems.ts';
import { type Allowance, markdownAllowances, withoutAllowed, yamlAllowances } from './allowed.ts';
import { checkCommands } from './commands.ts';
import { checkLinks, type FileExists } from './links.ts';
import { checkPolicyNames } from './policies.ts';
import { type RunbookFile, readRunbookFile } from './runbook-file.ts';
import { checkStatement, unusedParameters } from './statements.ts';
import { checkAlerts, checkTargets } from './system.ts';
import { checkText } from './text.ts';
import type { LintTools } from './tools.ts';

/** Everything that is wrong with some packs, in the order of files and lines, and how much was looked at. */
export type LintReport = {
  readonly problems: readonly Problem[];
  /** What the problems' files are relative to. */
  readonly dir: string;
  readonly systems: number;
  /** `system.yml` and Markdown files. */
  readonly files: number;
  readonly runbooks: number;
  readonly steps: number;
};

/**
 * Checks a folder of systems, or the folder of one system. It tells all problems at once and reaches no target. Throws
 * UserError `no_packs` when the folder does not exist or holds no system.
 */
export async function lintPacks(folder: string, given: LintTools): Promise<LintReport> {
  const tools = { ...given, analyse: remembering(given.analyse) };
  const { dir, only } = await findPacks(folder);
  const packs = await loadPacks({ dir, resolveSetting: (_, fallback) => fallback, analyse: tools.analyse });
  const isMeant = (file: string) => only === null || file.startsWith(`${only}/`);
  const work: Work = {
    dir,
    tools,
    problems: packs.problems.filter(({ file }) => isMeant(file)),
    allowances: new Map(),
  };
  const names = only === null ? await systemFolders(dir) : [only];
  let files = 0;
  for (const name of names) files += await lintSystem(work, name, packs.systems.get(name) ?? null);
  if (only === null) work.problems.push(...(await checkPolicyNames(dir, packs)));
  const runbooks = [...packs.runbooks.values()].filter(({ source }) => isMeant(source.file));
  return {
    problems: sorted(work),
    dir,
    systems: names.length,
    files,
    runbooks: runbooks.length,
    steps: runbooks.reduce((sum, runbook) => sum + runbook.steps.length, 0),
  };
}

type Work = {
  readonly dir: string;
  readonly tools: LintTools;
  readonly problems: Problem[];
  readonly allowances: Map<string, readonly Allowance[]>;
};

/** Checks the files of one system; gives their number. Without a definition (system.yml is wrong) only the texts are looked at. */
async function lintSystem(work: Work, folder: string, system: SystemDefinition | null): Promise<number> {
  const { dir, tools, problems, allowances } = work;
  const entries = (await readdir(join(dir, folder))).sort();
  const names = entries.filter(
    (entry) => entry === 'system.yml' || (entry.endsWith('.md') && !/^(?:\.|readme\.md$)/iu.test(entry)),
  );
  const read: RunbookFile[] = [];
  for (const name of names) {
    const file = `${folder}/${name}`;
    const text = await readText(join(dir, file));
    if (text === null) continue;
    problems.push(...checkText(file, text));
    if (name === 'system.yml') {
      allowances.set(file, yamlAllowances(text));
      if (system) problems.push(...checkTargets(system, text, tools.targetProblems));
      continue;
    }
    const markdown = parseMarkdown(text);
    allowances.set(file, markdownAllowances(markdown.root));
    const runbook = system && (await readRunbookFile({ file, text, markdown, system, analyse: tools.analyse }));
    if (runbook?.read) read.push(runbook.read);
    problems.push(...(runbook?.problems ?? []));
  }
  problems.push(...checkAlerts(read));
  const exists: FileExists = async (path) => (await stat(join(dir, path)).catch(() => null)) !== null;
  for (const file of read) problems.push(...(await checkRunbook(file, tools)), ...(await checkLinks(file, exists)));
  return names.length;
}

async function checkRunbook(file: RunbookFile, tools: LintTools): Promise<Problem[]> {
  const problems: Problem[] = [];
  const used = new Set<string>();
  for (const step of file.steps) {
    if (step.kind !== 'executable') continue;
    const statement = await checkStatement(file, step, tools);
    for (const name of statement.names) used.add(name);
    problems.push(...statement.problems, ...(await checkCommands(file, step)));
  }
  return [...problems, ...unusedParameters(file, used)];
}

/** A folder with a system.yml is one system; its neighbours are read too, because links lead there. */
async function findPacks(folder: string): Promise<{ dir: string; only: string | null }> {
  const path = resolve(folder);
  const entries = await readdir(path).catch(() => null);
  if (entries === null)
    throw new UserError('no_packs', `There is no folder ${folder}: give the folder that your systems are in.`);
  if (entries.includes('system.yml')) return { dir: dirname(path), only: basename(path) };
  if ((await systemFolders(path)).length > 0) return { dir: path, only: null };
  throw new UserError(
    'no_packs',
    `${folder} holds no system: give a folder with <system>/system.yml, or a system's own.`,
  );
}

async function systemFolders(dir: string): Promise<string[]> {
  const folders: string[] = [];
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (entry.name.startsWith('.') || !(entry.isDirectory() || entry.isSymbolicLink())) continue;
    const inside = await readdir(join(dir, entry.name)).catch((): string[] => []);
    if (inside.includes('system.yml')) folders.push(entry.name);
  }
  return folders.sort();
}

/** Null for a file that is no text: the loader has told. */
async function readText(path: string): Promise<string | null> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch {
    return null;
  }
}

/** Without what was allowed, each problem once, in the order of files and lines. */
function sorted({ problems, allowances }: Work): Problem[] {
  const kept = [...new Set(problems.map(({ file }) => file))].sort().flatMap((file) =>
    withoutAllowed(
      problems.filter((problem) => problem.file === file),
      allowances.get(file) ?? [],
    ).sort((a, b) => a.line - b.line || a.column - b.column),
  );
  const seen = new Set<string>();
  return kept.filter((problem) => {
    const key = JSON.stringify(problem);
    return seen.has(key) ? false : seen.add(key);
  });
}

/** Analysis parses; the loader and lint ask about the same statements. */
function remembering(analyse: AnalyseStatement): AnalyseStatement {
  const known = new Map<string, ReturnType<AnalyseStatement>>();
  return (language, text) => {
    const key = `${language}\n${text}`;
    const found = known.get(key) ?? analyse(language, text);
    known.set(key, found);
    return found;
  };
}
