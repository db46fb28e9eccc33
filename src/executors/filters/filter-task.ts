/** What a thread is asked to do: programs with their arguments, each reading what the one before it wrote. */
export type FilterTask = {
  readonly chain: readonly (readonly string[])[];
  readonly text: string;
  /** Only see whether the programs of jq are valid; nothing is read. */
  readonly check?: boolean;
};

/** What came of it. A `failed` answer holds what was written until then, and why it ended there. */
export type FilterAnswer =
  | { readonly status: 'ok'; readonly text: string }
  | { readonly status: 'failed'; readonly text: string; readonly reason: string };

/** What a thread says; `ended` when it said so with its last breath. */
export type ThreadMessage = { readonly answer: FilterAnswer; readonly ended: boolean };
