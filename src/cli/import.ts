import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readImportWords } from '../config/import-words.ts';
import { analyseStatement } from '../executors/analyse-statement.ts';
import { classifyStatement } from '../executors/classify-statement.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { plural } from '../lib/text.ts';
import { documentJson, documentReport } from '../packs/import/import-json.ts';
import { type ImportedPack, importPack } from '../packs/import/import-pack.ts';
import { toNativeStep } from '../packs/import/native/to-native.ts';
import { readSettings } from '../packs/import/settings/read-settings.ts';
import { type Kept, writePack } from './pack-folder.ts';
import type { Terminal, Verb } from './verb.ts';

/** `warroom import`: documents that a team already has become a pack of drafts. It runs nothing and reaches no target. */
export const importVerb: Verb = {
  name: 'import',
  summary: 'Turns Markdown documents into a pack: drafts that a person completes.',
  usage: [
    'warroom import FILE.md… --system ID --out DIR   DIR/ID gets system.yml, one file for each runbook, and README.md; a folder stands for its Markdown files',
    'warroom import … --dry-run                      reports and writes nothing; --out can be left out',
    'warroom import … --force                        overwrites files that exist; without it they stay and are named',
    'warroom import … --config FILE                  headings of `import.phases` in FILE; warroom.yml of this folder without it',
    'warroom import … --json                         one object for each document: {"file","encoding_repaired","lines","entries":[{"id","title","from","to"}],"steps":[{"entry","from","to","phase","lang","text","effect","params"}],"manual":[{"entry","from","to","text"}],"documentation":[{"from","to"}],"not_understood":[{"from","to","reason"}]}',
    'exit code 0 done, 1 when a file that exists was kept, 2 for wrong usage',
  ],
  run,
};

type Options = {
  readonly files: readonly string[];
  readonly system: string;
  readonly out: string | null;
  readonly json: boolean;
  readonly force: boolean;
  readonly config: string | null;
};

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const options = readOptions(args);
    const documents = await readDocuments(options.files);
    const words = readImportWords(options.config, '.');
    const tools = { classify: classifyStatement, analyse: analyseStatement, toNative: toNativeStep };
    const pack = await importPack({ system: options.system, documents, words }, tools, readSettings);
    for (const document of pack.documents) {
      if (options.json) terminal.write(JSON.stringify(documentJson(document)));
      else for (const line of documentReport(document)) terminal.write(line);
    }
    return await write(pack, options, terminal);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    terminal.complain(error.message);
    return 2;
  }
}

async function write(pack: ImportedPack, { out, system, force, json }: Options, terminal: Terminal): Promise<number> {
  const tell = json ? terminal.complain : terminal.write;
  for (const sentence of pack.refused) tell(`Left out of system.yml: ${sentence}`);
  if (out === null) {
    tell(`Nothing was written (--dry-run): ${plural(pack.files.length, 'file')} would be.`);
    return 0;
  }
  const { written, kept } = await writePack(join(out, system), pack.files, force);
  tell(
    `${plural(written, 'file')} written to ${join(out, system)}: drafts, so nothing of them can be run yet. \`warroom lint ${out}\` lists what is left to do.`,
  );
  if (kept.length === 0) return 0;
  terminal.complain(keptSentence(kept));
  return 1;
}

function keptSentence(kept: readonly Kept[]): string {
  const names = kept.slice(0, 5).map(({ path }) => path);
  const more = kept.length > 5 ? ` and ${kept.length - 5} more` : '';
  return `Kept as ${kept.length === 1 ? 'it was, because it exists' : 'they were, because they exist'}: ${names.join(', ')}${more}; --force overwrites.`;
}

function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parse(args);
  const { system, out, 'dry-run': dry } = values;
  if (positionals.length === 0) throw usage('Give the documents to import, and --system ID and --out DIR.');
  if (system === undefined || !/^[a-z][a-z0-9-]{0,62}$/u.test(system))
    throw usage('Name the system with --system ID: a-z, 0-9 and dashes, starting with a letter.');
  if (out === undefined && dry !== true)
    throw usage('Say where the pack goes with --out DIR, or look first with --dry-run.');
  return {
    files: positionals,
    system,
    out: dry === true ? null : (out ?? null),
    json: values.json === true,
    force: values.force === true,
    config: values.config ?? null,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        system: { type: 'string' },
        out: { type: 'string' },
        config: { type: 'string' },
        json: { type: 'boolean' },
        force: { type: 'boolean' },
        'dry-run': { type: 'boolean' },
      },
    });
  } catch (error) {
    throw usage(
      `${
        messageOf(error)
          .split('\n')[0]
          ?.replace(/\. .*$/u, '') ?? 'The options are wrong'
      }: see \`warroom help import\`.`,
    );
  }
}

function usage(sentence: string): UserError {
  return new UserError('import_usage', sentence);
}

/** The files, and the Markdown files of folders in the order of their names. */
async function readDocuments(paths: readonly string[]): Promise<{ file: string; bytes: Uint8Array }[]> {
  const documents: { file: string; bytes: Uint8Array }[] = [];
  for (const path of paths) {
    try {
      for (const file of await filesOf(path)) documents.push({ file, bytes: await readFile(file) });
    } catch (error) {
      throw usage(`${path} cannot be read: ${messageOf(error)}`);
    }
  }
  if (documents.length === 0) throw usage('There is no Markdown file in that folder.');
  return documents;
}

async function filesOf(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(?:md|markdown)$/iu.test(entry.name) && !entry.parentPath.includes('/.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
