import type { Root } from 'mdast';
import { endLine, startLine } from '../markdown.ts';
import type { Problem } from '../problems.ts';
import { RULE_NAMES, ruleOf } from '../rules.ts';

/** Lines (1-based, inclusive) in which a rule was looked at by a person and found to be no fault. */
export type Allowance = { readonly rule: string; readonly from: number; readonly to: number };

const MARK = /warroom-allow:\s*([a-z-]+(?:\s*,\s*[a-z-]+)*)/u;

/** `<!-- warroom-allow: rule -->` holds for the block that follows it. */
export function markdownAllowances(root: Root): Allowance[] {
  return root.children.flatMap((node, index) => {
    const next = root.children[index + 1];
    if (node.type !== 'html' || next === undefined) return [];
    return rulesIn(node.value).map((rule) => ({ rule, from: startLine(next), to: endLine(next) }));
  });
}

/** `# warroom-allow: rule` holds for the line that follows it. */
export function yamlAllowances(text: string): Allowance[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      line.trimStart().startsWith('#') ? rulesIn(line).map((rule) => ({ rule, from: index + 2, to: index + 2 })) : [],
    );
}

/** The problems that nobody has allowed; rules that are facts cannot be. */
export function withoutAllowed(problems: readonly Problem[], allowances: readonly Allowance[]): Problem[] {
  return problems.filter(
    ({ rule, line }) =>
      ruleOf(rule).allowable !== true ||
      !allowances.some((allowed) => allowed.rule === rule && allowed.from <= line && line <= allowed.to),
  );
}

function rulesIn(text: string): string[] {
  const names = MARK.exec(text)?.[1]?.split(/\s*,\s*/u) ?? [];
  return names.filter((name) => RULE_NAMES.some((rule) => rule === name));
}
