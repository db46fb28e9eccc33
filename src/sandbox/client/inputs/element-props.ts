import type { Loose } from './values.ts';

/** What every interactive element is given. */
export type ElementProps = {
  readonly element: Loose;
  readonly blockId: string;
  /** What a screen reader calls it. */
  readonly label: string;
  readonly labelId: string;
  /** Whether it stands in an input block. */
  readonly input: boolean;
  /** Whether a change is sent to the bot at once. */
  readonly dispatch: boolean;
};
