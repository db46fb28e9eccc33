import { parse } from 'yaml';
import type { z } from 'zod';
import type { Param, Step } from '../../domain/runbook.ts';
import type { SystemDefinition } from '../../domain/system.ts';
import { checkReferences } from '../check-references.ts';
import { type AttributeColumns, collectSteps } from '../collect-steps.ts';
import type { AnalyseStatement } from '../effects.ts';
import { type FrontMatter, frontMatterSchema, readParams } from '../front-matter.ts';
import type { Markdown } from '../markdown.ts';
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

/**
 * Reads a file once more for lint. What the loader did not get to, because the front matter is wrong, comes back as problems: a wrong
 * key must not hide what is wrong with the steps. Null without a front matter that is YAML, and when what steps refer to is not known.
 */
export async function readRunbookFile(input: {
  readonly file: string;
  readonly text: string;
  readonly markdown: Markdown;
  readonly system: SystemDefinition;
  readonly analyse: AnalyseStatement;
}): Promise<{ readonly read: RunbookFile | null; readonly problems: readonly Problem[] }> {
  const { file, text, markdown, system } = input;
  const node = markdown.root.children[0];
  if (node?.type !== 'yaml') return { read: null, problems: [] };
  const yaml = readYaml(node.value, frontMatterSchema, { file, firstLine: 2, rule: 'front-matter' });
  const front = yaml.value ?? salvage(node.value);
  if (front === null) return { read: null, problems: [] };
  const collected = await collectSteps({ analyse: input.analyse, file }, markdown, front);
  const params = readParams(front);
  const read: RunbookFile = {
    ...{ file, text, system, markdown, front, params, at: yaml.at },
    steps: collected.steps,
    columns: collected.columns,
    hasBrokenFence: collected.problems.length > 0,
  };
  if (yaml.value) return { read, problems: [] };
  const references = checkReferences({ steps: collected.steps, columns: collected.columns, params, system });
  return { read, problems: [...collected.problems, ...references.problems] };
}

/** The keys of a front matter that are right; null when steps could refer to one that is wrong. */
function salvage(text: string): FrontMatter | null {
  let data: unknown;
  try {
    data = parse(text, { maxAliasCount: 20 });
  } catch {
    return null;
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return null;
  const right = Object.entries(data).filter(([key, value]) => {
    const schema = Object.hasOwn(frontMatterSchema.shape, key)
      ? (frontMatterSchema.shape as Readonly<Record<string, z.ZodType>>)[key]
      : undefined;
    return schema?.safeParse(value).success === true;
  });
  const keys = right.map(([key]) => key);
  const isWhole = ['params', 'expressions'].every((key) => !Object.hasOwn(data, key) || keys.includes(key));
  const found = frontMatterSchema.safeParse({ id: 'unknown', title: 'unknown', ...Object.fromEntries(right) });
  return isWhole && found.success ? found.data : null;
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
