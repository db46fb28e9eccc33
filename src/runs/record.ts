import { insertAudit } from '../db/audit.ts';
import { enqueue } from '../db/outbox.ts';
import { insertEvent } from '../db/timeline.ts';
import type { Tx } from '../db/transaction.ts';
import type { Run } from '../domain/run.ts';
import type { TimelineFact } from '../domain/timeline.ts';
import type { Json } from '../lib/canonical-json.ts';

/** Writes what happened in a run: always into the audit log, and on the timeline of its incident when it has one. */
export async function recordRunFact(
  tx: Tx,
  run: Run,
  actor: string | null,
  fact: TimelineFact,
  approval?: { readonly id: number; readonly hash: string; readonly origin?: { readonly [key: string]: Json } },
): Promise<void> {
  const marked = run.rehearsal ? { ...fact, rehearsal: true as const } : fact;
  if (run.incident !== null) await insertEvent(tx, run.incident, actor, marked);
  const { kind, ...data } = marked;
  await insertAudit(tx, {
    actor,
    action: `run.${kind}`,
    incident: run.incident,
    run: run.id,
    data: {
      ...data,
      contentHash: run.contentHash,
      commit: run.commit,
      ...(approval ? { approval: approval.id, hash: approval.hash, ...approval.origin } : {}),
    },
  });
}

/** Brings the card of a run up to date. */
export async function refreshRun(tx: Tx, run: Pick<Run, 'id'>): Promise<void> {
  await enqueue(tx, { type: 'run.card', run: run.id });
}
