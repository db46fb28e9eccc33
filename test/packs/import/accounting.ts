import type { Language } from '../../../src/domain/runbook.ts';
import { analyseStatement } from '../../../src/executors/analyse-statement.ts';
import { classifyStatement } from '../../../src/executors/classify-statement.ts';
import { documentJson } from '../../../src/packs/import/import-json.ts';
import { type ImportedPack, importPack } from '../../../src/packs/import/import-pack.ts';
import { toNativeStep } from '../../../src/packs/import/native/to-native.ts';
import { readSettings } from '../../../src/packs/import/settings/read-settings.ts';

/** What the command line composes. */
export const tools = {
  classify: classifyStatement,
  analyse: (language: Language, text: string) => analyseStatement(language, text),
  toNative: toNativeStep,
};

export async function importText(text: string | Uint8Array, file = 'shop.md', words = {}): Promise<ImportedPack> {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return await importPack({ system: 'shop', documents: [{ file, bytes }], words }, tools, readSettings);
}

type Range = { readonly from: number; readonly to: number };
export type Report = {
  readonly lines: number;
  readonly entries: readonly (Range & { readonly id: string; readonly title: string })[];
  readonly steps: readonly (Range & {
    readonly entry: string;
    readonly phase: string;
    readonly lang: string;
    readonly text: string;
    readonly effect: string;
    readonly params: readonly { readonly name: string; readonly type: string }[];
  })[];
  readonly manual: readonly (Range & { readonly entry: string; readonly text: string })[];
  readonly documentation: readonly Range[];
  readonly not_understood: readonly (Range & { readonly reason: string })[];
  readonly encoding_repaired: boolean;
};

/** The line of `--json` for the only document of a pack, as a reader of it sees it. */
export function reportOf(pack: ImportedPack): Report {
  const [document] = pack.documents;
  if (document === undefined) throw new Error('Nothing was imported.');
  return JSON.parse(JSON.stringify(documentJson(document))) as Report;
}

/** Faults of the accounting: lines that are in no kind or in two. Empty when every line is where it has to be. */
export function accountingFaults(pack: ImportedPack): string[] {
  const report = reportOf(pack);
  const text = pack.documents[0]?.text ?? [];
  const owners = new Map<number, Set<string>>();
  for (const kind of ['steps', 'manual', 'documentation', 'not_understood'] as const)
    for (const { from, to } of report[kind])
      for (let line = from; line <= to; line += 1) owners.set(line, (owners.get(line) ?? new Set()).add(kind));
  const faults = text.flatMap((line, index) => {
    const kinds = owners.get(index + 1) ?? new Set();
    if (line.trim() !== '' && kinds.size === 0) return [`line ${index + 1} is lost: ${line}`];
    return kinds.size > 1 ? [`line ${index + 1} is ${[...kinds].join(' and ')}: ${line}`] : [];
  });
  const beyond = [...owners.keys()].filter((line) => line < 1 || line > report.lines);
  return [...faults, ...beyond.map((line) => `line ${line} does not exist`)];
}
