import { createRequire } from 'node:module';
import type { Node, Parser } from '@vscode/tree-sitter-wasm';

export type SyntaxNode = Node;

let parser: Promise<Parser> | null = null;

/**
 * Parses shell text with tree-sitter-bash (WebAssembly, loaded on first use) and hands the root to `use`; the tree is freed when that
 * settles, since it lives outside of JavaScript's memory.
 */
export async function withSyntaxTree<T>(text: string, use: (root: SyntaxNode) => Promise<T>): Promise<T> {
  parser ??= loadParser();
  const tree = (await parser).parse(text);
  if (tree === null) throw new RangeError('The shell parser gave no tree.');
  try {
    return await use(tree.rootNode);
  } finally {
    tree.delete();
  }
}

async function loadParser(): Promise<Parser> {
  const { default: treeSitter } = (await import('@vscode/tree-sitter-wasm')) as unknown as {
    default: typeof import('@vscode/tree-sitter-wasm');
  };
  await treeSitter.Parser.init();
  const grammar = createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm/wasm/tree-sitter-bash.wasm');
  const created = new treeSitter.Parser();
  created.setLanguage(await treeSitter.Language.load(grammar));
  return created;
}
