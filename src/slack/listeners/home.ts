import { listPendingApprovals } from '../../db/approvals.ts';
import { listOpenIncidents } from '../../db/incidents.ts';
import { withTransaction } from '../../db/transaction.ts';
import { mayApprove } from '../../domain/approval.ts';
import { isMember, type Person } from '../../domain/person.ts';
import { hasRole } from '../../domain/roles.ts';
import { type ApprovalCard, readApprovalCard } from '../../runs/approval-card.ts';
import { actorOf, type Ui } from '../ui.ts';
import { homeView } from '../views/home.ts';
import { visibleTo } from '../visibility.ts';

/** Shows somebody's Home tab as things stand: what is open, and what waits for them (not what they asked for themselves). */
export async function publishHome(ui: Ui, user: string): Promise<void> {
  const person = await actorOf(ui, { user });
  const home = await withTransaction(ui.context.pool, async (tx) => {
    const cards = [];
    for (const id of await listPendingApprovals(tx)) {
      const card = await readApprovalCard(ui.context, tx, id);
      const decided = card?.approval.decisions.some((decision) => decision.person === user);
      if (card && !decided && card.approval.requestedBy !== user && mayDecide(ui, card, person)) cards.push(card);
    }
    return { open: await listOpenIncidents(tx), waiting: cards, now: tx.now };
  });
  const open = await visibleTo(ui, person, home.open);
  const seen = await visibleTo(
    ui,
    person,
    home.waiting.flatMap(({ incident }) => (incident ? [incident] : [])),
  );
  const waiting = home.waiting.filter(({ incident }) => incident === null || seen.includes(incident));
  const view = homeView({ ...home, open, waiting, commands: ui.context.settings.commands });
  await ui.call('interactive', 'views.publish', { user_id: user, view });
}

/** What waits for somebody is what they may decide. */
function mayDecide(ui: Ui, { run, approval }: ApprovalCard, person: Person): boolean {
  return (
    isMember(person) &&
    mayApprove(approval, person, {
      mayApprove: hasRole(ui.context.settings.roles, run.system, person, 'approver'),
    })
  );
}
