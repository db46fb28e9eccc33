/** One argument of a command, as far as it can be known without running anything. */
export type Word = {
  /** What stands in the script. */
  readonly source: string;
  /** The value after quotes are taken away; null when it depends on something else. */
  readonly text: string | null;
  /** The literal text before the first unknown part. */
  readonly prefix: string;
  /** Exactly one argument, whatever the unknown parts are. */
  readonly single: boolean;
  /** May begin with a dash, so that a program could take it for an option. */
  readonly option: boolean;
  /** Every unknown part is a variable that comes from outside of the script (a parameter of the step). */
  readonly free: boolean;
};

/** What is known of a variable: comes from outside, holds a plain word without a dash in front, holds a number, or anything. */
export type VariableKind = 'free' | 'plain' | 'number' | 'any';

/** A stretch of a word that the shell replaces, as the syntax tree sees it. */
export type Hole = { readonly end: number; readonly type: string };

/** What a word is read with: `holes` by their first position in `script`, in ascending order. */
export type WordScope = {
  readonly script: string;
  readonly holes: ReadonlyMap<number, Hole>;
  readonly kindOf: (variable: string) => VariableKind;
};

/** A word that the program reads as itself. */
export function literalWord(text: string): Word {
  return { source: text, text, prefix: text, single: true, option: text.startsWith('-'), free: true };
}

/** Any number of arguments with any content. */
export function anyWords(source: string): Word {
  return { source, text: null, prefix: '', single: false, option: true, free: false };
}

/** One argument that cannot be an option: a file that the shell or a program names. */
export function operandWord(source: string): Word {
  return { source, text: null, prefix: '', single: true, option: false, free: false };
}

/** Thrown inside of this folder for text that is not understood; it makes the script a change. */
export class NotUnderstood extends Error {}
