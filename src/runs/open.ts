import { findRunByRequest, insertRun } from '../db/runs.ts';
import { withTransaction } from '../db/transaction.ts';
import type { Person } from '../domain/person.ts';
import type { Run } from '../domain/run.ts';
import type { Runbook } from '../domain/runbook.ts';
import { requireRole } from '../incidents/actions.ts';
import type { RunsContext } from './context.ts';
import { recordRunFact, refreshRun } from './record.ts';

export type Opening = {
  /** The same key never opens two runs. */
  readonly requestKey: string;
  readonly actor: Person;
  readonly runbook: Runbook;
  readonly channel: string;
  readonly thread: string | null;
  readonly incident: number | null;
  /** Everything is rendered and asked, and nothing is sent to any target. */
  readonly rehearsal?: boolean;
};

/** Opens a run of a runbook in a channel: its text is pinned and its card goes out. Nothing is executed yet. */
export async function openRun(context: Pick<RunsContext, 'pool' | 'settings'>, opening: Opening): Promise<Run> {
  const { runbook } = opening;
  requireRole(context, runbook.system, opening.actor, 'responder');
  const opened = await withTransaction(context.pool, async (tx) => {
    const run = await insertRun(tx, {
      requestKey: opening.requestKey,
      runbook: `${runbook.system}/${runbook.id}`,
      system: runbook.system,
      title: runbook.title,
      sourceFile: runbook.source.file,
      sourceText: runbook.source.text,
      contentHash: runbook.source.contentHash,
      commit: runbook.source.commit,
      incident: opening.incident,
      channel: opening.channel,
      thread: opening.thread,
      params: {},
      requestedBy: opening.actor.id,
      rehearsal: opening.rehearsal ?? false,
    });
    if (!run) return null;
    await recordRunFact(tx, run, opening.actor.id, {
      kind: 'run_started',
      runbook: runbook.id,
      title: runbook.title,
      commit: runbook.source.commit,
    });
    await refreshRun(tx, run);
    return run;
  });
  return opened ?? (await getOpened(context, opening.requestKey));
}

async function getOpened(context: Pick<RunsContext, 'pool'>, requestKey: string): Promise<Run> {
  return withTransaction(context.pool, async (tx) => {
    const run = await findRunByRequest(tx, requestKey);
    if (!run) throw new TypeError('openRun: a request key is taken but has no run');
    return run;
  });
}
