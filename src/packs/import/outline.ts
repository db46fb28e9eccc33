import type { Block, HeadingBlock, ProseBlock } from './block.ts';
import { type HeadingMeaning, isPhase, meaningOf, type PhaseWords } from './heading-words.ts';

/** A heading with what stands below it. The root has no heading and level 0. */
export type Section = {
  readonly heading: HeadingBlock | null;
  readonly level: number;
  readonly title: string;
  readonly meaning: HeadingMeaning | null;
  /** What stands directly below the heading, before the first heading of a lower level. */
  readonly blocks: readonly Block[];
  readonly children: readonly Section[];
  readonly from: number;
  readonly to: number;
};

type Draft = { heading: HeadingBlock | null; level: number; blocks: Block[]; children: Draft[] };

/** The tree of headings. A line of bold text stands below every true heading; `Diagnosis:` alone on a line is one, too. */
export function outline(blocks: readonly Block[], more: PhaseWords, lastLine: number): Section {
  const root: Draft = { heading: null, level: 0, blocks: [], children: [] };
  const open: Draft[] = [root];
  for (const block of blocks.flatMap((each) => (each.kind === 'prose' ? splitLabels(each, more) : [each]))) {
    if (block.kind !== 'heading') {
      open.at(-1)?.blocks.push(block);
      continue;
    }
    while ((open.at(-1)?.level ?? 0) >= block.level) open.pop();
    const draft: Draft = { heading: block, level: block.level, blocks: [], children: [] };
    open.at(-1)?.children.push(draft);
    open.push(draft);
  }
  return finish(root, more, lastLine);
}

function finish(draft: Draft, more: PhaseWords, to: number): Section {
  const title = draft.heading?.text ?? '';
  const children = draft.children.map((child, index) =>
    finish(child, more, (draft.children[index + 1]?.heading?.from ?? to + 1) - 1),
  );
  const meaning = meaningOf(title, more);
  return { ...draft, title, meaning, children, from: draft.heading?.from ?? 1, to };
}

/** Every section of the tree, the section itself first, in the order of the file. */
export function* sectionsOf(section: Section): Generator<Section> {
  yield section;
  for (const child of section.children) yield* sectionsOf(child);
}

/** `**Label:** rest` and `Label:` within prose, when the words are those of a heading. */
function splitLabels(block: ProseBlock, more: PhaseWords): Block[] {
  const parts: Block[] = [];
  let kept: string[] = [];
  let from = block.from;
  const flush = (next: number) => {
    if (kept.length > 0) parts.push({ ...block, lines: kept, from, to: from + kept.length - 1 });
    [kept, from] = [[], next];
  };
  block.lines.forEach((line, index) => {
    const at = block.from + index;
    const label = labelOf(line, more);
    if (label === null) {
      kept.push(line);
      return;
    }
    flush(at);
    parts.push({ kind: 'heading', level: 7, text: label.title, from: at, to: at });
    if (label.rest === '') from = at + 1;
    else kept = [label.rest];
  });
  flush(block.to + 1);
  return parts;
}

function labelOf(line: string, more: PhaseWords): { title: string; rest: string } | null {
  const option =
    /^(?:\*\*|__)((?:option|opzione|alternative|cause|platform)\s+\w{1,3}\s*:[^*_]{1,100})(?:\*\*|__)(.{0,60})$/iu.exec(
      line,
    );
  if (option?.[1]) return { title: `${option[1]}${option[2] ?? ''}`.trim(), rest: '' };
  const bold = /^(?:\*\*|__)([^*_]{2,80}?)\s*:?\s*(?:\*\*|__)\s*:?\s*(.*)$/u.exec(line);
  const plain = bold ?? /^([\p{L}][\p{L}'&/ -]{2,60}):\s*()$/u.exec(line);
  const title = plain?.[1]?.trim() ?? '';
  if (plain === null || title === '' || !isPhase(meaningOf(title, more))) return null;
  return { title, rest: plain[2]?.trim() ?? '' };
}
