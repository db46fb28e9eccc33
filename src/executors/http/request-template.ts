import type { BoundValue } from '../bound-values.ts';
import type { ArgumentTemplate } from '../command-line.ts';
import type { Piece } from '../placeholders.ts';

/** A request before binding. */
export type RequestTemplate = {
  readonly method: string;
  readonly path: readonly Piece[];
  readonly headers: readonly { readonly name: string; readonly value: readonly Piece[] }[];
  readonly body: readonly Piece[];
  /** The programs that the answer is piped through. */
  readonly filters: readonly (readonly ArgumentTemplate[])[];
};

/** A request with every value in its place. */
export type BoundRequest = {
  readonly method: string;
  /** Path and query, encoded, beginning with one slash. */
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: string | null;
};

/** How a value is turned into text: as it is sent, or as it is shown with secrets masked. */
export type TextOf = (bound: BoundValue) => string | number | boolean;
