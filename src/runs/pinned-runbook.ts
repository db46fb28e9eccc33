import type { Run } from '../domain/run.ts';
import type { Runbook } from '../domain/runbook.ts';
import { InternalError, UserError } from '../lib/errors.ts';
import { parseRunbook } from '../packs/parse-runbook.ts';
import type { RunsContext } from './context.ts';

/**
 * The runbook as it was when the run was opened: what was approved is what runs, whatever changes on disk. The pack's
 * own copy serves while it is the same text.
 */
export async function pinnedRunbook(context: Pick<RunsContext, 'packs' | 'analyse'>, run: Run): Promise<Runbook> {
  const packs = context.packs();
  const current = packs.runbooks.get(run.runbook);
  if (current && current.source.contentHash === run.contentHash) return current;
  const system = packs.systems.get(run.system);
  if (!system) {
    const message = `The system “${run.system}” was removed from the runbooks: put its folder back to go on with this run.`;
    throw new UserError('system_removed', message, { run: run.id });
  }
  const source = { file: run.sourceFile, contentHash: run.contentHash, commit: run.commit, text: run.sourceText };
  const { runbook } = await parseRunbook({ source, system, analyse: context.analyse });
  if (runbook) return runbook;
  throw new InternalError('run.pinned_unreadable', `The pinned text of run ${run.id} cannot be read any more.`, {
    context: { run: run.id, runbook: run.runbook, contentHash: run.contentHash },
  });
}
