import type { StepRun } from '../../domain/run.ts';
import type { ApprovalCard } from '../../runs/approval-card.ts';
import { startsUntil } from '../../runs/deadline.ts';
import { escapeLine } from '../text-safety.ts';
import { denials, icon, names, titleOf } from './approval-card.ts';
import { type Block, quoted, richText, section } from './blocks.ts';
import { type Message, message } from './message.ts';
import { stepOutcome } from './step-look.ts';
import { rehearsalMark } from './temporary.ts';
import { mention, mentions, when } from './time-text.ts';

/** Tells the requester what became of the request, where the run's card stands. */
export function outcomeMessage(card: ApprovalCard): Message {
  const { approval, stepRun } = card;
  const told = decisive(card);
  const step = escapeLine(titleOf(card), 150);
  const who = mention(approval.requestedBy);
  const said = {
    pending: `still waits for a decision on “${step}”`,
    approved: `“${step}” was approved by ${names(approval, 'approve')} and is about to run`,
    used: `“${step}” was approved by ${names(approval, 'approve')}: ${howItEnded(card, told)}`,
    denied: `“${step}” was denied by ${names(approval, 'deny')}; nothing was run`,
    expired: stepRun.error
      ? `“${step}” was not run. ${escapeLine(stepRun.error.replace(/\.$/u, ''), 300)}`
      : `nobody decided on “${step}” in time; nothing was run. Press Ask again on the runbook's card if it is still needed`,
    void: `“${step}” was not run. ${escapeLine((stepRun.error ?? 'Something changed after the approval: ask for it again.').replace(/\.$/u, ''), 300)}`,
  }[approval.state];
  const text = `${rehearsalMark(card.run)}${icon(approval)} ${who}: ${said}.`;
  return message(text, [section(text), ...denials(approval)]);
}

/** A step that never began is not what a plan ended with: its sentence says where the plan stopped, and why. */
function howItEnded({ covered }: ApprovalCard, told: StepRun): string {
  if (covered.length < 2) return escapeLine(stepOutcome(told), 200);
  if (told.state === 'cancelled' && told.startedAt === null && told.error !== null)
    return escapeLine(told.error.replace(/\.$/u, ''), 500);
  return `“${escapeLine(told.title, 150)}” ${escapeLine(stepOutcome(told), 200)}`;
}

/** The step whose end is that of the whole: where a plan stopped, else its last. */
function decisive({ covered, stepRun }: ApprovalCard): StepRun {
  return covered.find((one) => one.state !== 'ok' || one.passed === false) ?? covered.at(-1) ?? stepRun;
}

/** An approved step waits for secrets: whoever asked finds the people who have them. */
export function secretWantedMessage(card: ApprovalCard, stepRun: StepRun): Message {
  const { secretsWanted } = stepRun;
  const wants = secretsWanted === 1 ? 'waits for a secret' : `waits for secrets from ${secretsWanted} different people`;
  const until = startsUntil(card.approval, card.covered, stepRun);
  const text = `${rehearsalMark(card.run)}🔑 ${mention(card.approval.requestedBy)}: “${escapeLine(stepRun.title, 150)}” was approved and ${wants}. Press *Give the secret* on its card before ${when(until)}.`;
  return message(text, [section(text)]);
}

/** What people gave is gone with the process that held it. */
export function secretLostMessage(card: ApprovalCard, stepRun: StepRun): Message {
  const text = `${rehearsalMark(card.run)}🔑 ${mention(card.approval.requestedBy)}: Warroom was restarted, and what was given for “${escapeLine(stepRun.title, 150)}” is gone with the memory that held it. Nothing was run; everybody has to give theirs again.`;
  return message(text, [section(text)]);
}

/** Half of the time is over: calls whoever may approve. */
export function reminderMessage(card: ApprovalCard): Message {
  const { approval, approvers } = card;
  const called = approvers.length === 0 ? '' : `${mentions(approvers)}: `;
  const others = approvers.length === 0 ? ' Anybody else of this workspace can decide.' : '';
  const text = `${rehearsalMark(card.run)}⏳ ${called}“${escapeLine(titleOf(card), 150)}” still waits for approval; ${mention(approval.requestedBy)} asked, and it expires ${when(approval.expiresAt)}.${others}`;
  return message(text, [section(text)]);
}

/** Nobody else agreed: everybody in the hub learns who went on, with what, and why. */
export function aloneMessage(card: ApprovalCard): Message {
  const decision = card.approval.decisions.find((one) => one.decision === 'alone' || one.decision === 'break_glass');
  const broke = decision?.decision === 'break_glass';
  const who = mention(decision?.person ?? card.approval.requestedBy);
  const where = card.incident ? ` in incident ${card.incident.number}` : '';
  const how = broke ? 'broke the glass: nobody else approved' : 'went on alone, because nobody answered, with';
  const text = `${rehearsalMark(card.run)}🚨 ${who} ${how} “${escapeLine(titleOf(card), 150)}” on ${escapeLine(`${card.run.system}/${card.stepRun.target}`, 150)}${where}. The review will look at it.`;
  const reason: Block[] = decision?.reason ? [richText(quoted(decision.reason, 600))] : [];
  return message(text, [section(text)], reason);
}
