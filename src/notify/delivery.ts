import type { Tx } from '../db/transaction.ts';
import type { Intent } from '../domain/intents.ts';

/** One attempt to carry out an intent. */
export type Delivery<T extends Intent = Intent> = {
  readonly intent: T;
  /** The intent's coalescing key: the slot of its message. */
  readonly key: string;
  /** Counts from 1, attempts of other processes included. */
  readonly attempt: number;
  readonly createdAt: Date;
  /** Set when an earlier attempt may have reached Slack: look before sending again. */
  readonly uncertainSince: Date | null;
  /** Aborted when the dispatcher stops and has waited long enough. */
  readonly signal: AbortSignal;
};

/** What became of an attempt. `record` runs in the transaction that settles the intent. */
export type Outcome =
  | { readonly status: 'sent'; readonly record?: (tx: Tx) => Promise<void> }
  /** There is nothing left to say. */
  | { readonly status: 'obsolete'; readonly reason: string }
  /** `uncertain`: the attempt may have reached Slack. `afterMs`: not before that. */
  | { readonly status: 'retry'; readonly reason: string; readonly afterMs: number; readonly uncertain: boolean }
  /** Trying again cannot help. */
  | { readonly status: 'failed'; readonly reason: string; readonly record?: (tx: Tx) => Promise<void> };

/**
 * Who carries out each type of intent. A deliverer works outside of any transaction, reads the state as it is now, and
 * may be called again for the same intent after a crash.
 */
export type Deliverers = {
  readonly [T in Intent['type']]: (delivery: Delivery<Extract<Intent, { type: T }>>) => Promise<Outcome>;
};

/** Called in the settling transaction of an intent that failed for good, so that no page is dropped in silence. */
export type OnGivenUp = (tx: Tx, intent: Intent, reason: string) => Promise<void>;
