import type { Phase } from '../../domain/runbook.ts';
import type { Block } from './block.ts';
import type { CodePart } from './code-part.ts';

/** Where a piece stands in its runbook. */
export type Place = {
  /** The phase that the headings say; null where none does. */
  readonly phase: Phase | null;
  /** `Option A: …`, `Cause 1: …` when the piece belongs to an alternative. */
  readonly option: string | null;
  /** Counts the list items and headings: pieces with one number belong together. */
  readonly group: number;
  /** The heading says only that something is done (`Actions`, `Azioni`): mending and recovering stand side by side. */
  readonly mixed: boolean;
};

/** One part of a runbook in the order of the source; lines are 1-based and inclusive. */
export type Piece = HeadingPiece | CommandPiece | ManualPiece | ProsePiece | UnknownPiece;

type Base = Place & { readonly from: number; readonly to: number };
export type HeadingPiece = Base & {
  readonly kind: 'heading';
  readonly text: string;
  /** Nothing is lost without it: the section of the runbook says the same. */
  readonly said: boolean;
};
export type CommandPiece = Base & {
  readonly kind: 'command';
  readonly language: CodePart['language'];
  readonly fenceLanguage: string;
  readonly text: string;
  /** What the source calls the step: the comment above, the list item, the heading. */
  readonly title: string;
  /** More words that belong to the step and are said nowhere else. */
  readonly description: readonly string[];
};
export type ManualPiece = Base & { readonly kind: 'manual'; readonly text: string };
export type ProsePiece = Base & { readonly kind: 'prose'; readonly block: Block };
export type UnknownPiece = Base & { readonly kind: 'unknown'; readonly text: string; readonly reason: string };

/** What the walk over one runbook has seen so far. */
export type Collector = { readonly pieces: Piece[]; group: number; alternatives: number };
