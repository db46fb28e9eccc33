import { type SyntaxNode, withSyntaxTree } from './grammar.ts';

/** One simple command of a shell text, as somebody reads it who wants to know how it behaves; not a judgement of its effect. */
export type ShellCall = {
  /** The program without its folder, then its arguments, quotes taken away; what is only known when it runs stays as written. */
  readonly words: readonly string[];
  /** Offset in the text (UTF-16 units). */
  readonly offset: number;
  /** Its input is a file, a here-document or another command. */
  readonly hasInput: boolean;
  /** Something ends it: `timeout`, or a `head` further down its pipeline. */
  readonly isBounded: boolean;
};

/** A variable that a shell text uses or gives a value to. */
export type ShellVariable = { readonly name: string; readonly offset: number };

/** What a shell text consists of. Of a text with syntax errors it is what could be made out. */
export type ShellOutline = {
  readonly calls: readonly ShellCall[];
  readonly used: readonly ShellVariable[];
  readonly assigned: ReadonlySet<string>;
  /** Offsets of loops that nothing inside of them leaves: `while true` without `break`. */
  readonly endless: readonly number[];
};

/** Reads the outline with tree-sitter-bash (loaded on first use). Commands that are started by another (`sudo`, `timeout`, `xargs`) count as themselves. */
export async function outlineShell(text: string): Promise<ShellOutline> {
  return await withSyntaxTree(text, (root) => Promise.resolve(outline(root)));
}

function outline(root: SyntaxNode): ShellOutline {
  const calls = nodes(root, 'command').flatMap((node) => callOf(node));
  const used = [...nodes(root, 'simple_expansion'), ...nodes(root, 'expansion')].flatMap((node) => {
    const name = node.namedChildren.find((child) => child?.type === 'variable_name');
    const hasDefault = /^\$\{\w+:?[-=?+]/u.test(node.text);
    return name && !hasDefault ? [{ name: name.text, offset: node.startIndex }] : [];
  });
  const assigned = new Set<string>();
  for (const node of nodes(root, 'variable_assignment')) assigned.add(/^\w*/u.exec(node.text)?.[0] ?? '');
  for (const node of nodes(root, 'for_statement')) assigned.add(node.childForFieldName('variable')?.text ?? '');
  for (const { words } of calls) {
    if (/^(?:read|mapfile|readarray|getopts|export|declare|local)$/u.test(words[0] ?? ''))
      for (const word of words.slice(1)) assigned.add(word);
  }
  const endless = nodes(root, 'while_statement').filter((node) => {
    const condition = node.childForFieldName('condition')?.text.trim() ?? '';
    return /^(?:true|:|\[ 1 \])$/u.test(condition) && !/\b(?:break|exit|return)\b/u.test(node.text);
  });
  return { calls, used, assigned, endless: endless.map((node) => node.startIndex) };
}

function nodes(root: SyntaxNode, type: string): SyntaxNode[] {
  return root.descendantsOfType(type).filter((node) => node !== null);
}

function callOf(node: SyntaxNode): ShellCall[] {
  const parts = node.namedChildren.filter((child) => child !== null);
  const own = parts.filter(
    (child) => !/^(?:variable_assignment|file_redirect|herestring_redirect|heredoc_redirect)$/u.test(child.type),
  );
  const words = own.map((child) => bare(child.text));
  if (words.length === 0) return [];
  const around = surroundings(node);
  const redirected = parts.some((child) => isInput(child));
  const inner = unwrap(words, around.isBounded);
  return inner.words.length === 0
    ? []
    : [{ ...inner, offset: node.startIndex, hasInput: around.hasInput || redirected || inner.fed }];
}

function isInput(node: SyntaxNode): boolean {
  if (node.type === 'heredoc_redirect' || node.type === 'herestring_redirect') return true;
  return node.type === 'file_redirect' && /^\d*<(?!&)/u.test(node.text);
}

/** Walks up through the redirections and the pipeline that the command stands in. */
function surroundings(node: SyntaxNode): { hasInput: boolean; isBounded: boolean } {
  let hasInput = false;
  let at: SyntaxNode = node;
  for (let parent = node.parent; parent !== null; parent = parent.parent) {
    const children = parent.namedChildren.filter((child) => child !== null);
    if (parent.type === 'redirected_statement') hasInput ||= children.some((child) => isInput(child));
    else if (parent.type === 'pipeline') {
      const index = children.findIndex((child) => child.id === at.id);
      const after = children.slice(index + 1).map((child) => child.text);
      const ends = after.some((text) => /^(?:head|grep\s+(?:-\w*q|-\w*m\s*\d))\b/u.test(text));
      return { hasInput: hasInput || index > 0, isBounded: ends };
    } else break;
    at = parent;
  }
  return { hasInput, isBounded: false };
}

function bare(text: string): string {
  return text.replaceAll(/\\(.)/gsu, '$1').replaceAll(/["']/gu, '');
}

/** Programs that start another one: which of their options take a value, and how many operands come before the command. */
const STARTERS: Readonly<Record<string, { readonly valued: RegExp; readonly operands: number }>> = {
  sudo: { valued: /^-[ugpCDRhTU]$/u, operands: 0 },
  doas: { valued: /^-[uC]$/u, operands: 0 },
  env: { valued: /^-[uCS]$/u, operands: 0 },
  nice: { valued: /^-n$/u, operands: 0 },
  ionice: { valued: /^-[cn]$/u, operands: 0 },
  stdbuf: { valued: /^-[ioe]$/u, operands: 0 },
  timeout: { valued: /^-[ks]$/u, operands: 1 },
  xargs: { valued: /^-[ILnPdEsa]$/u, operands: 0 },
  nohup: { valued: /^$/u, operands: 0 },
  time: { valued: /^-[fo]$/u, operands: 0 },
  exec: { valued: /^-a$/u, operands: 0 },
  command: { valued: /^$/u, operands: 0 },
  setsid: { valued: /^$/u, operands: 0 },
};

function unwrap(words: readonly string[], bounded: boolean): { words: string[]; isBounded: boolean; fed: boolean } {
  let rest = [...words];
  let isBounded = bounded;
  let fed = false;
  for (;;) {
    const program = (rest[0] ?? '').replace(/^.*\//u, '');
    const starter = Object.hasOwn(STARTERS, program) ? STARTERS[program] : undefined;
    const from = starter ? commandAt(rest, starter) : rest.length;
    // `sudo -i` and `command -v x` start nothing that stands here.
    if (!starter || from >= rest.length || (program === 'command' && /^-[vV]/u.test(rest[1] ?? '')))
      return { words: rest.length === 0 ? [] : [program, ...rest.slice(1)], isBounded, fed };
    isBounded ||= program === 'timeout';
    fed ||= program === 'xargs';
    rest = rest.slice(from);
  }
}

function commandAt(words: readonly string[], starter: { valued: RegExp; operands: number }): number {
  let operands = starter.operands;
  let at = 1;
  for (; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (starter.valued.test(word)) at += 1;
    else if (word.startsWith('-') || /^\w+=/u.test(word)) continue;
    else if (operands > 0) operands -= 1;
    else break;
  }
  return at;
}
