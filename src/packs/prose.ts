import type { Runbook } from '../domain/runbook.ts';
import { singleLine } from '../lib/text.ts';
import { endLine, type Markdown, plainText, type StepSpan, startLine } from './markdown.ts';
import { phaseOf } from './phases.ts';

/** The list items under Symptoms, without markup. */
export function readSymptoms({ root }: Markdown): string[] {
  const symptoms: string[] = [];
  let inside = false;
  for (const child of root.children) {
    if (child.type === 'heading' && child.depth <= 2)
      inside = child.depth === 2 && phaseOf(plainText(child)) === 'symptoms';
    else if (inside && child.type === 'list')
      symptoms.push(...child.children.map((item) => singleLine(plainText(item))));
  }
  return symptoms;
}

/**
 * Each section as Markdown, without the lines that became steps: their descriptions travel with them, and so do the
 * headings in `titles`.
 */
export function readProse(
  markdown: Markdown,
  steps: readonly StepSpan[],
  titles: ReadonlySet<string>,
): Runbook['prose'] {
  const { root, lines } = markdown;
  const taken = new Set<number>();
  for (const { to, descriptionFrom } of steps) for (let line = descriptionFrom; line <= to; line += 1) taken.add(line);
  const headings = root.children.filter((node) => node.type === 'heading');
  const bodyStart = root.children[0]?.type === 'yaml' ? endLine(root.children[0]) + 1 : 1;
  const sections = [
    { heading: '', from: bodyStart },
    ...headings
      .filter((node) => node.depth <= 2)
      .map((node) => ({
        heading: node.depth === 2 ? plainText(node).trim() : '',
        from: endLine(node) + 1,
        headingLine: startLine(node),
      })),
  ];
  for (const node of headings) {
    if (node.depth > 2 && titles.has(plainText(node).trim()))
      for (let line = startLine(node); line <= endLine(node); line += 1) taken.add(line);
  }
  return sections.flatMap(({ heading, from }, index) => {
    const next = sections[index + 1];
    const to = next && 'headingLine' in next ? next.headingLine - 1 : lines.length;
    const kept = lines.slice(from - 1, to).filter((_, offset) => !taken.has(from + offset));
    const text = kept
      .join('\n')
      .replace(/\n{3,}/gu, '\n\n')
      .trim();
    return text === '' ? [] : [{ phase: heading === '' ? null : phaseOf(heading), heading, markdown: text }];
  });
}
