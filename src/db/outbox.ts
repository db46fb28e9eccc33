import { coalesceKey, type Intent, type Lane, laneOf } from '../domain/intents.ts';
import type { Tx } from './transaction.ts';

/** Channel of NOTIFY that wakes the dispatchers. */
export const OUTBOX_CHANNEL = 'warroom_outbox';

/** Cards are edited at most this often, so that a run with many steps costs few calls (issue A.2). */
const CARD_INTERVAL_SECONDS = 2;

/**
 * Leaves an intent in the outbox of the caller's transaction. While an intent with the same key still waits, the newer
 * one takes its place.
 */
export async function enqueue(tx: Tx, intent: Intent, notBefore: Date | null = null): Promise<void> {
  const key = coalesceKey(intent);
  const interval = laneOf(intent) === 'card' ? CARD_INTERVAL_SECONDS : 0;
  await tx.query(
    `insert into outbox (intent, lane, coalesce_key, not_before)
     values ($1, $2, $3, greatest(now(), $4::timestamptz,
       (select updated_at + make_interval(secs => $5) from messages where slot = $3)))
     on conflict (coalesce_key) where state = 'pending'
     do update set intent = excluded.intent, not_before = least(outbox.not_before, excluded.not_before)`,
    [JSON.stringify(intent), laneOf(intent), key, notBefore, interval],
  );
  await tx.query(`select pg_notify('${OUTBOX_CHANNEL}', $1)`, [laneOf(intent)]);
}

/** Whether a message with this intent was delivered. */
export async function wasSent(tx: Tx, intent: Intent): Promise<boolean> {
  const rows = await tx.query(`select id from outbox where coalesce_key = $1 and state = 'sent' limit 1`, [
    coalesceKey(intent),
  ]);
  return rows.length > 0;
}

/** An intent under way. `uncertainSince` is set when an earlier attempt may have reached Slack. */
export type Claimed = {
  readonly id: number;
  readonly intent: Intent;
  readonly key: string;
  readonly attempts: number;
  readonly createdAt: Date;
  readonly uncertainSince: Date | null;
};

type ClaimedRow = {
  id: number;
  intent: Intent;
  coalesce_key: string;
  attempts: number;
  created_at: Date;
  uncertain_since: Date | null;
};

/**
 * Takes the next due intents of a lane for `owner`. An advisory lock makes claims follow each other, so that one message
 * is never under way twice, whichever replica asks.
 */
export async function claimDue(tx: Tx, lane: Lane, owner: string, limit: number): Promise<Claimed[]> {
  await tx.query(`select pg_advisory_xact_lock(1702, hashtext('outbox:' || $1))`, [lane]);
  const rows = await tx.query<ClaimedRow>(
    `update outbox set state = 'sending', owner = $2, attempts = attempts + 1
     where id in (
       select id from outbox o where state = 'pending' and lane = $1 and not_before <= now()
         and not exists (select 1 from outbox s where s.state = 'sending' and s.coalesce_key = o.coalesce_key)
       order by not_before, id limit $3 for update skip locked)
     returning id, intent, coalesce_key, attempts, created_at, uncertain_since`,
    [lane, owner, limit],
  );
  return rows
    .map((row) => ({
      id: row.id,
      intent: row.intent,
      key: row.coalesce_key,
      attempts: row.attempts,
      createdAt: row.created_at,
      uncertainSince: row.uncertain_since,
    }))
    .sort((a, b) => a.id - b.id);
}

/** When the next waiting intent of a lane is due; null when none waits. */
export async function nextDue(tx: Tx, lane: Lane): Promise<Date | null> {
  const rows = await tx.query<{ due: Date | null }>(
    `select min(not_before) as due from outbox where state = 'pending' and lane = $1`,
    [lane],
  );
  return rows[0]?.due ?? null;
}

/** Ends an intent for good. */
export async function settle(
  tx: Tx,
  id: number,
  state: 'sent' | 'failed' | 'obsolete',
  error: string | null = null,
): Promise<void> {
  await tx.query('update outbox set state = $2, settled_at = now(), owner = null, last_error = $3 where id = $1', [
    id,
    state,
    error,
  ]);
}

/**
 * Puts an intent back. When a newer one with its key already waits, that one goes on in its place and inherits the doubt.
 * `uncertain`: the attempt may have reached Slack.
 */
export async function putBack(
  tx: Tx,
  id: number,
  reason: { error: string; afterMs: number; uncertain: boolean },
): Promise<void> {
  const successors = await tx.query(
    `update outbox newer set uncertain_since = coalesce(old.uncertain_since, newer.uncertain_since,
         case when $2::boolean then old.created_at end),
       attempts = greatest(newer.attempts, old.attempts)
     from outbox old where old.id = $1 and newer.coalesce_key = old.coalesce_key and newer.state = 'pending'
     returning newer.id`,
    [id, reason.uncertain],
  );
  if (successors.length > 0) return settle(tx, id, 'obsolete', `${reason.error}; a newer one goes on`);
  await tx.query(
    `update outbox set state = 'pending', owner = null, last_error = $2,
       not_before = now() + make_interval(secs => $3::float8 / 1000),
       uncertain_since = coalesce(uncertain_since, case when $4::boolean then created_at end)
     where id = $1`,
    [id, reason.error, reason.afterMs, reason.uncertain],
  );
}

/** Owners that have intents under way. */
export async function listSendingOwners(tx: Tx): Promise<string[]> {
  const rows = await tx.query<{ owner: string }>(`select distinct owner from outbox where state = 'sending'`);
  return rows.map((row) => row.owner);
}

/** Intents that a process took and did not finish. */
export async function listSendingOf(tx: Tx, owners: readonly string[]): Promise<number[]> {
  const rows = await tx.query<{ id: number }>(
    `select id from outbox where state = 'sending' and owner = any($1) order by id for update skip locked`,
    [owners],
  );
  return rows.map((row) => row.id);
}

/** Locks an intent and tells whether `owner` still has it under way: after a long pause another process may have taken it. */
export async function lockClaim(tx: Tx, id: number, owner: string): Promise<boolean> {
  const rows = await tx.query(`select id from outbox where id = $1 and owner = $2 and state = 'sending' for update`, [
    id,
    owner,
  ]);
  return rows.length > 0;
}
