import type { StatementEffect } from '../statement-effect.ts';
import type { SyntaxNode } from './grammar.ts';
import type { Variables } from './variables.ts';
import type { Word, WordScope } from './word.ts';

/** Whether a command is given something to read: a program that sends its input to another machine does what stands in it. */
export type Stdin = 'closed' | 'data';

/** What is known while one shell text is looked at. */
export type ShellScope = {
  readonly script: string;
  readonly words: WordScope;
  readonly variables: Variables;
  /** Functions of this text that have surely been defined so far. */
  readonly functions: Set<string>;
  /** The outermost replaced stretches below a node. */
  readonly holesIn: (node: SyntaxNode) => readonly SyntaxNode[];
  /** What a simple command does. */
  readonly runs: (words: readonly Word[], stdin: Stdin) => Promise<StatementEffect>;
};
