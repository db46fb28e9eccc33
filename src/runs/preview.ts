import { enqueue } from '../db/outbox.ts';
import { updatePreview } from '../db/runs.ts';
import { withTransaction } from '../db/transaction.ts';
import { messageOf } from '../lib/errors.ts';
import { getAsked } from './asked.ts';
import type { RunsContext } from './context.ts';
import { pinnedRunbook } from './pinned-runbook.ts';
import { getRunnableStep, prepareStatement } from './statement.ts';

/** A dry run that takes longer says nothing that could be waited for. */
const TIMEOUT_MS = 20_000;
const MAX_OUTPUT_BYTES = 64 * 1024;
/** Characters that are kept of a preview: the card shows less. */
const KEPT = 8_000;

/**
 * Asks the targets of a request what its steps would change, and shows it on its card. Nothing waits for it: people can
 * decide before it is there. A preview that cannot be made says why.
 */
export async function previewApproval(context: RunsContext, id: number, signal: AbortSignal): Promise<void> {
  const asked = await withTransaction(context.pool, (tx) => getAsked(tx, id));
  if (asked.approval.state !== 'pending' || asked.run.rehearsal) return;
  const runbook = await pinnedRunbook(context, asked.run);
  for (const stepRun of asked.covered) {
    const text = await previewOf(context, { ...asked, runbook, step: stepRun.step }, signal);
    if (text === null) continue;
    await withTransaction(context.pool, async (tx) => {
      await updatePreview(
        tx,
        stepRun.id,
        text.length <= KEPT ? text : `${text.slice(0, KEPT)}\n… the rest is left out …`,
      );
      await enqueue(tx, { type: 'approval.card', approval: id });
    });
  }
}

type Previewed = Pick<Awaited<ReturnType<typeof getAsked>>, 'run'> & {
  readonly runbook: Awaited<ReturnType<typeof pinnedRunbook>>;
  readonly step: string;
};

/** What the target says; null where it knows no dry run. */
async function previewOf(
  context: RunsContext,
  { run, runbook, step: id }: Previewed,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const statement = await prepareStatement(context, runbook, getRunnableStep(context, runbook, id), run);
    if (!statement.preview) return null;
    return await statement.preview({ signal, timeoutMs: TIMEOUT_MS, maxOutputBytes: MAX_OUTPUT_BYTES });
  } catch (error) {
    return `No preview: ${messageOf(error)}`;
  }
}
