import type { Yaml } from 'mdast';
import type { Runbook, RunbookSource } from '../domain/runbook.ts';
import type { SystemDefinition } from '../domain/system.ts';
import { checkReferences } from './check-references.ts';
import { collectSteps } from './collect-steps.ts';
import type { AnalyseStatement } from './effects.ts';
import { frontMatterSchema, readParams } from './front-matter.ts';
import { type FileLink, readLinks } from './links.ts';
import { type Markdown, parseMarkdown } from './markdown.ts';
import type { Problem } from './problems.ts';
import { readProse, readSymptoms } from './prose.ts';
import { readYaml } from './yaml.ts';

/** One file to read. `source.file` is what messages call it. */
export type RunbookInput = {
  readonly source: RunbookSource;
  readonly system: SystemDefinition;
  readonly analyse: AnalyseStatement;
};

/** A step with an error is left out, and its fence stays documentation; without a usable front matter there is no runbook. */
export type ParsedRunbook = {
  readonly runbook: Runbook | null;
  readonly problems: readonly Problem[];
  /** Links to other files, for whoever knows the other files. */
  readonly links: readonly FileLink[];
};

/** Reads one Markdown file. Never throws on what stands in it. */
export async function parseRunbook(input: RunbookInput): Promise<ParsedRunbook> {
  const { source, system } = input;
  const markdown = parseMarkdown(source.text);
  const front = readFront(markdown, source.file);
  if (!front.value) return { runbook: null, problems: front.problems, links: [] };
  const problems: Problem[] = [...front.problems];
  const severity = front.value.severity;
  const levels = system.severities.map((item) => item.level);
  if (severity !== undefined && !levels.includes(severity)) {
    const message = `"${severity}" is not a severity of ${system.name}`;
    const fix = `Use one of: ${levels.join(', ')}.`;
    problems.push({
      rule: 'unknown-severity',
      file: source.file,
      ...front.at(['severity']),
      severity: 'error',
      message,
      fix,
    });
  }
  const collected = await collectSteps({ analyse: input.analyse, file: source.file }, markdown, front.value);
  problems.push(...collected.problems);
  const params = readParams(front.value);
  const checked = checkReferences({ steps: collected.steps, columns: collected.columns, params, system });
  problems.push(...checked.problems);
  const kept = new Set(checked.steps.map((step) => step.id));
  const spans = new Map([...collected.spans].filter(([id]) => kept.has(id)));
  const runbook: Runbook = {
    id: front.value.id,
    system: system.id,
    title: front.value.title,
    status: front.value.status,
    severity: severity !== undefined && levels.includes(severity) ? severity : null,
    alerts: front.value.alerts,
    rtoMs: front.value.rto ?? null,
    timeoutMs: front.value.timeout ?? null,
    stakeholders: front.value.stakeholders,
    symptoms: readSymptoms(markdown),
    blastRadius: front.value.blast_radius.flatMap((item) =>
      Object.entries(item).map(([level, text]) => ({ level: level as 'ok' | 'warn' | 'critical', text })),
    ),
    params,
    steps: checked.steps,
    prose: readProse(
      markdown,
      [...spans.values()],
      new Set(checked.steps.flatMap((step) => [step.title, step.option ?? ''])),
    ),
    links: [],
    source,
  };
  return {
    runbook,
    problems: problems.sort((a, b) => a.line - b.line || a.column - b.column),
    links: readLinks(markdown, source.file),
  };
}

function readFront(markdown: Markdown, file: string) {
  const node = markdown.root.children[0];
  if (node?.type !== 'yaml') {
    const problem: Problem = {
      rule: 'front-matter',
      file,
      line: 1,
      column: 1,
      severity: 'error',
      message: 'the file has no front matter',
      fix: 'Start it with "---", "id: …", "title: …", "---".',
    };
    return { value: null, problems: [problem], at: () => ({ line: 1, column: 1 }) };
  }
  return readYaml((node satisfies Yaml).value, frontMatterSchema, { file, firstLine: 2, rule: 'front-matter' });
}
