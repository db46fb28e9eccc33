import type { Code, ListItem, Nodes, Root, RootContent } from 'mdast';
import remarkFrontmatter from 'remark-frontmatter';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import type { Phase } from '../domain/runbook.ts';
import { phaseOf } from './phases.ts';

const processor = unified().use(remarkParse).use(remarkGfm).use(remarkFrontmatter, ['yaml']).freeze();

/** A Markdown file with the lines it was made from; positions of the tree are 1-based. */
export type Markdown = { readonly root: Root; readonly lines: readonly string[] };

/** A fence or a task-list item, with the section, option and headings that it stands under. */
export type Found = {
  readonly node: Code | ListItem;
  readonly phase: Phase | null;
  /** The H2 heading, empty before the first one. */
  readonly section: string;
  readonly option: string | null;
  /** The nearest heading below H2, null when there is none in this section. */
  readonly heading: string | null;
  /** Lines (1-based) between the heading or the previous step and this one. */
  readonly proseFrom: number;
};

/** Where a step stands: its last line and the first of the prose that became its description, 1-based and inclusive. */
export type StepSpan = { readonly to: number; readonly descriptionFrom: number };

/** Parses GitHub Markdown with YAML front matter; any text parses. */
export function parseMarkdown(text: string): Markdown {
  return { root: processor.parse(text), lines: text.split(/\r\n|\n|\r/u) };
}

/** The first line of a node, 1-based. */
export function startLine(node: Nodes): number {
  return node.position?.start.line ?? 1;
}

/** The last line of a node, 1-based. */
export function endLine(node: Nodes): number {
  return node.position?.end.line ?? 1;
}

/** The text of a node without markup. */
export function plainText(node: Nodes): string {
  if ('value' in node) return node.value;
  return 'children' in node ? node.children.map((child) => plainText(child)).join('') : '';
}

/** Every node of the tree below `node`, in the order of the file. */
export function* walk(node: Nodes): Generator<Nodes> {
  yield node;
  if ('children' in node) for (const child of node.children) yield* walk(child);
}

/** Fences and task-list items in the order of the file, whatever they are nested in. */
export function findCandidates({ root }: Markdown): Found[] {
  const found: Found[] = [];
  const place = {
    section: '',
    phase: null as Phase | null,
    option: null as string | null,
    heading: null as string | null,
  };
  let proseFrom = 1;
  for (const child of root.children) {
    if (child.type === 'heading') {
      enterHeading(child, place);
      proseFrom = endLine(child) + 1;
      continue;
    }
    for (const node of walk(child)) {
      if (node.type !== 'code' && !(node.type === 'listItem' && typeof node.checked === 'boolean')) continue;
      found.push({ node, ...place, proseFrom });
      proseFrom = Math.max(proseFrom, endLine(node) + 1);
    }
  }
  return found;
}

type Place = { section: string; phase: Phase | null; option: string | null; heading: string | null };

/** Alternatives, numbered causes and platforms are one thing: a person chooses exactly one. */
const OPTION = /^(?:option|cause|platform)\s+\S+\s*:/iu;

function enterHeading(node: Extract<RootContent, { type: 'heading' }>, place: Place): void {
  const heading = plainText(node).trim();
  if (node.depth <= 2) {
    place.section = node.depth === 2 ? heading : '';
    place.phase = node.depth === 2 ? phaseOf(heading) : null;
    place.option = null;
    place.heading = null;
    return;
  }
  if (node.depth === 3) place.option = OPTION.test(heading) ? heading : null;
  place.heading = heading;
}
