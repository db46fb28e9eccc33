/** What a verb reads and writes. */
export type Terminal = {
  /** Lines of the standard input; null when it is a keyboard. */
  readonly lines: AsyncIterable<string> | null;
  /** Text to the standard output, a line break added. */
  readonly write: (text: string) => void;
  /** A sentence to the standard error. */
  readonly complain: (sentence: string) => void;
};

/** One verb of the command line. `run` gives the exit code: 0 done, 1 problems were found, 2 called wrongly. */
export type Verb = {
  readonly name: string;
  readonly summary: string;
  readonly usage: readonly string[];
  readonly run: (args: readonly string[], terminal: Terminal) => Promise<number>;
};
