import type { SyntaxNode } from './grammar.ts';
import { type Hole, NotUnderstood } from './word.ts';

const WORDS = new Set(
  `word string raw_string ansi_c_string concatenation number simple_expansion expansion command_substitution process_substitution
  arithmetic_expansion command_name extglob_pattern`.split(/\s+/u),
);
const HOLES = new Set(
  'simple_expansion expansion command_substitution process_substitution arithmetic_expansion'.split(' '),
);

/** True for a node that is one word of the script; its inside is read by `readWord`, not from the tree. */
export function isWordNode(node: SyntaxNode): boolean {
  return WORDS.has(node.type);
}

/** True for text that separates and does nothing. */
export function gapIsBlank(gap: string): boolean {
  return /^(?:[ \t\n]|\\\n)*$/u.test(gap);
}

/**
 * The children of a node, comments left out. Throws `NotUnderstood` when anything but white space stands between two of them (the
 * grammar skips characters that a shell does not) or when two words touch, which a shell would read as one.
 */
export function parts(node: SyntaxNode): SyntaxNode[] {
  const children = node.children.filter((child) => child !== null);
  let end = node.startIndex;
  let before: SyntaxNode | null = null;
  for (const child of children) {
    const gap = node.text.slice(end - node.startIndex, child.startIndex - node.startIndex);
    if (!gapIsBlank(gap))
      throw new NotUnderstood(`\`${gap.trim().slice(0, 20)}\` stands where only white space can be.`);
    if (
      before &&
      joins(before) &&
      (joins(child) || child.type === 'comment') &&
      !/[ \t\n]/u.test(gap.replaceAll('\\\n', ''))
    )
      throw new NotUnderstood('Two words touch.');
    end = child.endIndex;
    before = child;
  }
  if (!gapIsBlank(node.text.slice(end - node.startIndex)))
    throw new NotUnderstood('The end of a construct is unclear.');
  return children.filter((child) => child.type !== 'comment' || !isPlainComment(child));
}

function joins(node: SyntaxNode): boolean {
  return (isWordNode(node) || node.type === 'variable_assignment') && node.type !== 'process_substitution';
}

/** A comment runs to the end of its line and begins a word. */
function isPlainComment(node: SyntaxNode): boolean {
  return node.text.startsWith('#') && !node.text.includes('\n');
}

/** The outermost replaced stretches below a node, the node itself included. */
export function findHoles(node: SyntaxNode): SyntaxNode[] {
  if (HOLES.has(node.type)) return [node];
  return node.children.flatMap((child) => (child ? findHoles(child) : []));
}

/** Every replaced stretch of a tree, those inside of others too, in the order of their first position. */
export function holesByStart(root: SyntaxNode): Map<number, Hole> {
  const holes = new Map<number, Hole>();
  for (const node of root.descendantsOfType([...HOLES]))
    if (node && !holes.has(node.startIndex)) holes.set(node.startIndex, { end: node.endIndex, type: node.type });
  return holes;
}
