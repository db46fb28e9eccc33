import { asObjects, asString, isObject } from './json.ts';
import { addMessage } from './messages.ts';
import type { ScheduledRecord } from './records.ts';
import type { Workspace } from './workspace.ts';

/** Looks for due messages this often. */
const TICK_MS = 1_000;

/** Posts what chat.scheduleMessage left when its time comes, until `signal` aborts. */
export async function postScheduled(workspace: Workspace, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const row of workspace.scheduled.values()) if (row.post_at <= workspace.seconds()) post(workspace, row);
    await workspace.clock.sleep(TICK_MS, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

function post(workspace: Workspace, row: ScheduledRecord): void {
  const { draft } = row;
  workspace.store.atomically(() => {
    workspace.scheduled.delete(row.id);
    const channel = workspace.channels.get(row.channel);
    if (!channel || channel.is_archived) return;
    addMessage(workspace, {
      channel: row.channel,
      user: workspace.app.botUser,
      bot_id: workspace.app.botId,
      text: asString(draft.text) ?? '',
      blocks: asObjects(draft.blocks),
      attachments: asObjects(draft.attachments),
      metadata: isObject(draft.metadata) ? draft.metadata : null,
      thread_ts: asString(draft.thread_ts) ?? null,
    });
  });
}
