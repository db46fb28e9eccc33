import type { ImportedParam } from './native-step.ts';

/** How a document showed that a reader has to put something in. */
export type PlaceholderForm = 'angle' | 'variable' | 'brace' | 'label' | 'your' | 'crosses' | 'bracket' | 'identifier';

/** A place in a text where a value belongs. */
export type Placeholder = { readonly form: PlaceholderForm; readonly source: string; readonly param: ImportedParam };

/**
 * A text in which every placeholder is a mark: a word of letters and digits, so that a parser of the language reads around it as it
 * would around the value.
 */
export type MarkedText = {
  readonly text: string;
  readonly placeholders: readonly Placeholder[];
  /** Placeholders that had to stay as they are, one sentence each. */
  readonly notes: readonly string[];
};

const MARK = /WRMARK(\d{3})Z/gu;

/** The mark of the placeholder at that index. */
export function markOf(index: number): string {
  return `WRMARK${String(index).padStart(3, '0')}Z`;
}

/** True for a text that already holds something that looks like a mark: nothing can be marked in it. */
export function holdsMarks(text: string): boolean {
  return /WRMARK\d{3}Z/u.test(text);
}

/** The text in pieces: literal stretches, and placeholders. */
export function splitMarks(text: string, placeholders: readonly Placeholder[]): (string | Placeholder)[] {
  return text
    .split(MARK)
    .map((piece, at) => (at % 2 === 0 ? piece : (placeholders[Number(piece)] ?? markOf(Number(piece)))))
    .filter((piece) => piece !== '');
}

/** The text with `${name}` for every mark and each literal stretch written by `literal`. */
export function fillMarks(
  text: string,
  placeholders: readonly Placeholder[],
  literal: (piece: string) => string = keepBraces,
): string {
  return splitMarks(text, placeholders)
    .map((piece) => (typeof piece === 'string' ? literal(piece) : `\${${piece.param.name}}`))
    .join('');
}

/** Literal text of a native statement: a `${` that is no placeholder gets a backslash. */
export function keepBraces(piece: string): string {
  return piece.replaceAll('${', '\\${');
}

/** The text as the document had it. */
export function originalText(text: string, placeholders: readonly Placeholder[]): string {
  return splitMarks(text, placeholders)
    .map((piece) => (typeof piece === 'string' ? piece : piece.source))
    .join('');
}

/** The parameters whose marks stand in a text, each once. */
export function paramsIn(text: string, placeholders: readonly Placeholder[]): ImportedParam[] {
  const found = new Map<string, ImportedParam>();
  for (const piece of splitMarks(text, placeholders))
    if (typeof piece !== 'string') found.set(piece.param.name, piece.param);
  return [...found.values()];
}
