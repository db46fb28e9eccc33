import type { Code } from 'mdast';
import { LANGUAGES, type Language } from '../domain/runbook.ts';
import { type AttributeList, readAttributes } from './attributes.ts';
import { endLine, startLine } from './markdown.ts';
import { nearest, type Problem, suggest } from './problems.ts';
import type { RuleName } from './rules.ts';

/** What a fence is: a step's raw material, documentation, or something that wanted to be a step and failed. */
export type Fence =
  | { readonly kind: 'step'; readonly language: Language; readonly list: AttributeList; readonly text: string }
  | { readonly kind: 'documentation' }
  | { readonly kind: 'broken'; readonly problem: Problem };

const ALIASES: Readonly<Record<string, Language>> = {
  bash: 'sh',
  shell: 'sh',
  zsh: 'sh',
  console: 'sh',
  psql: 'sql',
  postgresql: 'sql',
  curl: 'http',
  rest: 'http',
  'redis-cli': 'redis',
  oc: 'kubectl',
  k8s: 'kubectl',
  prometheus: 'promql',
  'docker-compose': 'docker',
};

/** A fence opening anywhere in a raw line: markers of lists and quotes, the fence, its language, the rest. */
const OPENING = /^([\s>]*(?:(?:[-*+]|\d+[.)])\s+)*)(`{3,}|~{3,})[ \t]*([^\s{`]*)(.*)$/u;
/** What an attribute list looks like, well formed or not; `{1,3}` and `{title="x"}` of other tools do not. */
const LOOKS_LIKE_STEP = /^\s*\{\s*(#|(target|effect|expect|when|verify|timeout)\s*=)/u;

/** Decides what a code node is. `lines` are the raw lines of the file. */
export function readFence(node: Code, lines: readonly string[], file: string): Fence {
  const line = startLine(node);
  const raw = lines[line - 1] ?? '';
  const opening = OPENING.exec(raw);
  if (!opening) return { kind: 'documentation' };
  const [, before = '', ticks = '', language = '', rest = ''] = opening;
  const brace = raw.indexOf('{', before.length + ticks.length);
  const broken = (rule: RuleName, message: string, fix: string, column: number): Fence => ({
    kind: 'broken',
    problem: { rule, file, line, column, severity: 'error', message, fix },
  });
  const languageColumn = raw.indexOf(language, before.length + ticks.length) + 1;
  const known = LANGUAGES.find((candidate) => candidate === language);
  if (brace === -1) return { kind: 'documentation' };
  if (known === undefined) {
    if (!LOOKS_LIKE_STEP.test(rest)) return { kind: 'documentation' };
    const alias = ALIASES[language.toLowerCase()] ?? nearest(language, LANGUAGES);
    const fix = alias ? `Did you mean "${alias}"?` : suggest(language, LANGUAGES);
    return broken('unknown-language', `no executor runs "${language}"`, fix, languageColumn);
  }
  if (rest.trimStart() !== '' && !rest.trimStart().startsWith('{')) {
    return broken(
      'attribute-syntax',
      `"${rest.trim().split(/\s/u)[0]}" stands before "{"`,
      'Write only the language and the list.',
      languageColumn + language.length + 1,
    );
  }
  const list = readAttributes(raw, brace);
  if ('error' in list) return broken('attribute-syntax', list.error, list.fix, list.column);
  if (!isClosed(node, lines)) {
    return broken(
      'unclosed-fence',
      'the fence is never closed, so everything after it would be run',
      `Close it with ${ticks}.`,
      before.length + 1,
    );
  }
  const text = node.value.replace(/\r\n?/gu, '\n');
  if (text.trim() === '')
    return broken('empty-step', 'the step has no text', 'Write what it runs, or remove the list.', before.length + 1);
  return { kind: 'step', language: known, list, text };
}

/**
 * Openings that Markdown does not take for a fence because a backtick stands in their list: the step would dissolve
 * into prose without a word. Only raw lines show them.
 */
export function findDissolvedFences(lines: readonly string[], codeLines: ReadonlySet<number>, file: string): Problem[] {
  const problems: Problem[] = [];
  lines.forEach((raw, index) => {
    if (codeLines.has(index + 1)) return;
    const opening = OPENING.exec(raw);
    if (!opening || !(opening[2] ?? '').startsWith('`') || !LOOKS_LIKE_STEP.test(opening[4] ?? '')) return;
    const brace = raw.indexOf('{');
    const backtick = raw.indexOf('`', brace);
    if (backtick === -1) return;
    problems.push({
      rule: 'attribute-syntax',
      file,
      line: index + 1,
      column: backtick + 1,
      severity: 'error',
      message: 'a backtick ends the fence',
      fix: 'Remove the backtick.',
    });
  });
  return problems;
}

function isClosed(node: Code, lines: readonly string[]): boolean {
  const last = endLine(node);
  return last > startLine(node) && /^[\s>]*(`{3,}|~{3,})\s*$/u.test(lines[last - 1] ?? '');
}
