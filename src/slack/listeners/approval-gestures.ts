import type { ViewOutput } from '@slack/bolt';
import { z } from 'zod';
import { withTransaction } from '../../db/transaction.ts';
import type { DecisionKind, Refusal, Verdict } from '../../domain/approval.ts';
import { unknownRequest } from '../../domain/unknown.ts';
import { UserError } from '../../lib/errors.ts';
import { plural } from '../../lib/text.ts';
import { type ApprovalCard, readApprovalCard } from '../../runs/approval-card.ts';
import { decide, foreseeDecision } from '../../runs/approve.ts';
import { readPlannable, requestPlan } from '../../runs/request.ts';
import type { Admitted } from '../gate.ts';
import type { Answer, Ui } from '../ui.ts';
import { sentence } from '../views/message.ts';
import { aloneModal, approveModal, denyModal, planModal } from '../views/step-modals.ts';
import { metadataOf, valuesOf } from './view-values.ts';

/** What a decision's form is about. */
export const approvalData = z.object({ approval: z.int() });

/** **Approve**: decides at once, or asks for the name of the target first. */
export async function pressApprove(ui: Ui, visitor: Admitted, approval: number): Promise<Answer> {
  const { person } = visitor;
  const verdict = await decide(ui.context, { approval, person, decision: 'approve', reason: '' });
  if (verdict.status !== 'refused' || verdict.reason !== 'type_target') return sentence(describeVerdict(verdict));
  const view = approveModal(await getCard(ui, approval));
  await ui.call('interactive', 'views.open', { trigger_id: visitor.trigger, view });
  return null;
}

/** **Deny**, **Go on alone** and **Break glass** ask for a reason. */
export async function pressWithReason(
  ui: Ui,
  visitor: Admitted,
  pressed: { approval: number; decision: Exclude<DecisionKind, 'approve'> },
): Promise<Answer> {
  const { approval, decision } = pressed;
  const verdict = await foreseeDecision(ui.context, { approval, person: visitor.person, decision });
  if (verdict.status === 'refused') return sentence(describeVerdict(verdict));
  const card = await getCard(ui, approval);
  const view = decision === 'deny' ? denyModal(card.approval.id, card.stepRun.title) : aloneModal(card, decision);
  await ui.call('interactive', 'views.open', { trigger_id: visitor.trigger, view });
  return null;
}

/** **Ask for a plan**: which of the steps, and why. */
export async function pressPlan(ui: Ui, visitor: Admitted, run: number): Promise<Answer> {
  const steps = await readPlannable(ui.context, run);
  const view = planModal({ run, steps });
  await ui.call('interactive', 'views.open', { trigger_id: visitor.trigger, view });
  return null;
}

/** A decision that was made in a form. A refusal that the person can mend there leaves the form open. */
export async function submitDecision(
  ui: Ui,
  visitor: Admitted,
  form: { view: ViewOutput; decision: DecisionKind },
): Promise<Answer> {
  const { approval } = metadataOf(form.view, approvalData);
  const { person } = visitor;
  const values = valuesOf(form.view);
  const { decision } = form;
  const typed = decision === 'approve' ? values('target') : null;
  const verdict = await decide(ui.context, { approval, person, decision, reason: values('reason'), typed });
  if (verdict.status !== 'refused') return decision === 'deny' ? null : sentence(describeVerdict(verdict));
  if (STAYS_OPEN.includes(verdict.reason)) throw new UserError(verdict.reason, describeVerdict(verdict));
  return sentence(describeVerdict(verdict));
}

/** What the person may mend in the form, and what is about them alone: it is said below the field. */
const STAYS_OPEN: readonly Refusal[] = [
  'wrong_target',
  'requester',
  'not_member',
  'not_approver',
  'not_requester',
  'may_not_ask',
  'not_commander',
];

/** The request for a plan, as it was filled in. */
export async function submitPlan(ui: Ui, visitor: Admitted, view: ViewOutput): Promise<Answer> {
  const values = valuesOf(view);
  const { run } = metadataOf(view, z.object({ run: z.int() }));
  const { requestKey, person: actor } = visitor;
  const steps = values('steps')
    .split(',')
    .filter((step) => step !== '');
  await requestPlan(ui.context, { run, steps, actor, reason: values('reason'), params: {}, requestKey });
  return null;
}

async function getCard(ui: Ui, id: number): Promise<ApprovalCard> {
  const card = await withTransaction(ui.context.pool, (tx) => readApprovalCard(ui.context, tx, id));
  if (card) return card;
  throw unknownRequest();
}

const SETTLED = {
  pending: 'This request still waits for a decision.',
  approved: 'This request was approved before; the step is about to run.',
  used: 'This request was approved before, and the step has been started. Nothing runs twice.',
  denied: 'This request was denied before; nothing was run.',
  expired: 'This request has expired, so nothing was run; ask again if it is still needed.',
  void: 'This request is no longer needed; nothing was run.',
} as const;

/** What a decision came to, in one sentence. */
export function describeVerdict(verdict: Verdict): string {
  switch (verdict.status) {
    case 'approved':
      return 'You approved it; the step is about to run.';
    case 'denied':
      return 'You denied it; nothing is run.';
    case 'waiting':
      return `Your approval counts; ${plural(verdict.missing, 'more person', 'more people')} must approve before anything runs.`;
    case 'refused':
      return verdict.reason === 'settled' ? SETTLED[verdict.settledAs] : REFUSED[verdict.reason];
  }
}

const REFUSED: Readonly<Record<Exclude<Extract<Verdict, { status: 'refused' }>['reason'], 'settled'>, string>> = {
  requester: 'You asked for this step yourself, so somebody else has to approve it; with Deny you can withdraw it.',
  not_member: 'Only full members of this workspace can decide; ask one of them.',
  not_approver: 'The policy names who may decide on this, and you are not among them; the card says who is.',
  already_decided: 'You decided on this request before; your approval counts once.',
  expired: SETTLED.expired,
  type_target: 'This destroys something: type the name of the target to approve it.',
  wrong_target: 'That is not the name of the target; type it exactly as the card shows it, without its system.',
  too_early: 'Others still have time to answer; the card says from when on you may go on alone.',
  never_alone: 'The policy does not allow anybody to go on alone with this; find an approver.',
  not_requester: 'Only whoever asked for it may go on alone; you can approve it instead.',
  may_not_ask: 'You may not ask for such a step any more, so you cannot go on with it alone either; find an approver.',
  not_commander:
    'Only the commander of an open incident of the worst severity may break the glass; take command first, or find an approver.',
  reason_missing: 'Say why: whoever asked, and the review, will want to know.',
};
