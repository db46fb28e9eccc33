import { systemSchema } from '../system-schema.ts';
import type { PhaseWords } from './heading-words.ts';
import { type ImportedDocument, importDocument } from './import-document.ts';
import type { ImportedStep, ImportTools } from './resolve-steps.ts';
import type { ReadSettings } from './settings/settings.ts';
import { writeRunbook } from './write-runbook.ts';
import { type ImportedTarget, joinSettings, writeSystem } from './write-system.ts';

/** Documents of one system, and what helps to read them. */
export type PackInput = {
  readonly system: string;
  readonly documents: readonly { readonly file: string; readonly bytes: Uint8Array }[];
  readonly words: PhaseWords;
};

/** The files of a pack, their paths relative to the folder of the system. */
export type ImportedPack = {
  readonly documents: readonly ImportedDocument[];
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Settings that were found but that the schema of `system.yml` refuses. */
  readonly refused: readonly string[];
};

/** Turns documents into a pack: one runbook for each entry, `system.yml`, and README.md for the text around the entries. */
export async function importPack(
  input: PackInput,
  tools: ImportTools,
  readSettings: ReadSettings,
): Promise<ImportedPack> {
  const documents: ImportedDocument[] = [];
  const taken = new Set<string>();
  for (const { file, bytes } of input.documents)
    documents.push(
      await importDocument({ file, bytes, system: input.system, words: input.words, taken }, tools, readSettings),
    );
  const { targets, targetOf } = collectTargets(documents);
  const settings = joinSettings(documents.map((document) => document.settings));
  const todo = documents.flatMap(({ file, settings: found }) =>
    found.todo.map(({ line, text }) => `${text} (${file}:${line})`),
  );
  const system = writeSystem(input.system, settings, targets, todo);
  const runbooks = documents.flatMap((document) =>
    document.entries.map((entry) => ({
      path: `${entry.id.toLowerCase()}.md`,
      text: writeRunbook(entry, { file: document.file, levels: system.levels, targetOf }),
    })),
  );
  const readme = writeReadme(documents);
  return {
    documents,
    files: [
      { path: 'system.yml', text: system.text },
      ...runbooks,
      ...(readme === '' ? [] : [{ path: 'README.md', text: readme }]),
    ],
    refused: system.refused,
  };
}

/** One target for each kind that the steps name; a name that two executors claim gets the executor's name behind it. */
function collectTargets(documents: readonly ImportedDocument[]): {
  targets: Map<string, ImportedTarget>;
  targetOf: (step: ImportedStep) => string;
} {
  const targets = new Map<string, ImportedTarget>();
  const names = new Map<string, string>();
  const keyOf = ({ native }: ImportedStep) => `${native.language} ${native.targetKind}`;
  for (const step of documents.flatMap((document) => document.entries.flatMap((entry) => entry.pieces))) {
    if (step.kind !== 'command') continue;
    const { language, targetKind, targetOptions } = step.native;
    const other = targets.get(targetKind);
    const name = other === undefined || other.executor === language ? targetKind : `${targetKind}-${language}`;
    names.set(keyOf(step), name);
    const known = targets.get(name);
    const options = isUsable(targetOptions) ? targetOptions : {};
    targets.set(name, {
      executor: language,
      options: { ...options, ...known?.options },
      steps: (known?.steps ?? 0) + 1,
    });
  }
  return { targets, targetOf: (step) => names.get(keyOf(step)) ?? step.native.targetKind };
}

/** Options with a password in them are refused by the schema: they are left to the person who completes the file. */
function isUsable(options: Readonly<Record<string, unknown>>): boolean {
  const severities = [{ level: 'A', rank: 1, definition: 'A', war_room: 'none' }];
  return systemSchema.safeParse({ name: 'A', severities, targets: { a: { executor: 'sh', options } } }).success;
}

/** The text that belongs to no runbook, as it was: the loader does not read this file. */
function writeReadme(documents: readonly ImportedDocument[]): string {
  return documents
    .filter(({ rest }) => rest.length > 0)
    .map(({ file, rest, text }) =>
      [
        `<!-- What ${file.replaceAll('--', '- -')} says outside of its runbooks. -->`,
        ...rest.flatMap(({ from, to }) => ['', `<!-- lines ${from}-${to} -->`, ...text.slice(from - 1, to)]),
      ].join('\n'),
    )
    .join('\n\n')
    .concat(documents.some(({ rest }) => rest.length > 0) ? '\n' : '');
}
