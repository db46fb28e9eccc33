import type { Approval } from '../../domain/approval.ts';
import type { ApprovalCard } from '../../runs/approval-card.ts';
import { escapeLine, headAndTail, plainLine } from '../text-safety.ts';
import {
  actions,
  type Block,
  button,
  context,
  fields,
  header,
  line,
  preformatted,
  quoted,
  richText,
  section,
} from './blocks.ts';
import { effectLook } from './looks.ts';
import { type Message, message } from './message.ts';
import { stepOutcome } from './step-look.ts';
import { mention, when } from './time-text.ts';

/** Characters of the command on the card. A longer one is shown head and tail, and says so. */
const COMMAND_SHOWN = 7_000;

/** The card that asks for an approval: the exact command, target, effect, who asked and why, until when. */
export function approvalMessage(card: ApprovalCard): Message {
  const { approval, stepRun } = card;
  const pending = approval.state === 'pending';
  return message(
    `${pending ? '✋ Approval wanted' : settled(approval)}: ${escapeLine(stepRun.title, 150)} on ${escapeLine(stepRun.target, 80)}`,
    [header(`${pending ? '✋ Approval wanted' : settled(approval)} · ${plainLine(stepRun.title, 110)}`)],
    [
      fields([
        ['Target', escapeLine(`${card.run.system}/${stepRun.target}`, 150)],
        ['Effect', effectLook(stepRun.effect)],
        ['Asked by', mention(approval.requestedBy)],
        [
          'Runbook',
          escapeLine(`${card.run.runbook} at ${card.run.commit?.slice(0, 7) ?? card.run.contentHash.slice(0, 8)}`, 150),
        ],
      ]),
    ],
    [richText(line(commandLabel(approval)), preformatted(stepRun.display, COMMAND_SHOWN))],
    [richText(line('Why'), quoted(approval.reason || 'No reason was given.', 800))],
    cutWarning(card),
    [section(state(card)), ...denials(approval)],
    pending ? [buttons(approval)] : [],
    [
      context(
        `Approval ${approval.id} · covers \`${approval.hash.slice(0, 12)}\`: command, values, target, runbook and policy. Any change asks anew.`,
      ),
    ],
  );
}

function commandLabel(approval: Approval): string {
  if (approval.state === 'pending') return 'Exactly this will run:';
  return approval.state === 'approved' || approval.state === 'used'
    ? 'Exactly this was approved:'
    : 'This was not run:';
}

/** Nobody approves what they have not seen without being told so. */
function cutWarning(card: ApprovalCard): Block[] {
  const { display } = card.stepRun;
  if (headAndTail(display, COMMAND_SHOWN) === headAndTail(display, Number.POSITIVE_INFINITY)) return [];
  const where = `${card.run.sourceFile} at ${card.run.commit?.slice(0, 7) ?? `content ${card.run.contentHash.slice(0, 8)}`}`;
  return [
    section(
      `⚠️ *The command is longer than a card can show* (${display.length} characters): read the whole in ${escapeLine(where, 200)} before you approve.`,
    ),
  ];
}

function given(approval: Approval): number {
  return approval.decisions.filter((decision) => decision.decision === 'approve').length;
}

function icon(approval: Approval): string {
  return { pending: '✋', approved: '👍', used: '👍', denied: '🚫', expired: '⌛', void: '⏹' }[approval.state];
}

function settled(approval: Approval): string {
  const said = {
    pending: 'waiting',
    approved: 'Approved',
    used: 'Approved',
    denied: 'Denied',
    expired: 'Expired',
    void: 'No longer needed',
  };
  return `${icon(approval)} ${said[approval.state]}`;
}

function names(approval: Approval, decision: 'approve' | 'deny'): string {
  return approval.decisions
    .filter((candidate) => candidate.decision === decision)
    .map((candidate) => mention(candidate.person))
    .join(', ');
}

function state(card: ApprovalCard): string {
  const { approval, stepRun } = card;
  switch (approval.state) {
    case 'pending':
      return `*${given(approval)} of ${approval.policy.approvers}* approved${given(approval) > 0 ? ` (${names(approval, 'approve')})` : ''} · expires ${when(approval.expiresAt)}\nAnybody of this workspace except ${mention(approval.requestedBy)} can decide.`;
    case 'approved':
    case 'used':
      return `👍 Approved by ${names(approval, 'approve')} · ${escapeLine(stepOutcome(stepRun), 200)}`;
    case 'denied':
      return `🚫 Denied by ${names(approval, 'deny')}; nothing was run.`;
    case 'expired':
      return `⌛ Nobody decided before ${when(approval.expiresAt)}; nothing was run. Ask again if it is still needed.`;
    case 'void':
      return '⏹ No longer needed; nothing was run.';
  }
}

function denials(approval: Approval): Block[] {
  const reasons = approval.decisions.filter((decision) => decision.decision === 'deny' && decision.reason !== '');
  return reasons.slice(0, 1).map((decision) => richText(quoted(decision.reason, 600)));
}

function buttons(approval: Approval): Block {
  const value = String(approval.id);
  return actions([
    button({ action: 'approval.approve', text: 'Approve', value, style: 'primary' }),
    button({ action: 'approval.deny', text: 'Deny', value, style: 'danger' }),
  ]);
}

/** Tells the requester what became of the request, where the run's card stands. */
export function outcomeMessage(card: ApprovalCard): Message {
  const { approval, stepRun } = card;
  const step = escapeLine(stepRun.title, 150);
  const who = mention(approval.requestedBy);
  const said = {
    pending: `still waits for a decision on “${step}”`,
    approved: `“${step}” was approved by ${names(approval, 'approve')} and is about to run`,
    used: `“${step}” was approved by ${names(approval, 'approve')}: ${escapeLine(stepOutcome(stepRun), 200)}`,
    denied: `“${step}” was denied by ${names(approval, 'deny')}; nothing was run`,
    expired: `nobody decided on “${step}” in time; nothing was run. Press Ask again on the runbook's card if it is still needed`,
    void: `“${step}” was not run. ${escapeLine((stepRun.error ?? 'Something changed after the approval: ask for it again.').replace(/\.$/u, ''), 300)}`,
  }[approval.state];
  const text = `${icon(approval)} ${who}: ${said}.`;
  return message(text, [section(text), ...denials(approval)]);
}
