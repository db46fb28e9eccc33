import type { Code, List, ListItem, Nodes, Table } from 'mdast';
import { endLine, parseMarkdown, plainText, startLine, walk } from '../../markdown.ts';
import type { SettingsSection } from './settings.ts';

/** A table with plain texts; lines are those of the source. */
export type PlainTable = {
  readonly head: readonly string[];
  readonly rows: readonly { readonly cells: readonly string[]; readonly line: number }[];
  readonly from: number;
};
/** An item of a list without the lists inside of it. `label` is the last line of prose before its list. */
export type PlainItem = {
  readonly text: string;
  readonly checked: boolean | null;
  readonly label: string;
  readonly depth: number;
  readonly from: number;
  readonly to: number;
};
/** What a section holds that can become a setting. */
export type SectionBlocks = {
  readonly section: SettingsSection;
  /** The section's own title. */
  readonly title: string;
  readonly tables: readonly PlainTable[];
  readonly items: readonly PlainItem[];
  readonly codes: readonly { readonly lines: readonly string[]; readonly from: number }[];
};

/** Reads the blocks of a section; any text can be read. */
export function readBlocks(section: SettingsSection): SectionBlocks {
  const { root } = parseMarkdown(section.lines.join('\n'));
  const shift = section.from - 1;
  const tables: PlainTable[] = [];
  const items: PlainItem[] = [];
  const codes: { lines: string[]; from: number }[] = [];
  let label = '';
  for (const node of root.children) {
    if (node.type === 'table') tables.push(plainTable(node, shift));
    else if (node.type === 'list') items.push(...plainItems(node, { label, depth: 0, shift }));
    else label = plainText(node).split('\n').at(-1) ?? '';
    for (const below of walk(node)) if (below.type === 'code') codes.push(plainCode(below, shift));
  }
  return { section, title: section.path.at(-1) ?? '', tables, items, codes };
}

function plainTable(table: Table, shift: number): PlainTable {
  const [head, ...rows] = table.children.map((row) => ({
    cells: row.children.map((cell) => plainText(cell).trim()),
    line: startLine(row) + shift,
  }));
  return { head: head?.cells ?? [], rows, from: startLine(table) + shift };
}

function plainItems(list: List, place: { label: string; depth: number; shift: number }): PlainItem[] {
  return list.children.flatMap((item) => {
    const own = item.children.filter((child) => child.type !== 'list' && child.type !== 'code');
    const last = own.at(-1) ?? item;
    const text = own
      .map((child) => plainText(child))
      .join(' ')
      .replaceAll(/\s+/gu, ' ')
      .trim();
    const plain: PlainItem = {
      text,
      checked: item.checked ?? null,
      label: place.label,
      depth: place.depth,
      from: startLine(item) + place.shift,
      to: endLine(last as Nodes) + place.shift,
    };
    return [plain, ...below(item, { label: text, depth: place.depth + 1, shift: place.shift })];
  });
}

function below(item: ListItem, place: { label: string; depth: number; shift: number }): PlainItem[] {
  return item.children.flatMap((child) => (child.type === 'list' ? plainItems(child, place) : []));
}

function plainCode(code: Code, shift: number): { lines: string[]; from: number } {
  return { lines: code.value.split('\n'), from: startLine(code) + shift + 1 };
}

/** The index of the first column whose title fits; null without one. */
export function column(table: PlainTable, title: RegExp): number | null {
  const found = table.head.findIndex((cell) => title.test(cell));
  return found < 0 ? null : found;
}

/** The text of a cell; empty without one. */
export function cellOf(row: PlainTable['rows'][number], index: number | null): string {
  return index === null ? '' : (row.cells[index] ?? '').trim();
}

/** An id as settings have it: `[a-z][a-z0-9-]*`, at most 50 characters. */
export function slug(text: string): string {
  const id = text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\u0300-\u036f]/gu, '')
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .replaceAll(/^[^a-z]+|-+$/gu, '')
    .slice(0, 50)
    .replace(/-+$/u, '');
  return id === '' ? 'item' : id;
}

/** Text that a template left open: `[Name]`, `<contact>`, `XXX`. */
export function isLeftOpen(text: string): boolean {
  return text.trim() === '' || /^[[<(].*[\])>]$|X{3,}|\bTBD\b|\bTODO\b/u.test(text.trim());
}
