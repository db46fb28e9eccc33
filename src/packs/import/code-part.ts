/** A stretch of a code block, 1-based lines. `comment` holds the words without the sign of comments. */
export type CodePart = {
  readonly kind: 'command' | 'comment' | 'documentation' | 'manual' | 'not-understood';
  readonly from: number;
  readonly to: number;
  /** The command as it has to be run, or the words of the part. */
  readonly text: string;
  /** What reads the command. */
  readonly language: 'sh' | 'sql' | 'redis' | 'promql' | 'http';
  /** Why it was not understood; the comment behind a command. Empty otherwise. */
  readonly note: string;
};
