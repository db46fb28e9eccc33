import { type Tx, withTransaction } from '../../db/transaction.ts';
import type { Outcome } from '../../notify/delivery.ts';
import type { RunsContext } from '../../runs/context.ts';
import type { SlackIdentity } from '../app.ts';
import type { Hub } from '../hub.ts';
import type { PeopleDeps } from '../people.ts';
import type { SendDeps } from '../send.ts';

/** What deliverers work with. */
export type DeliverDeps = SendDeps & {
  readonly context: Pick<RunsContext, 'pool' | 'packs' | 'settings' | 'analyse' | 'executors'>;
  readonly hub: Hub;
  /** Who the bot is. */
  readonly identity: () => Promise<SlackIdentity>;
};

/** For asking Slack about people. */
export function peopleDeps(deps: DeliverDeps): PeopleDeps {
  return { call: deps.call, pool: deps.pool, teamId: async () => (await deps.identity()).teamId };
}

/** Reads the state that a message is rendered from. */
export function read<T>(deps: DeliverDeps, work: (tx: Tx) => Promise<T>): Promise<T> {
  return withTransaction(deps.pool, work);
}

/** Adds something to what is written when the delivery is settled. */
export function also(outcome: Outcome, work: (tx: Tx) => Promise<void>): Outcome {
  if (outcome.status !== 'sent') return outcome;
  return {
    status: 'sent',
    record: async (tx) => {
      await outcome.record?.(tx);
      await work(tx);
    },
  };
}

/** Writes what was sent at once, because more is to be sent by the same intent and may fail. */
export async function recordNow(deps: DeliverDeps, outcome: Outcome): Promise<void> {
  if (outcome.status !== 'sent' || !outcome.record) return;
  const { record } = outcome;
  await withTransaction(deps.pool, (tx) => record(tx));
}

/** Carries out parts one after the other, each recorded at once; the first that did not work decides the outcome. */
export async function sendAll(deps: DeliverDeps, parts: readonly (() => Promise<Outcome>)[]): Promise<Outcome> {
  let failed: Outcome | null = null;
  for (const part of parts) {
    const outcome = await part();
    if (outcome.status === 'sent') await recordNow(deps, outcome);
    else if (outcome.status !== 'obsolete' && failed?.status !== 'retry') failed = outcome;
  }
  return failed ?? { status: 'sent' };
}

export const GONE = { status: 'obsolete', reason: 'what it shows does not exist any more' } as const satisfies Outcome;
export const NO_PLACE = { status: 'obsolete', reason: 'there is no room to show it in yet' } as const satisfies Outcome;
