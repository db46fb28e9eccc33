import { stringify } from 'yaml';
import { PHASES, type Phase, READ_ONLY_PHASES } from '../../domain/runbook.ts';
import { singleLine } from '../../lib/text.ts';
import type { ImportedEntry } from './import-document.ts';
import { mergeParams } from './merge-params.ts';
import type { HeadingPiece, ManualPiece } from './piece.ts';
import type { ImportedStep, ResolvedPiece } from './resolve-steps.ts';
import { stepIds } from './step-ids.ts';
import { fence, plainLine, writeBlock } from './write-block.ts';

/** What a runbook has to know of the pack around it. */
export type RunbookFrame = {
  readonly file: string;
  /** Levels of the system's own scheme. */
  readonly levels: readonly string[];
  /** The target of a step: the name that `system.yml` gives it. */
  readonly targetOf: (step: ImportedStep) => string;
};

/** The order in which a person reads a runbook; what belongs to no phase comes first. */
const ORDER: readonly (Phase | null)[] = [
  null,
  'symptoms',
  'blast_radius',
  'diagnose',
  'mitigate',
  'recover',
  'workaround',
  'emergency',
  'verify',
  'escalate',
  'after',
];

/** A draft runbook with every piece of the entry, each step with the lines that it came from. */
export function writeRunbook(entry: ImportedEntry, frame: RunbookFrame): string {
  const ids = stepIds(entry.pieces);
  const sections = ORDER.flatMap((phase) => writeSection(phase, entry, frame, ids));
  return `${[
    ...frontMatter(entry, frame),
    '',
    `# ${heading(entry.title)}`,
    '',
    `*Source: ${sourceOf(frame.file, entry)}*`,
    '',
    ...sections,
  ]
    .join('\n')
    .replaceAll(/\n{3,}/gu, '\n\n')
    .trimEnd()}\n`;
}

function frontMatter(entry: ImportedEntry, { levels }: RunbookFrame): string[] {
  const params = mergeParams(entry.pieces);
  const severity = levels.find((level) => level.toLowerCase() === entry.severity?.toLowerCase());
  const values = {
    id: entry.id,
    title: singleLine(entry.title),
    status: 'draft',
    ...(severity === undefined ? {} : { severity }),
    ...(entry.alerts.length === 0 ? {} : { alerts: entry.alerts }),
    ...(entry.rto === null ? {} : { rto: entry.rto }),
    ...(entry.stakeholders.length === 0 ? {} : { stakeholders: entry.stakeholders }),
    ...(entry.blastRadius.length === 0
      ? {}
      : { blast_radius: entry.blastRadius.map(({ level, text }) => ({ [level]: text })) }),
    ...(Object.keys(params).length === 0 ? {} : { params }),
  };
  return ['---', stringify(values, { lineWidth: 0 }).trimEnd(), '---'];
}

/** Where a piece is written: steps by what they do, everything else where it stood. */
export function filePhase(piece: ResolvedPiece): Phase | null {
  if (piece.kind === 'command') return piece.settledPhase;
  if (piece.kind === 'manual')
    return piece.phase === null || piece.phase === 'symptoms' || piece.phase === 'blast_radius'
      ? 'mitigate'
      : piece.phase;
  return piece.phase;
}

type Writer = {
  readonly out: string[];
  title: string;
  option: string | null;
  manual: ManualPiece[];
  printed: boolean;
  readonly titles: readonly string[];
};

function writeSection(
  phase: Phase | null,
  entry: ImportedEntry,
  frame: RunbookFrame,
  ids: ReadonlyMap<ImportedStep, string>,
): string[] {
  const titles = entry.pieces.flatMap((piece) => (piece.kind === 'command' ? [heading(piece.title)] : []));
  const writer: Writer = { out: [], title: '', option: null, manual: [], printed: true, titles };
  for (const piece of entry.pieces) {
    if (piece.kind === 'heading' && piece.phase === phase) enterHeading(piece, writer, frame);
    if (piece.kind === 'heading' || filePhase(piece) !== phase) continue;
    if (piece.kind === 'manual') {
      if (writer.manual.at(-1)?.option !== piece.option) flushManual(writer, frame);
      writer.manual.push(piece);
      continue;
    }
    flushManual(writer, frame);
    if (piece.kind === 'command') writeStep(piece, writer, frame, ids.get(piece) ?? 'step');
    else {
      if (piece.kind === 'prose') printTitle(writer);
      writer.out.push(
        '',
        ...(piece.kind === 'unknown'
          ? [`TODO: ${piece.reason}.`, '', ...fence(piece.text.split('\n'), 'text')]
          : writeBlock(piece.block)),
      );
      if (piece.kind === 'prose' && piece.block.kind === 'item') joinItems(writer.out);
    }
  }
  flushManual(writer, frame);
  leaveTitle(writer);
  if (writer.out.every((line) => line.trim() === '')) return [];
  const title = phase === null ? 'Background' : titleOfPhase(phase);
  return [`## ${title}`, '', ...writer.out, ''];
}

