import type { Phase } from '../../domain/runbook.ts';
import type { Block, CodeBlock, ItemBlock, ProseBlock, TableBlock } from './block.ts';
import { collectCode } from './collect-code.ts';
import type { EntryPlace } from './entries.ts';
import { isPhase, meaningOf, plainHeading } from './heading-words.ts';
import { commandSpans, isRequest, isWholeCommand } from './inline-commands.ts';
import type { Section } from './outline.ts';
import type { Collector, Piece, Place } from './piece.ts';

type Context = {
  readonly phase: Phase | null;
  readonly background: boolean;
  readonly mixed: boolean;
  readonly option: string | null;
  readonly title: string;
  /** The section lists alternatives as numbered items: causes, solutions. */
  readonly alternatives: string | null;
  /** Below an item that is something to do: its commands are too, its words explain it. */
  readonly within: boolean;
};

/** Phases where a list item is something to do, not something to know. */
const DOING: ReadonlySet<Phase | null> = new Set<Phase | null>([
  'diagnose',
  'mitigate',
  'recover',
  'verify',
  'escalate',
  'workaround',
  'emergency',
  'after',
]);
const OPTION =
  /^(?:option|opzione|alternative|alternativa|cause|causa|platform|variant|method|metodo|approach)\s+[\w.]{1,12}\s*[:.)–—-]\s*(?=\S)/iu;

/** The pieces of a runbook. `inherited` is the phase of the heading above it, for procedures that name none of their own. */
export function collectPieces(place: EntryPlace, inherited: Phase | null): Piece[] {
  const collector: Collector = { pieces: [], group: 0, alternatives: 0 };
  const { section, whole } = place;
  const context: Context = {
    phase: isPhase(section.meaning) ? section.meaning : inherited,
    background: false,
    mixed: false,
    option: null,
    title: '',
    alternatives: null,
    within: false,
  };
  collectBlocks(section.blocks, context, collector);
  for (const child of section.children) if (whole || child.level === 7) collectSection(child, context, collector);
  return collector.pieces;
}

