import type { Phase } from '../../domain/runbook.ts';
import { collectPieces } from './collect-pieces.ts';
import { decodeDocument } from './decode.ts';
import { type EntryPlace, findEntries } from './entries.ts';
import { type EntryName, nameEntries } from './entry-names.ts';
import { isPhase, type PhaseWords } from './heading-words.ts';
import { type Accounting, accountLines, restOf } from './lines.ts';
import { outline, type Section, sectionsOf } from './outline.ts';
import { type ImportTools, type ResolvedPiece, resolveSteps } from './resolve-steps.ts';
import { scanBlocks } from './scan-blocks.ts';
import type { ImportedSettings, ReadSettings, SettingsSection } from './settings/settings.ts';
import { expandTables } from './table-entries.ts';

/** A document that is to be imported; `file` is what the report and the steps call it. */
export type DocumentInput = {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly system: string;
  readonly words: PhaseWords /** Ids of runbooks that are taken, lower case; those of this document are added. */;
  readonly taken: Set<string>;
};

/** One runbook of a document. */
export type ImportedEntry = EntryName & {
  readonly from: number;
  readonly to: number;
  readonly pieces: readonly ResolvedPiece[];
};

/** Everything that a document holds; each of its lines that is not blank is in exactly one part of `lines`. */
export type ImportedDocument = {
  readonly file: string;
  readonly encodingRepaired: boolean;
  readonly notes: readonly string[];
  readonly text: readonly string[];
  readonly entries: readonly ImportedEntry[];
  readonly settings: ImportedSettings;
  /** Sections outside of the entries, as they stand in the source: 1-based lines, inclusive. */
  readonly rest: readonly { readonly from: number; readonly to: number }[];
  readonly accounting: Accounting;
};

/** Titles of procedures that bring something back. */
const RECOVERY = /\b(?:recover(?:y|ing)?|restor(?:e|ing|ation)|ripristin\w*)\b/iu;

/** Reads one document into runbooks and settings. Never throws on what stands in it. */
export async function importDocument(
  input: DocumentInput,
  tools: ImportTools,
  readSettings: ReadSettings,
): Promise<ImportedDocument> {
  const decoded = decodeDocument(input.bytes);
  const root = outline(expandTables(scanBlocks(decoded.lines), input.words), input.words, decoded.lines.length);
  const settings = tryReadSettings(readSettings, settingsSections(root, decoded.lines));
  const places = findEntries(root);
  const parents = inheritedPhases(root);
  const names = nameEntries(places, input);
  const entries: ImportedEntry[] = [];
  for (const [index, place] of places.entries()) {
    const name = names[index];
    if (name === undefined) continue;
    const pieces = collectPieces(place, parents.get(place.section) ?? (RECOVERY.test(name.title) ? 'recover' : null));
    const { from, to } = reach(place);
    entries.push({ ...name, from, to, pieces: await resolveSteps(pieces, input.system, tools) });
  }
  return {
    file: input.file,
    encodingRepaired: decoded.repairedFrom !== null,
    notes: decoded.notes,
    text: decoded.raw,
    entries,
    settings,
    rest: restOf(decoded.raw, entries),
    accounting: accountLines(decoded.raw, entries),
  };
}

function reach({ section, whole }: EntryPlace): { from: number; to: number } {
  if (whole) return { from: section.from, to: section.to };
  const next = section.children.find((child) => child.level < 7);
  return { from: section.from, to: next === undefined ? section.to : next.from - 1 };
}

/** Procedures below `Recovery procedures` name no phase of their own: the heading above gives it. */
function inheritedPhases(root: Section): Map<Section, Phase> {
  const phases = new Map<Section, Phase>();
  for (const section of sectionsOf(root)) {
    const phase = isPhase(section.meaning) ? section.meaning : phases.get(section);
    if (phase !== undefined) for (const child of section.children) phases.set(child, phase);
  }
  return phases;
}

function settingsSections(root: Section, lines: readonly string[]): SettingsSection[] {
  const found: SettingsSection[] = [];
  const visit = (section: Section, above: readonly string[]): void => {
    const path = section.heading === null ? above : [...above, section.title];
    const first = (section.heading?.to ?? 0) + 1;
    const next = section.children.find((child) => child.level < 7);
    found.push({ path, lines: lines.slice(first - 1, next === undefined ? section.to : next.from - 1), from: first });
    for (const child of section.children) if (child.level < 7) visit(child, path);
  };
  visit(root, []);
  return found;
}

const NONE: ImportedSettings = {
  ...{ severities: [], milestones: [], contacts: [], escalation: [], stakeholders: [], components: [] },
  ...{ checklists: [], thresholds: [], metrics: [], taken: [] },
  todo: [{ line: 1, text: 'No settings were read: the document is nested too deep.' }],
};

/** A parser of Markdown ends at thousands of nested quotes (RangeError); the runbooks of the document are still imported. */
function tryReadSettings(readSettings: ReadSettings, sections: readonly SettingsSection[]): ImportedSettings {
  try {
    return readSettings(sections);
  } catch (error) {
    if (error instanceof RangeError) return NONE;
    throw error;
  }
}