function titleOfPhase(phase: Phase): string {
  const words = (PHASES.find((each) => each === phase) ?? phase).replace('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A heading is printed with the first thing that stands below it, so that the title of a step is not said twice. */
function enterHeading(piece: HeadingPiece, writer: Writer, frame: RunbookFrame): void {
  flushManual(writer, frame);
  leaveTitle(writer);
  if (piece.option !== null && piece.option !== writer.option) {
    openOption(piece.option, writer);
    return;
  }
  writer.title = piece.said ? '' : piece.text;
  writer.printed = piece.said;
}

/** A heading without anything below it here is printed too, unless a step carries its words elsewhere. */
function leaveTitle(writer: Writer): void {
  if (writer.titles.includes(heading(writer.title))) writer.printed = true;
  printTitle(writer);
}

function openOption(option: string | null, writer: Writer): void {
  if (option === writer.option) return;
  writer.option = option;
  if (option !== null) {
    writer.out.push('', `### ${heading(option, true)}`);
    [writer.title, writer.printed] = ['', true];
  }
}

function printTitle(writer: Writer): void {
  if (writer.printed || writer.title === '') return;
  writer.out.push('', `${writer.option === null ? '###' : '####'} ${heading(writer.title)}`);
  writer.printed = true;
}

function writeStep(step: ImportedStep, writer: Writer, frame: RunbookFrame, id: string): void {
  leave(step.option, writer);
  const own = heading(step.title) || heading(id.replaceAll('_', ' '));
  // The heading says the same with more words: it is the better title, once.
  const same = !writer.printed && heading(writer.title).startsWith(own);
  const title = same ? heading(writer.title) : own;
  if (same) writer.printed = true;
  else printTitle(writer);
  writer.out.push('', `${step.option === null ? '###' : '####'} ${title}`, '');
  const told = step.description.filter((words) => words.trim() !== '' && heading(words) !== title).map(plainLine);
  if (told.length > 0) writer.out.push(...told, '');
  if (step.native.notes.length > 0) writer.out.push(...step.native.notes.map(plainLine), '');
  writer.out.push(`*Source: ${sourceOf(frame.file, step)}*`, '');
  const attributes = [`#${id}`, `target=${frame.targetOf(step)}`, ...effectAttribute(step)].join(' ');
  const [opening = '```', ...rest] = fence(step.native.text.split('\n'), step.native.language);
  writer.out.push(`${opening} {${attributes}}`, ...rest);
}

/** A step outside of the alternative that was open gets a heading of the third level, which closes it. */
function leave(option: string | null, writer: Writer): void {
  if (option !== writer.option) openOption(option, writer);
}

function effectAttribute(step: ImportedStep): string[] {
  if (READ_ONLY_PHASES.includes(step.settledPhase) || step.loaded === 'change') return [];
  return [`effect=${step.loaded}`];
}

function flushManual(writer: Writer, frame: RunbookFrame): void {
  const [first] = writer.manual;
  const last = writer.manual.at(-1);
  if (first === undefined || last === undefined) return;
  leave(first.option, writer);
  if (writer.title === '' && first.option === null) [writer.title, writer.printed] = ['By hand', false];
  if (writer.printed && first.option === null) writer.printed = false;
  printTitle(writer);
  writer.out.push(
    '',
    `*Source: ${sourceOf(frame.file, { from: first.from, to: last.to })}*`,
    '',
    ...writer.manual.map(({ text }) => `- [ ] ${plainLine(text) || 'TODO'}`),
  );
  writer.manual = [];
}

/** Items of one list stand without a blank line between them. */
function joinItems(out: string[]): void {
  const before = out.at(-3) ?? '';
  if (out.at(-2) === '' && /^\s*(?:1\.|-) /u.test(before)) out.splice(-2, 1);
}

/** A title on one line; one that is no alternative must not read like one. */
function heading(text: string, option = false): string {
  const title = singleLine(
    text
      .replaceAll(/\*\*|__|`/gu, '')
      .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/gu, '$1')
      .replaceAll(/[<>]/gu, ' '),
  )
    .replace(/[\s#:]+$/u, '')
    .slice(0, 160)
    .trim();
  return option ? title : title.replace(/^((?:option|cause|platform)\s+\S+?)\s*:\s*/iu, '$1 - ');
}

function sourceOf(file: string, { from, to }: { readonly from: number; readonly to: number }): string {
  return `${file.replaceAll(/[*_\s]/gu, (sign) => (/\s/u.test(sign) ? ' ' : `\\${sign}`))}:${from === to ? from : `${from}-${to}`}`;
}
