import { listPendingApprovals } from '../../db/approvals.ts';
import { listOpenIncidents } from '../../db/incidents.ts';
import { withTransaction } from '../../db/transaction.ts';
import { readApprovalCard } from '../../runs/approval-card.ts';
import type { Ui } from '../ui.ts';
import { homeView } from '../views/welcome.ts';

/** Shows somebody's Home tab as things stand: what is open, and what waits for them (not what they asked for themselves). */
export async function publishHome(ui: Ui, user: string): Promise<void> {
  const home = await withTransaction(ui.context.pool, async (tx) => {
    const cards = [];
    for (const id of await listPendingApprovals(tx)) {
      const card = await readApprovalCard(tx, id);
      const decided = card?.approval.decisions.some((decision) => decision.person === user);
      if (card && !decided && card.approval.requestedBy !== user) cards.push(card);
    }
    return { open: await listOpenIncidents(tx), waiting: cards, now: tx.now };
  });
  const view = homeView({ ...home, commands: ui.context.settings.commands });
  await ui.call('interactive', 'views.publish', { user_id: user, view });
}
