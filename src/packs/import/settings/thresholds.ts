import { cellOf, column, type PlainTable, type SectionBlocks, slug } from './blocks.ts';
import type { Findings } from './findings.ts';
import { findDuration, SPOKEN } from './spoken-duration.ts';

type Level = 'critical' | 'warning' | 'info';
type Limit = {
  readonly text: string;
  readonly level: Level;
  readonly from: number;
  readonly to: number;
  readonly metric?: string;
};

const LEVELS: readonly (readonly [RegExp, Level])[] = [
  [/critic/iu, 'critical'],
  [/warn|avvis|attenzion/iu, 'warning'],
  [/\binfo/iu, 'info'],
];
const TITLE = /threshold|soglie?\b|alert(?:ing)? (?:rules|limits)|limits/iu;
/** What is wrong is the opposite of what must be. */
const OPPOSITE: Readonly<Record<string, string>> = { '>=': '<', '>': '<=', '<=': '>', '<': '>=' };

/** Limits below a heading that speaks of thresholds: lists, a fence with lists, and tables `Metric | Warning | Critical`. */
export function readThresholds(all: readonly SectionBlocks[], findings: Findings): void {
  for (const blocks of all) {
    if (!blocks.section.path.some((title) => TITLE.test(title))) continue;
    for (const table of blocks.tables) fromTable(table, findings);
    for (const item of blocks.items) {
      const level = levelOf(item.label) ?? levelOf(blocks.title);
      if (level !== null && item.depth === 0) add({ text: item.text, level, from: item.from, to: item.to }, findings);
    }
    for (const code of blocks.codes) fromCode(code, findings);
  }
}

function levelOf(text: string): Level | null {
  return LEVELS.find(([words]) => words.test(text))?.[1] ?? null;
}

/** `Critical Alerts (Page immediately):` and a list below it. */
function fromCode(
  { lines, from }: { readonly lines: readonly string[]; readonly from: number },
  findings: Findings,
): void {
  let level: Level | null = null;
  lines.forEach((line, at) => {
    const item = /^\s*[-*]\s+(.+)$/u.exec(line)?.[1];
    if (item === undefined) {
      if (line.trim() !== '') level = /:\s*$/u.test(line) ? levelOf(line) : null;
      if (level !== null && line.trim() !== '') findings.take(from + at, from + at, 'thresholds');
    } else if (level !== null) add({ text: item.trim(), level, from: from + at, to: from + at }, findings);
  });
}

function fromTable(table: PlainTable, findings: Findings): void {
  const [metric, warning, critical] = [
    /metric|metrica|indicator|signal|alert|name/iu,
    /warn|avvis|attenzion/iu,
    /critic/iu,
  ].map((title) => column(table, title));
  if (metric == null || (warning == null && critical == null)) return;
  table.rows.forEach((row, at) => {
    const name = cellOf(row, metric);
    let used = false;
    for (const [index, level] of [
      [warning, 'warning'],
      [critical, 'critical'],
    ] as const) {
      const cell = index == null ? '' : cellOf(row, index);
      if (name === '' || !/^(?:[<>]=?|≥|≤|=)/u.test(cell)) continue;
      findings.parts.thresholds.push(
        limit({ text: `${name} ${cell}`, level, from: row.line, to: row.line, metric: name }, findings),
      );
      used = true;
    }
    if (used) findings.take(at === 0 ? table.from : row.line, row.line, 'thresholds');
  });
}

function add(item: Limit, findings: Findings): void {
  findings.parts.thresholds.push(limit(item, findings));
  findings.take(item.from, item.to, 'thresholds');
}

/** A comparison where the text is nothing but one; else its words, which a person has to watch. */
function limit({ text, level, from }: Limit, findings: Findings): Record<string, unknown> {
  const plain = text.replaceAll('≥', '>=').replaceAll('≤', '<=');
  const found =
    /^(?<metric>[^<>=:]+?)\s*(?::|\bmust be\b|\bdeve essere\b)?\s*(?<must>must be|deve essere|should be)?\s*(?<op>[<>]=?|==)\s*(?<value>-?\d+(?:\.\d+)?)\s*(?<unit>%|[A-Za-z/]+)?(?<rest>.*)$/isu.exec(
      plain,
    )?.groups;
  const metric = found?.metric?.trim();
  const [op, value] = [found?.op, Number(found?.value)];
  const rest = (found?.rest ?? '').trim();
  const ideal = /\(\s*(?:ideal|ideale|target)\s*:?\s*(-?\d+(?:\.\d+)?)\s*\)/iu.exec(rest)?.[1];
  const held = new RegExp(`^(?:for|per|over)\\s+${SPOKEN}`, 'iu').test(rest) ? findDuration(rest) : null;
  const understood = rest === '' || ideal !== undefined || held !== null;
  const wrong = found?.must === undefined ? op : OPPOSITE[op ?? ''];
  const id = findings.freshId('thresholds', slug(`${metric !== undefined && understood ? metric : text}-${level}`));
  if (
    metric === undefined ||
    op === undefined ||
    wrong === undefined ||
    !understood ||
    /\b(?:and|or|e|o)\b.*[<>]/iu.test(rest)
  ) {
    findings.ask(from, `“${text}” is a limit in words: name a metric and a value, if there is one.`);
    return { id, level, text };
  }
  const unit = found?.unit;
  return {
    id,
    level,
    text,
    metric,
    op: wrong,
    value,
    ...(unit === undefined ? {} : { unit }),
    ...(held === null ? {} : { for: held }),
    ...(ideal === undefined ? {} : { ideal: Number(ideal) }),
  };
}
