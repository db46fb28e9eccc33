import { createHash } from 'node:crypto';
import { insertAudit } from '../db/audit.ts';
import { enqueue } from '../db/outbox.ts';
import { insertPreview } from '../db/runs.ts';
import { withTransaction } from '../db/transaction.ts';
import type { StepRun } from '../domain/run.ts';
import type { ExecutableStep } from '../domain/runbook.ts';
import type { Statement } from '../executors/executor.ts';
import { redact } from '../executors/output-safety.ts';
import { messageOf } from '../lib/errors.ts';
import { renderAsked } from './approved-statement.ts';
import { type Asked, getAsked } from './asked.ts';
import type { RunsContext } from './context.ts';

/** A dry run that takes longer says nothing that could be waited for. */
const TIMEOUT_MS = 20_000;
const MAX_OUTPUT_BYTES = 64 * 1024;
/** Characters that are kept of a preview: the card shows less. */
const KEPT = 8_000;

/**
 * Asks the targets of a request what its steps would change, and shows it on its card. Nothing waits for it: people can
 * decide before it is there. A preview belongs to what was asked for: it is made once, from the statements that the
 * approval's hash covers, is kept with the time of the look, and never takes the place of one that people have seen. One
 * that cannot be made says why; one that comes after the decision is dropped.
 */
export async function previewApproval(context: RunsContext, id: number, signal: AbortSignal): Promise<void> {
  const { asked, found } = await withTransaction(context.pool, async (tx) => {
    const asked = await getAsked(tx, id);
    return { asked, found: await renderAsked(context, tx, asked, asked.stepRun) };
  });
  if (asked.approval.state !== 'pending' || asked.run.rehearsal) return;
  for (const stepRun of asked.covered) {
    if (typeof stepRun.preview === 'string') continue;
    const text =
      'problem' in found
        ? `No preview: ${found.problem}`
        : await previewOf(found.rendered.find((one) => one.stepRun.id === stepRun.id) ?? null, signal);
    if (text !== null) await keep(context, asked, stepRun, text);
  }
}

async function keep(context: RunsContext, asked: Asked, stepRun: StepRun, text: string): Promise<void> {
  const preview = text.length <= KEPT ? text : `${text.slice(0, KEPT)}\n… the rest is left out …`;
  await withTransaction(context.pool, async (tx) => {
    const { approval, run } = await getAsked(tx, asked.approval.id);
    if (approval.state !== 'pending' || !(await insertPreview(tx, stepRun.id, preview))) return;
    const sha256 = createHash('sha256').update(preview).digest('hex');
    const data = { step: stepRun.title, stepRun: stepRun.id, approval: approval.id, hash: approval.hash, sha256 };
    await insertAudit(tx, { actor: null, action: 'run.previewed', incident: run.incident, run: run.id, data });
    await enqueue(tx, { type: 'approval.card', approval: approval.id });
  });
}

type Previewed = { readonly step: ExecutableStep; readonly statement: Statement };

/** What the target says; null where it knows no dry run. */
async function previewOf(previewed: Previewed | null, signal: AbortSignal): Promise<string | null> {
  if (!previewed?.statement.preview) return null;
  // It shows what the target holds, as its output does.
  if (previewed.step.sensitive) return 'No preview: this step is sensitive, and what it shows is kept off Slack.';
  try {
    return await previewed.statement.preview({ signal, timeoutMs: TIMEOUT_MS, maxOutputBytes: MAX_OUTPUT_BYTES });
  } catch (error) {
    return `No preview: ${redact(messageOf(error), [])}`;
  }
}
