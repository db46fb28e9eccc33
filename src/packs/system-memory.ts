import { join } from 'node:path';
import type { SystemDefinition } from '../domain/system.ts';
import { fileProblem, type PackFiles } from './pack-files.ts';
import type { Problem } from './problems.ts';
import { type ResolveSetting, readSystem, systemSchema } from './system-schema.ts';
import { readYaml, type YamlResult } from './yaml.ts';

/** A system as its file says it. Runbooks that were read with the same `version` need not be read again. */
export type LoadedSystem = {
  readonly system: SystemDefinition;
  readonly version: string;
  readonly at: YamlResult<unknown>['at'];
};

/** `held`: the hash of the broken file on disk, when the last good version is in force instead. */
export type SystemReading = {
  readonly loaded: LoadedSystem | null;
  readonly held: string | null;
  readonly problems: readonly Problem[];
};

/** What speaks against a system as its file says it now: where in the file, what, and what to do. */
export type Objection = { readonly path: readonly PropertyKey[]; readonly message: string; readonly fix: string };

/**
 * Whether a system may take the place of the one in force (null: there is none). What has objections is treated as
 * broken: the old version stays in force.
 */
export type Admit = (next: SystemDefinition, inForce: SystemDefinition | null) => Promise<readonly Objection[]>;

/** Reads `system.yml` files; a broken one keeps the last good version of its system in force. */
export type SystemMemory = {
  read(dir: string, folder: string, names: readonly string[]): Promise<SystemReading>;
  keepOnly(systems: ReadonlySet<string>): void;
};

type Known = { readonly hash: string; readonly reading: SystemReading };

/** A memory without anything in it: what is broken at first is not there. */
export function createSystemMemory(
  files: PackFiles,
  options: { readonly resolveSetting: ResolveSetting; readonly admit?: Admit | undefined },
): SystemMemory {
  const { resolveSetting, admit } = options;
  const known = new Map<string, Known>();
  return {
    read: async (dir, folder, names) => {
      const file = `${folder}/system.yml`;
      const refusal = folderProblem(folder, file, names);
      if (refusal) return refusal;
      const content = await files.read(join(dir, file), file);
      const hash = content?.hash ?? '';
      const before = known.get(folder);
      if (before && before.hash === hash && hash !== '') return before.reading;
      const fresh = content?.text ? readText(folder, content.text, hash, resolveSetting) : null;
      const good = before?.reading.loaded ?? null;
      const objections = fresh?.loaded && admit ? await objectionsTo(fresh.loaded, good, { file, admit }) : [];
      if (objections.length > 0) {
        const refused = { loaded: good, held: good ? hash : null, problems: objections };
        // Asked again at the next reading: what spoke against it may lie outside of the file.
        known.set(folder, { hash: '', reading: refused });
        return refused;
      }
      const problems = fresh?.problems ?? [content?.problem ?? missing(file)];
      const reading: SystemReading = fresh?.loaded
        ? { loaded: fresh.loaded, held: null, problems }
        : { loaded: good, held: good ? hash : null, problems };
      known.set(folder, { hash, reading });
      return reading;
    },
    keepOnly: (systems) => {
      for (const folder of known.keys()) if (!systems.has(folder)) known.delete(folder);
    },
  };
}

async function objectionsTo(
  fresh: LoadedSystem,
  good: LoadedSystem | null,
  { file, admit }: { readonly file: string; readonly admit: Admit },
): Promise<Problem[]> {
  const objections = await admit(fresh.system, good?.system ?? null);
  return objections.map(({ path, message, fix }) => ({
    ...{ rule: 'system-file', severity: 'error', file, message, fix },
    ...fresh.at(path),
  }));
}

function readText(folder: string, text: string, hash: string, resolve: ResolveSetting) {
  const file = `${folder}/system.yml`;
  const { value, problems, at } = readYaml(text, systemSchema, { file, firstLine: 1, rule: 'system-file' });
  return { loaded: value && { system: readSystem(folder, value, resolve), version: hash, at }, problems };
}

/** Null when the folder may be a system. */
function folderProblem(folder: string, file: string, names: readonly string[]): SystemReading | null {
  const none = { loaded: null, held: null };
  if (!/^[a-z][a-z0-9-]{0,62}$/u.test(folder)) {
    const message = `"${folder}" cannot be the id of a system`;
    const fix = 'Name the folder with a-z, 0-9 and dashes.';
    return { ...none, problems: [fileProblem(file, 'system-file', message, fix)] };
  }
  if (names.includes('system.yml')) return null;
  return { ...none, problems: names.some((name) => name.endsWith('.md')) ? [missing(file)] : [] };
}

function missing(file: string): Problem {
  return fileProblem(file, 'system-file', 'the folder has no system.yml', 'Add one, or move the files.');
}
