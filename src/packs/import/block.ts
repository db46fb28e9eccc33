/** What a document is made of. Lines are 1-based and inclusive; every line that is not blank belongs to exactly one block. */
export type Block = HeadingBlock | CodeBlock | ItemBlock | ProseBlock | TableBlock | RawBlock;

type Span = { readonly from: number; readonly to: number };

/** A heading of the document's own outline; 7 is a line of bold text that stands for one. */
export type HeadingBlock = Span & { readonly kind: 'heading'; readonly level: number; readonly text: string };

/** Text that was set as code, dedented: `body[0]` stands on line `bodyFrom`. */
export type CodeBlock = Span & {
  readonly kind: 'code';
  /** First word of the info string, lower case; empty without one. */
  readonly language: string;
  readonly body: readonly string[];
  readonly bodyFrom: number;
  /** False when the fence runs on to the next heading or the end of the file. */
  readonly closed: boolean;
  /** Column of the fence: a fence that stands deeper than an item belongs to it. */
  readonly indent: number;
};

/** One list item without the blocks nested in it. */
export type ItemBlock = Span & {
  readonly kind: 'item';
  readonly ordered: boolean;
  /** A box of a task list was before the text. */
  readonly task: boolean;
  readonly indent: number;
  readonly text: string;
};

export type ProseBlock = Span & {
  readonly kind: 'prose';
  readonly lines: readonly string[];
  readonly indent: number;
  readonly quoted: boolean;
};

export type TableBlock = Span & {
  readonly kind: 'table';
  readonly head: readonly string[];
  readonly rows: readonly { readonly cells: readonly string[]; readonly line: number }[];
};

/** HTML, front matter of another tool, rules: kept, never looked into. */
export type RawBlock = Span & { readonly kind: 'html' | 'front' | 'rule'; readonly lines: readonly string[] };