function collectSection(section: Section, above: Context, collector: Collector): void {
  collector.group += 1;
  const context = enter(section, above);
  if (context.alternatives !== null) collector.alternatives = 0;
  collector.pieces.push({
    ...placeOf(context, collector),
    kind: 'heading',
    text: section.title,
    said: isPhase(section.meaning) && !/[([\d]/u.test(section.title),
    from: section.from,
    to: section.heading?.to ?? section.from,
  });
  collectBlocks(section.blocks, context, collector);
  for (const child of section.children) collectSection(child, context, collector);
}

function enter({ title, meaning, level }: Section, above: Context): Context {
  const option = OPTION.test(title) ? optionName(title) : above.option;
  const alternatives = /\b(?:solutions?|causes?|soluzioni|cause|fixes)\b/iu.test(title)
    ? /caus/iu.test(title)
      ? 'Cause'
      : 'Option'
    : null;
  const mixed = /^(?:azioni|actions?|steps|passi|what to do|procedur[ae])\b/iu.test(plainHeading(title));
  if (isPhase(meaning))
    return { phase: meaning, background: false, mixed, option: null, title, alternatives, within: false };
  if (meaning !== null && level < 7)
    return { phase: null, background: true, mixed: false, option: null, title, alternatives: null, within: false };
  return { ...above, option, title, alternatives, within: false };
}

function optionName(title: string): string {
  const name = title.replace(/\s+/gu, ' ').trim();
  return /^(?:option|cause|platform)\s+\S+\s*:/iu.test(name)
    ? name
    : name.replace(OPTION, (head) => `Option ${head.replace(/^\S+\s+/u, '').replace(/\s*[:.)–—-]\s*$/u, '')}: `);
}

function placeOf({ phase, option, mixed }: Context, { group }: Collector): Place {
  return { phase, option, group, mixed };
}

/** The blocks below one heading; a fence, paragraph or list that stands deeper than an item belongs to that item. */
function collectBlocks(blocks: readonly Block[], context: Context, collector: Collector): void {
  const items: { block: ItemBlock; context: Context }[] = [];
  blocks.forEach((block, index) => {
    const announced = block.kind === 'code' && announces(blocks[index - 1]);
    if ('indent' in block) {
      while (!announced && items.length > 0 && (items.at(-1)?.block.indent ?? 0) >= block.indent) items.pop();
    } else items.length = 0;
    const inner = items.at(-1)?.context ?? context;
    if (block.kind !== 'item') {
      collectBlock(block, inner, collector);
      return;
    }
    if (items.length === 0) collector.group += 1;
    const nested = nestedBlocks(blocks, index, block.indent);
    const entered = collectItem(block, nested, inner, collector);
    items.push({ block, context: entered });
  });
}

/** An item that ends in a colon owns the fence below it, wherever that fence stands. */
function announces(block: Block | undefined): boolean {
  return block?.kind === 'item' && /:[*_\s]*$/u.test(block.text);
}

/** What follows an item and stands deeper. Two are enough to know. */
function nestedBlocks(blocks: readonly Block[], index: number, indent: number): Block[] {
  const nested: Block[] = [];
  for (let at = index + 1; at < blocks.length && nested.length < 8; at += 1) {
    const block = blocks[at];
    const announced = at === index + 1 && block?.kind === 'code' && announces(blocks[index]);
    if (block === undefined || !('indent' in block) || (block.indent <= indent && !announced)) break;
    nested.push(block);
  }
  return nested;
}

function collectBlock(block: Exclude<Block, ItemBlock>, context: Context, collector: Collector): void {
  const place = placeOf(context, collector);
  const { from, to } = block;
  if (block.kind === 'code') collectCode(block as CodeBlock, context.title, place, collector);
  else if (block.kind === 'prose' && !context.background) collectProse(block, context, collector);
  else if (block.kind === 'table' && DOING.has(context.phase)) collectTable(block, context, collector);
  else if (block.kind !== 'rule') collector.pieces.push({ ...place, kind: 'prose', block, from, to });
}

/** Pages without fences: a line of prose that surely is a command, and a paragraph that is nothing but code, are steps. */
function collectProse(block: ProseBlock, context: Context, collector: Collector): void {
  const place = placeOf(context, collector);
  let kept: string[] = [];
  let from = block.from;
  const flush = () => {
    const part: ProseBlock = { ...block, lines: kept, from, to: from + kept.length - 1 };
    if (kept.length > 0) collector.pieces.push({ ...place, kind: 'prose', block: part, from: part.from, to: part.to });
    kept = [];
  };
  block.lines.forEach((line, index) => {
    const commands = block.quoted ? [] : isWholeCommand(line);
    if (commands.length === 0) {
      if (kept.length === 0) from = block.from + index;
      kept.push(line);
      return;
    }
    flush();
    const at = block.from + index;
    for (const text of commands)
      collector.pieces.push({
        ...place,
        kind: 'command',
        ...spanLanguage(text),
        text,
        title: context.title,
        description: [],
        from: at,
        to: at,
      });
  });
  flush();
}

/** One row, one command: the other cells say what it is for. */
function collectTable(table: TableBlock, context: Context, collector: Collector): void {
  const place = placeOf(context, collector);
  const rows = table.rows.map((row) => ({
    row,
    commands: row.cells.flatMap((cell) => (/^`[^`]+`$/u.test(cell) ? commandSpans(cell) : [])),
  }));
  collector.pieces.push({ ...place, kind: 'prose', block: table, from: table.from, to: table.to });
  for (const { row, commands } of rows) {
    const title = row.cells.find((cell) => cell !== '' && !cell.startsWith('`')) ?? context.title;
    for (const text of commands)
      collector.pieces.push({
        ...place,
        kind: 'command',
        ...spanLanguage(text),
        text,
        title,
        description: [],
        from: row.line,
        to: row.line,
      });
  }
}

function collectItem(block: ItemBlock, nested: readonly Block[], context: Context, collector: Collector): Context {
  const title = titleOf(block.text);
  const alternative =
    context.alternatives !== null && block.ordered && /^(?:\*\*|__)/u.test(block.text) && context.option === null;
  if (alternative) collector.alternatives += 1;
  const option = alternative ? `${context.alternatives} ${collector.alternatives}: ${title}` : context.option;
  // `3. **Post-deployment verification**:` is a phase for what stands below it.
  const meaning = nested.length > 0 ? meaningOf(title) : null;
  const phase = isPhase(meaning) ? meaning : context.phase;
  const doing =
    DOING.has(context.phase) || ((block.ordered || block.task) && context.phase === null && !context.background);
  const inner: Context = { ...context, phase, title, option, alternatives: null, within: doing || context.within };
  const place = placeOf(inner, collector);
  const { from, to } = block;
  const told = doing || (context.within && isLittleElse(block.text));
  const spans = told && !isForbidden(block.text) ? commandSpans(block.text) : [];
  if (alternative) collector.pieces.push({ ...place, kind: 'heading', text: title, said: false, from, to });
  else if (spans.length > 0) {
    for (const text of spans)
      collector.pieces.push({
        ...place,
        kind: 'command',
        ...spanLanguage(text),
        text,
        title: titleOf(block.text.replaceAll(/\(?`[^`]*`\)?/gu, '')),
        description: [block.text],
        from,
        to,
      });
  } else if (nested.length > 0)
    collector.pieces.push({ ...place, kind: 'heading', text: block.text, said: false, from, to });
  else if (doing && !isLink(block.text))
    collector.pieces.push({ ...place, kind: 'manual', text: block.text, from, to });
  else collector.pieces.push({ ...place, kind: 'prose', block, from, to });
  return inner;
}

/** The words of an item that name it: the bold ones in front, or the sentence before a colon. */
function titleOf(text: string): string {
  const bold = /^(?:\*\*|__)(.+?)(?:\*\*|__)/u.exec(text)?.[1];
  const words = (bold ?? text)
    .replaceAll(/`|\*\*/gu, '')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/gu, '$1')
    .trim();
  const [head = ''] = words.split(/(?:[:–—]\s|[.;]\s|\s[-–—]\s)/u);
  return (head === '' ? words : head).replace(/[\s:.,–—-]+$/u, '').slice(0, 100);
}

/** `Never run …`, `do not …`: the command in it is a warning. */
function isForbidden(text: string): boolean {
  return /\b(?:never|don['’]?t|do not|avoid|must not|should not|mai|non (?:eseguire|usare|lanciare|fare)|evitare)\b/iu.test(
    text,
  );
}

/** `` `cp a b` (first run only) ``: a command with a few words, no sentence that mentions one. */
function isLittleElse(text: string): boolean {
  return (text.replaceAll(/(`{1,2})(?!`).+?\1(?!`)/gu, '').match(/\p{L}+/gu) ?? []).length <= 4;
}

function isLink(text: string): boolean {
  return /^(?:see|vedi|cf\.?)?\s*(?:\[[^\]]*\]\([^)]*\)|<?https?:\/\/\S+>?)[.\s]*$/iu.test(text);
}

function spanLanguage(text: string): { language: 'sh' | 'http'; fenceLanguage: string } {
  return isRequest(text) ? { language: 'http', fenceLanguage: 'http' } : { language: 'sh', fenceLanguage: '' };
}
