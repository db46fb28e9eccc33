import type { Code, ListItem } from 'mdast';
import type { ExecutableStep, ManualStep, Step } from '../domain/runbook.ts';
import { singleLine } from '../lib/text.ts';
import { type AnalyseStatement, decideEffect } from './effects.ts';
import { findDissolvedFences, readFence } from './fences.ts';
import type { FrontMatter } from './front-matter.ts';
import {
  endLine,
  type Found,
  findCandidates,
  type Markdown,
  plainText,
  type StepSpan,
  startLine,
  walk,
} from './markdown.ts';
import { holdsSteps, nearestHeading } from './phases.ts';
import type { Problem } from './problems.ts';
import type { RuleName } from './rules.ts';
import { readStepAttributes } from './step-attributes.ts';

/** The steps of a file, what was wrong with others, and where the steps and their attributes stand. */
export type Collected = {
  readonly steps: Step[];
  readonly problems: Problem[];
  readonly spans: Map<string, StepSpan>;
  /** By step id and attribute: the column of its value, for messages. */
  readonly columns: Map<string, AttributeColumns>;
};
export type AttributeColumns = ReadonlyMap<string, number>;

type Input = { readonly analyse: AnalyseStatement; readonly file: string };

/** Reads every fence with attributes and every task-list item, in the order of the file. */
export async function collectSteps(input: Input, markdown: Markdown, front: FrontMatter): Promise<Collected> {
  const { file } = input;
  const result: Collected = { steps: [], problems: [], spans: new Map(), columns: new Map() };
  const codeLines = new Set<number>();
  for (const node of walk(markdown.root)) {
    if (node.type === 'code') for (let line = startLine(node); line <= endLine(node); line += 1) codeLines.add(line);
  }
  result.problems.push(...findDissolvedFences(markdown.lines, codeLines, file));
  let manual = 0;
  for (const found of findCandidates(markdown)) {
    if (found.node.type === 'listItem') {
      manual += 1;
      addStep(result, readManualStep(found, found.node, manual, file, markdown), found, file);
      continue;
    }
    const fence = readFence(found.node, markdown.lines, file);
    if (fence.kind === 'documentation') continue;
    if (fence.kind === 'broken') {
      result.problems.push(fence.problem);
      continue;
    }
    const line = startLine(found.node);
    const read = readStepAttributes(fence.list, { file, line }, front.expressions);
    result.problems.push(...read.problems);
    if (read.problems.length > 0) continue;
    const { declared, ...attributes } = read.attributes;
    const base = baseOf(found, found.node, file, markdown);
    const effect = await decideEffect(input, { found, declared, language: fence.language, text: fence.text });
    if (typeof effect !== 'string') {
      result.problems.push(effect);
      continue;
    }
    const step: ExecutableStep = {
      ...base,
      ...attributes,
      title: titleOf(found) ?? humanise(attributes.id),
      kind: 'executable',
      language: fence.language,
      text: fence.text,
      effect,
    };
    addStep(result, step, found, file);
    const columns = fence.list.attributes.map(({ key, valueColumn }) => [key, valueColumn] as const);
    if (result.steps.at(-1) === step) result.columns.set(step.id, new Map(columns));
  }
  return result;
}

const MANUAL_ID = /^manual_\d+$/u;

function addStep(result: Collected, step: Step, found: Found, file: string): void {
  const line = startLine(found.node);
  const column = found.node.position?.start.column ?? 1;
  const error = (rule: RuleName, message: string, fix: string) =>
    result.problems.push({ rule, file, line, column, severity: 'error', message, fix });
  if (!holdsSteps(found.phase)) {
    const near = nearestHeading(found.section);
    const where = found.section === '' ? 'before the first "##" heading' : `under "${found.section}"`;
    error(
      'step-outside-phase',
      `a step cannot stand ${where}`,
      near ? `Name the section "## ${near}".` : 'Move it under Diagnose, Mitigate, Recover or Verify.',
    );
  } else if (result.spans.has(step.id)) {
    error('duplicate-id', `the id "${step.id}" is taken`, 'Give each step an id of its own.');
  } else if (step.kind === 'executable' && MANUAL_ID.test(step.id)) {
    error('duplicate-id', `ids like "${step.id}" belong to task-list items`, 'Choose another id.');
  } else {
    result.spans.set(step.id, { to: lastLine(found.node), descriptionFrom: found.proseFrom });
    result.steps.push(step);
  }
}

function readManualStep(found: Found, node: ListItem, ordinal: number, file: string, markdown: Markdown): ManualStep {
  // The item's own paragraph; a list nested below it holds steps of its own.
  const own = node.children.filter((child) => child.type !== 'list');
  const text = singleLine(own.map((child) => plainText(child)).join(' '));
  return {
    ...baseOf(found, node, file, markdown),
    id: `manual_${ordinal}`,
    kind: 'manual',
    title: titleOf(found) ?? found.section,
    text,
  };
}

function baseOf(found: Found, node: Code | ListItem, file: string, markdown: Markdown) {
  const description = markdown.lines
    .slice(found.proseFrom - 1, startLine(node) - 1)
    .join('\n')
    .trim();
  return {
    phase: found.phase ?? 'after',
    option: found.option,
    description,
    position: { file, line: startLine(node), column: node.position?.start.column ?? 1 },
  };
}

/** A list item ends before the list nested in it: its children are steps of their own. */
function lastLine(node: Code | ListItem): number {
  if (node.type === 'code') return endLine(node);
  const nested = node.children.find((child) => child.type === 'list' || child.type === 'code');
  return nested ? Math.max(startLine(node), startLine(nested) - 1) : endLine(node);
}

/** A step under `Option A: Do this` is called `Do this`: the letter is said by its option. */
function titleOf({ heading, option }: Found): string | null {
  return heading !== null && heading === option ? heading.replace(/^[^:]*:\s*/u, '') || heading : heading;
}

function humanise(id: string): string {
  const words = id.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
