import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Runbook, RunbookSource } from '../domain/runbook.ts';
import { messageOf } from '../lib/errors.ts';
import type { AnalyseStatement } from './effects.ts';
import type { GitBlob } from './git-source.ts';
import { type FileContent, fileProblem, type PackFiles } from './pack-files.ts';
import { type ParsedRunbook, parseRunbook } from './parse-runbook.ts';
import type { Problem } from './problems.ts';
import type { LoadedSystem } from './system-memory.ts';

/** So many files are read from disk ahead of the parser, and so many parsed before others get a turn. */
const READ_AHEAD = 64;
const PARSED_AT_ONCE = 8;

/** One file of a system: what is wrong with it, and which runbook it stands for now. */
export type InForce = {
  readonly file: string;
  /** SHA-256 of what is on disk. */
  readonly contentHash: string;
  readonly problems: readonly Problem[];
  /** Null when it stands for no runbook. */
  readonly version: Version | null;
  /** True when `version` is the last good one and not what is on disk. */
  readonly isHeld: boolean;
};

/** One content of a file, parsed. */
type Version = { readonly parsed: ParsedRunbook; readonly hash: string; readonly blob: GitBlob | null };

/** Reads runbooks; a file whose text and system are the same is not parsed again, a broken one keeps its last good version. */
export type RunbookMemory = {
  read(dir: string, loaded: LoadedSystem, names: readonly string[]): Promise<InForce[]>;
  /**
   * The runbook with its links and commit: the same object as long as nothing about it has changed. A version that is held
   * keeps those it had.
   */
  finish(
    inForce: InForce & { readonly version: Version },
    links: readonly string[],
    commit: string | null,
  ): Runbook | null;
  keepOnly(files: ReadonlySet<string>): void;
};

type Known = { readonly key: string; readonly version: Version };

/** A memory without anything in it. */
export function createRunbookMemory(files: PackFiles, analyse: AnalyseStatement): RunbookMemory {
  const known = new Map<string, Known>();
  const inForce = new Map<string, Version>();
  const finished = new WeakMap<Version, Runbook>();
  return {
    read: async (dir, loaded, names) => {
      const latest: { file: string; version: Version }[] = [];
      let parsed = 0;
      for (let from = 0; from < names.length; from += READ_AHEAD) {
        const ahead = names.slice(from, from + READ_AHEAD).map(async (name) => {
          const file = `${loaded.system.id}/${name}`;
          return { file, content: await files.read(join(dir, file), file) };
        });
        for (const { file, content } of await Promise.all(ahead)) {
          if (content === null) continue;
          const key = `${content.hash}:${loaded.version}`;
          const before = known.get(file);
          const same = before?.key === key && content.hash !== '';
          const version = same ? before.version : await readVersion(content, file, loaded, analyse);
          known.set(file, { key, version });
          latest.push({ file, version });
          // A parse takes milliseconds; timers and requests of a running bot get their turn in between.
          if (!same) parsed += 1;
          if (!same && parsed % PARSED_AT_ONCE === 0) await setImmediate();
        }
      }
      const decided = decide(latest, inForce);
      for (const { file, version } of decided) if (version) inForce.set(file, version);
      return decided;
    },
    finish: ({ version, isHeld }, links, commit) => {
      const { runbook } = version.parsed;
      const before = finished.get(version);
      if (before && (isHeld || (before.source.commit === commit && before.links.join() === links.join())))
        return before;
      const made = runbook && { ...runbook, links, source: { ...runbook.source, commit } };
      if (made) finished.set(version, made);
      return made;
    },
    keepOnly: (kept) => {
      for (const file of known.keys()) if (!kept.has(file)) known.delete(file);
      for (const file of inForce.keys()) if (!kept.has(file)) inForce.delete(file);
    },
  };
}

function isGood({ parsed }: Version): boolean {
  return parsed.runbook !== null && !parsed.problems.some((problem) => problem.severity === 'error');
}

async function readVersion(
  content: FileContent,
  file: string,
  { system }: LoadedSystem,
  analyse: AnalyseStatement,
): Promise<Version> {
  const { hash, blob } = content;
  const nothing = (problem: Problem): Version => {
    return { parsed: { runbook: null, problems: [problem], links: [] }, hash, blob };
  };
  if (content.problem) return nothing(content.problem);
  const source: RunbookSource = { file, contentHash: hash, commit: null, text: content.text ?? '' };
  try {
    return { parsed: await parseRunbook({ source, system, analyse }), hash, blob };
  } catch (error) {
    // One file that defeats the parser (thousands of nested lists) must not take the others down.
    const message = `the file could not be parsed: ${messageOf(error)}`;
    return nothing(fileProblem(file, 'unreadable', message, 'Simplify it.'));
  }
}

type Choice = { readonly file: string; readonly latest: Version; chosen: Version | null };

/**
 * Decides which version of each file is in force: the latest, or the one before when the latest is broken. An id belongs
 * to the file that had it before, otherwise to the first one; a file that claims the id of another is broken too.
 */
function decide(
  latest: readonly { file: string; version: Version }[],
  before: ReadonlyMap<string, Version>,
): InForce[] {
  const owners = new Map<string, string>();
  const good = (file: string): Version | null => {
    const version = before.get(file);
    return version && isGood(version) ? version : null;
  };
  const choices = latest.map(({ file, version }): Choice => {
    return { file, latest: version, chosen: isGood(version) ? version : (good(file) ?? version) };
  });
  const claim = ({ file, chosen }: Choice): boolean => {
    const id = idOf(chosen);
    if (id !== null && !owners.has(id)) owners.set(id, file);
    return id === null || owners.get(id) === file;
  };
  const hadItBefore = ({ file, chosen }: Choice) => idOf(before.get(file) ?? null) === idOf(chosen);
  const inOrder = [...choices.filter(hadItBefore), ...choices.filter((choice) => !hadItBefore(choice))];
  const losers = new Map<Choice, Problem>();
  for (const choice of inOrder.filter((each) => !claim(each))) {
    const owner = owners.get(idOf(choice.chosen) ?? '') ?? '';
    const message = `the id "${choice.chosen?.parsed.runbook?.id}" belongs to ${owner}`;
    const fix = 'Give each runbook of a system an id of its own.';
    losers.set(choice, fileProblem(choice.file, 'duplicate-runbook', message, fix));
    choice.chosen = good(choice.file);
    if (!claim(choice)) choice.chosen = null;
  }
  return choices.map((choice) => {
    const { file, chosen } = choice;
    const duplicate = losers.get(choice);
    return {
      file,
      contentHash: choice.latest.hash,
      problems: [...choice.latest.parsed.problems, ...(duplicate ? [duplicate] : [])],
      version: chosen,
      isHeld: chosen !== null && chosen !== choice.latest,
    };
  });
}

function idOf(version: Version | null): string | null {
  return version?.parsed.runbook?.id.toLowerCase() ?? null;
}
