import type { Pool } from 'pg';
import { type Claimed, lockClaim, putBack, settle } from '../db/outbox.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { type Intent, type Lane, laneOf } from '../domain/intents.ts';
import type { Clock } from '../lib/clock.ts';
import { InternalError, messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Deliverers, Delivery, OnGivenUp, Outcome } from './delivery.ts';
import { RETRY_POLICIES, retryDelayMs } from './retry-policy.ts';

/** A deliverer that has not answered by then is taken for hung: its slot of the lane is given to another intent. */
const DEADLINE_MS = 120_000;
/** So often the same record is tried; after that the attempt is put back and the message looked up. */
const RECORD_ATTEMPTS = 4;

export type CarryOutDeps = {
  readonly pool: Pool;
  readonly deliverers: Deliverers;
  readonly owner: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly onGivenUp: OnGivenUp;
};

/** Delivers one claimed intent and settles it; never throws, and never leaves an intent unsettled while `signal` stands. */
export async function carryOut(deps: CarryOutDeps, claimed: Claimed, signal: AbortSignal): Promise<void> {
  const outcome = await attempt(deps, claimed, signal);
  if (signal.aborted) return;
  await settleOutcome(deps, claimed, { outcome, signal });
}

type Thrown = { readonly status: 'thrown'; readonly code: string; readonly reason: string };

async function attempt(deps: CarryOutDeps, claimed: Claimed, signal: AbortSignal): Promise<Outcome | Thrown> {
  const own = new AbortController();
  const delivery: Delivery = {
    intent: claimed.intent,
    key: claimed.key,
    attempt: claimed.attempts,
    createdAt: claimed.createdAt,
    uncertainSince: claimed.uncertainSince,
    signal: AbortSignal.any([signal, own.signal]),
  };
  try {
    return await Promise.race([deliver(deps.deliverers, delivery), overdue(deps.clock, own.signal)]);
  } catch (error) {
    return { status: 'thrown', code: codeOf(error), reason: messageOf(error) };
  } finally {
    own.abort();
  }
}

function deliver(deliverers: Deliverers, delivery: Delivery): Promise<Outcome> {
  // The key of the table is the type of the intent, which TypeScript cannot follow through an index.
  const deliverer = deliverers[delivery.intent.type] as ((delivery: Delivery) => Promise<Outcome>) | undefined;
  if (deliverer) return deliverer(delivery);
  // Left by a newer version beside this one: it will take it.
  const reason = `this version does not know ${delivery.intent.type}`;
  return Promise.resolve({ status: 'retry', reason, afterMs: 5_000, uncertain: false });
}

async function overdue(clock: Clock, signal: AbortSignal): Promise<never> {
  await clock.sleep(DEADLINE_MS, signal);
  throw new InternalError('notify.overdue', `A delivery did not end within ${DEADLINE_MS / 1_000} s.`);
}

async function settleOutcome(
  deps: CarryOutDeps,
  claimed: Claimed,
  attempt: { outcome: Outcome | Thrown; signal: AbortSignal },
): Promise<void> {
  let verdict = judge(claimed, attempt.outcome, deps.clock.now());
  tell(deps.log, claimed, verdict);
  for (let tries = 1; !attempt.signal.aborted; tries += 1) {
    try {
      await withTransaction(deps.pool, (tx) => write(deps, claimed, { tx, verdict }));
      return;
    } catch (error) {
      deps.log.warn({ ...describe(claimed), code: codeOf(error), error }, 'A delivery could not be recorded yet.');
      if (tries === RECORD_ATTEMPTS) {
        verdict = { to: 'again', reason: `it could not be recorded: ${messageOf(error)}`, afterMs: 0, uncertain: true };
      }
      await deps.clock.sleep(Math.min(100 * 2 ** tries, 5_000), attempt.signal).catch(() => undefined);
    }
  }
}

type Verdict =
  | { to: 'sent'; record?: ((tx: Tx) => Promise<void>) | undefined }
  | { to: 'obsolete'; reason: string }
  | { to: 'again'; reason: string; afterMs: number; uncertain: boolean; code?: string }
  | { to: 'failed'; reason: string; record?: ((tx: Tx) => Promise<void>) | undefined };

function judge(claimed: Claimed, outcome: Outcome | Thrown, now: Date): Verdict {
  const policy = RETRY_POLICIES[laneOf(claimed.intent)];
  switch (outcome.status) {
    case 'sent':
      return { to: 'sent', record: outcome.record };
    case 'obsolete':
      return { to: 'obsolete', reason: outcome.reason };
    case 'failed':
      return { to: 'failed', reason: outcome.reason, record: outcome.record };
    case 'thrown': {
      if (claimed.attempts >= policy.throws) return { to: 'failed', reason: outcome.reason };
      const afterMs = delay(claimed, 0);
      return { to: 'again', reason: outcome.reason, afterMs, uncertain: true, code: outcome.code };
    }
    case 'retry': {
      if (now.getTime() - claimed.createdAt.getTime() > policy.giveUpAfterMs) {
        return { to: 'failed', reason: `${outcome.reason}, for too long` };
      }
      return {
        to: 'again',
        reason: outcome.reason,
        afterMs: delay(claimed, outcome.afterMs),
        uncertain: outcome.uncertain,
      };
    }
  }
}

function delay(claimed: Claimed, atLeastMs: number): number {
  const policy = RETRY_POLICIES[laneOf(claimed.intent)];
  return retryDelayMs(policy, { number: claimed.attempts, atLeastMs }, Math.random());
}

async function write(
  deps: CarryOutDeps,
  claimed: Claimed,
  { tx, verdict }: { tx: Tx; verdict: Verdict },
): Promise<void> {
  const ours = await lockClaim(tx, claimed.id, deps.owner);
  // What reached Slack is remembered even when another process has taken the intent over meanwhile.
  if (verdict.to === 'sent') await verdict.record?.(tx);
  if (!ours) return;
  switch (verdict.to) {
    case 'sent':
      return settle(tx, claimed.id, 'sent');
    case 'obsolete':
      return settle(tx, claimed.id, 'obsolete', verdict.reason);
    case 'again':
      return putBack(tx, claimed.id, { error: verdict.reason, afterMs: verdict.afterMs, uncertain: verdict.uncertain });
    case 'failed':
      await verdict.record?.(tx);
      await deps.onGivenUp(tx, claimed.intent, verdict.reason);
      return settle(tx, claimed.id, 'failed', verdict.reason);
  }
}

function tell(log: Log, claimed: Claimed, verdict: Verdict): void {
  const context = describe(claimed);
  if (verdict.to === 'again') {
    const { reason, afterMs, uncertain, code } = verdict;
    log.warn({ ...context, reason, afterMs, uncertain, code }, 'A delivery will be tried again.');
  } else if (verdict.to === 'failed') {
    log.error({ ...context, reason: verdict.reason }, 'A delivery failed for good.');
  } else {
    log.debug(
      { ...context, reason: verdict.to === 'obsolete' ? verdict.reason : undefined },
      `Delivery: ${verdict.to}.`,
    );
  }
}

function describe(claimed: Claimed): {
  outbox: number;
  type: Intent['type'];
  key: string;
  attempt: number;
  lane: Lane;
} {
  const { id, intent, key, attempts } = claimed;
  return { outbox: id, type: intent.type, key, attempt: attempts, lane: laneOf(intent) };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
