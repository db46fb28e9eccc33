import type { Param, Step } from '../../domain/runbook.ts';
import type { SystemDefinition } from '../../domain/system.ts';
import { type AttributeColumns, collectSteps } from '../collect-steps.ts';
import type { AnalyseStatement } from '../effects.ts';
import { type FrontMatter, frontMatterSchema, readParams } from '../front-matter.ts';
import { type Markdown, parseMarkdown } from '../markdown.ts';
import type { Problem } from '../problems.ts';
import type { RuleName } from '../rules.ts';
import { ruleOf } from '../rules.ts';
import { readYaml } from '../yaml.ts';

/** A file of a system as lint looks at it: every step that could be read, also those that the loader drops for a wrong reference. */
export type RunbookFile = {
  readonly file: string;
  readonly text: string;
  readonly system: SystemDefinition;
  readonly markdown: Markdown;
  readonly front: FrontMatter;
  readonly params: readonly Param[];
  readonly steps: readonly Step[];
  readonly columns: ReadonlyMap<string, AttributeColumns>;
  /** True when a fence could not be read, so that what it uses is not known. */
  readonly hasBrokenFence: boolean;
  /** Place of a value of the front matter. */
  readonly at: (path: readonly PropertyKey[]) => Place;
};

/** 1-based, as editors show it. */
export type Place = { readonly line: number; readonly column: number };

/** Reads a file once more for lint; null without a usable front matter, which the loader has told already. */
export async function readRunbookFile(input: {
  readonly file: string;
  readonly text: string;
  readonly system: SystemDefinition;
  readonly analyse: AnalyseStatement;
}): Promise<RunbookFile | null> {
  const { file, text, system } = input;
  const markdown = parseMarkdown(text);
  const node = markdown.root.children[0];
  if (node?.type !== 'yaml') return null;
  const front = readYaml(node.value, frontMatterSchema, { file, firstLine: 2, rule: 'front-matter' });
  if (!front.value) return null;
  const collected = await collectSteps({ analyse: input.analyse, file }, markdown, front.value);
  return {
    file,
    text,
    system,
    markdown,
    front: front.value,
    params: readParams(front.value),
    steps: collected.steps,
    columns: collected.columns,
    hasBrokenFence: collected.problems.length > 0,
    at: front.at,
  };
}

/** A problem of a runbook; in a draft some rules only warn. */
export function runbookProblem(
  { file, front }: Pick<RunbookFile, 'file' | 'front'>,
  rule: RuleName,
  place: Place,
  what: { readonly message: string; readonly fix: string },
): Problem {
  const { severity, warnsInDraft } = ruleOf(rule);
  const { line, column } = place;
  return {
    rule,
    file,
    line,
    column,
    severity: warnsInDraft && front.status === 'draft' ? 'warning' : severity,
    ...what,
  };
}

/** Where an offset of a step's text stands in its file. */
export function placeInStep(file: Pick<RunbookFile, 'markdown'>, step: Step, text: string, offset: number): Place {
  const before = text.slice(0, offset).split('\n');
  const line = step.position.line + before.length;
  const inText = text.split('\n')[before.length - 1] ?? '';
  // A fence inside of a list item is indented in the file, not in its text.
  const indent = Math.max(0, (file.markdown.lines[line - 1] ?? '').indexOf(inText));
  return { line, column: indent + (before.at(-1)?.length ?? 0) + 1 };
}
