import { type Approval, aloneFrom } from '../../domain/approval.ts';
import { strongest } from '../../domain/effect.ts';
import type { ApprovalCard } from '../../runs/approval-card.ts';
import { escapeLine, headAndTail, plainLine } from '../text-safety.ts';
import {
  actions,
  type Block,
  bold,
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
import { cancelButton } from './run-step.ts';
import { lacksSecrets, stepIcon, stepOutcome } from './step-look.ts';
import { rehearsalMark } from './temporary.ts';
import { agoElement, mention, mentions, when } from './time-text.ts';

/** Characters of the command on the card. A longer one is shown head and tail, and says so. */
const COMMAND_SHOWN = 7_000;
/** The commands of a plan share less, because each has its title beside it. */
const PLAN_SHOWN = 4_000;

/** The card that asks for an approval: the exact command, target, effect, who asked and why, until when. */
export function approvalMessage(card: ApprovalCard): Message {
  const { approval, stepRun } = card;
  const pending = approval.state === 'pending';
  return message(
    `${rehearsalMark(card.run)}${pending ? '✋ Approval wanted' : settled(approval)}: ${escapeLine(titleOf(card), 150)} on ${escapeLine(stepRun.target, 80)}`,
    [
      header(
        `${rehearsalMark(card.run)}${pending ? '✋ Approval wanted' : settled(approval)} · ${plainLine(titleOf(card), 110)}`,
      ),
    ],
    [
      fields([
        ['Target', escapeLine(targetsOf(card), 150)],
        ['Effect', effectLook(strongest(...card.covered.map((one) => one.effect)))],
        ['Asked by', mention(approval.requestedBy)],
        [
          'Runbook',
          escapeLine(`${card.run.runbook} at ${card.run.commit?.slice(0, 7) ?? card.run.contentHash.slice(0, 8)}`, 150),
        ],
      ]),
    ],
    [richText(line(commandLabel(card)), ...commands(card))],
    [richText(line('Why'), quoted(approval.reason || 'No reason was given.', 800))],
    cutWarning(card),
    previews(card),
    [section(state(card)), ...denials(approval)],
    pending ? [buttons(card)] : [...secretButton(card), ...cancelRow(card)],
    [
      context(
        `Approval ${approval.id} · covers \`${approval.hash.slice(0, 12)}\`: command, values, target, runbook and policy. Any change asks anew.`,
      ),
    ],
  );
}

/** The step, or what a plan is called. */
export function titleOf({ stepRun, covered }: Pick<ApprovalCard, 'stepRun' | 'covered'>): string {
  return covered.length > 1
    ? `Plan of ${covered.length} steps: ${covered.map((one) => one.title).join(', ')}`
    : stepRun.title;
}

export function targetsOf({ run, covered }: ApprovalCard): string {
  return [...new Set(covered.map((one) => `${run.system}/${one.target}`))].join(', ');
}

/** Characters of one command: those of a plan share the room. */
function roomOf({ covered }: ApprovalCard): number {
  return covered.length <= 1 ? COMMAND_SHOWN : Math.floor(PLAN_SHOWN / covered.length);
}

/** One step's command, or those of a plan in their order, each with what became of it. */
function commands(card: ApprovalCard) {
  const room = roomOf(card);
  if (card.covered.length === 1) return [preformatted(card.stepRun.display, room)];
  return card.covered.flatMap((one, index) => [
    line(`${stepIcon(one)} `, bold(`${index + 1}. ${plainLine(one.title, 60)}`), ` on ${plainLine(one.target, 40)}`),
    preformatted(one.display, room),
  ]);
}

function commandLabel({ approval, run }: ApprovalCard): string {
  if (run.rehearsal) return 'Exactly this would run; in a rehearsal nothing is sent:';
  if (approval.state === 'pending') return 'Exactly this will run:';
  return approval.state === 'approved' || approval.state === 'used'
    ? 'Exactly this was approved:'
    : 'This was not run:';
}

/** Characters of what the targets say would change, over all steps. */
const PREVIEW_SHOWN = 1_200;

/** What the targets said in a dry run, and when: what people decided on stays on the card, and is never asked again. */
function previews({ covered, approval }: ApprovalCard): Block[] {
  if (!['pending', 'approved', 'used'].includes(approval.state)) return [];
  const told = covered.filter((one) => one.preview);
  return told.map((one) => {
    const at = one.previewAt ? [' of ', agoElement(one.previewAt)] : [];
    const of = told.length === 1 ? [] : [` of “${plainLine(one.title, 60)}”`];
    return richText(
      line('A dry run', ...of, ...at, ' said:'),
      preformatted(one.preview ?? '', Math.floor(PREVIEW_SHOWN / told.length)),
    );
  });
}

/** Nobody approves what they have not seen without being told so. */
export function cutWarning(card: ApprovalCard, room = roomOf(card)): Block[] {
  const cut = card.covered.find(
    ({ display }) => headAndTail(display, room) !== headAndTail(display, Number.POSITIVE_INFINITY),
  );
  if (!cut) return [];
  const where = `${card.run.sourceFile} at ${card.run.commit?.slice(0, 7) ?? `content ${card.run.contentHash.slice(0, 8)}`}`;
  return [
    section(
      `⚠️ *The command is longer than a card can show* (${cut.display.length} characters): read the whole in ${escapeLine(where, 200)} before you approve.`,
    ),
  ];
}

function given(approval: Approval): number {
  return approval.decisions.filter((decision) => decision.decision === 'approve').length;
}

export function icon(approval: Approval): string {
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

/** Who decided so. Approving counts however it was done. */
export function names(approval: Approval, decision: 'approve' | 'deny'): string {
  return approval.decisions
    .filter((candidate) => (candidate.decision === 'deny') === (decision === 'deny'))
    .map((candidate) => mention(candidate.person))
    .join(', ');
}

function state(card: ApprovalCard): string {
  const { approval } = card;
  switch (approval.state) {
    case 'pending':
      return pendingState(card);
    case 'approved':
    case 'used':
      return `👍 Approved by ${names(approval, 'approve')}${aloneNote(approval)} · ${escapeLine(progress(card), 200)}${whatWasLeft(card)}`;
    case 'denied':
      return `🚫 Denied by ${names(approval, 'deny')}; nothing was run.`;
    case 'expired':
      if (card.stepRun.error) return `⌛ ${escapeLine(card.stepRun.error, 300)} Nothing was run.`;
      return `⌛ Nobody decided before ${when(approval.expiresAt)}; nothing was run. Ask again if it is still needed.`;
    case 'void':
      return '⏹ No longer needed; nothing was run.';
  }
}

export function denials(approval: Approval): Block[] {
  const reasons = approval.decisions.filter((decision) => decision.decision === 'deny' && decision.reason !== '');
  return reasons.slice(0, 1).map((decision) => richText(quoted(decision.reason, 600)));
}

function pendingState(card: ApprovalCard): string {
  const { approval } = card;
  const { policy } = approval;
  const so = given(approval) > 0 ? ` (${names(approval, 'approve')})` : '';
  const parts = [
    `*${given(approval)} of ${policy.approvers}* approved${so} · expires ${when(approval.expiresAt)}`,
    `${whoDecides(card)} except ${mention(approval.requestedBy)} can decide.`,
  ];
  for (const { from, count } of policy.quorum) parts.push(`At least ${count} of ${mentions(from)}.`);
  if (policy.typeTarget && !approval.decisions.some((decision) => decision.typedTarget))
    parts.push('One of the approvers types the name of the target.');
  const alone = aloneFrom(approval);
  if (alone && alone < approval.expiresAt)
    parts.push(
      alone <= card.now
        ? `Nobody answered: ${mention(approval.requestedBy)} may go on alone with a reason, which is announced.`
        : `Unanswered, ${mention(approval.requestedBy)} may go on alone from ${when(alone)}.`,
    );
  return parts.join('\n');
}

function whoDecides({ approvers }: ApprovalCard): string {
  return approvers.length === 0 ? 'Anybody of this workspace' : mentions(approvers);
}

/** What a plan has come to, or how its only step stands. */
function progress({ stepRun, covered }: ApprovalCard): string {
  if (covered.length === 1) return stepOutcome(stepRun);
  return `${covered.filter((one) => one.state === 'ok').length} of ${covered.length} steps done`;
}

/** Why it, or the first step of a plan that did not work, ended so, and what that left behind. */
function whatWasLeft({ covered }: ApprovalCard): string {
  const error = covered.find((one) => one.error !== null)?.error ?? null;
  return error === null ? '' : `\n_${escapeLine(error, 300)}_`;
}

/** What the review has to look at. */
function aloneNote(approval: Approval): string {
  const how = approval.decisions.map(({ decision }) => decision);
  if (how.includes('break_glass')) return ' alone, by *breaking the glass*';
  return how.includes('alone') ? ' alone, because *nobody answered*' : '';
}

/** What was approved and is not over can still be stopped. */
function cancelRow({ covered }: ApprovalCard): Block[] {
  const next = covered.find(({ state }) => state === 'running') ?? covered.find(({ state }) => state === 'approved');
  const buttons = next ? cancelButton(next) : [];
  return buttons.length === 0 ? [] : [actions(buttons)];
}

/** The step whose turn it is waits for what people alone can give. */
function secretButton({ covered }: ApprovalCard): Block[] {
  const next = covered.find(({ state }) => state !== 'ok');
  if (!next || !lacksSecrets(next)) return [];
  return [
    actions([button({ action: 'secret.give', text: 'Give the secret', value: String(next.id), style: 'primary' })]),
  ];
}

function buttons(card: ApprovalCard): Block {
  const { approval, incident } = card;
  const value = String(approval.id);
  const alone = aloneFrom(approval);
  const offerAlone = alone !== null && alone <= card.now;
  const offerGlass = approval.policy.breakGlass && incident?.status === 'open' && incident.rank === 1;
  return actions([
    button({ action: 'approval.approve', text: 'Approve', value, style: 'primary' }),
    button({ action: 'approval.deny', text: 'Deny', value, style: 'danger' }),
    ...(offerAlone ? [button({ action: 'approval.alone', text: 'Go on alone', value })] : []),
    ...(offerGlass ? [button({ action: 'approval.break_glass', text: 'Break glass', value })] : []),
  ]);
}
