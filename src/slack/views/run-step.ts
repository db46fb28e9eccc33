import type { Button } from '@slack/types';
import type { StepRun } from '../../domain/run.ts';
import { type ExecutableStep, runsByItself } from '../../domain/runbook.ts';
import type { RunCard, StepStatus } from '../../runs/run-card.ts';
import { plainLine } from '../text-safety.ts';
import {
  actions,
  type Block,
  bold,
  button,
  code,
  italic,
  line,
  type Piece,
  person,
  preformatted,
  richText,
} from './blocks.ts';
import { effectLook } from './looks.ts';
import { outputButtons } from './output-buttons.ts';
import { isSuggested, isUnderWay, stepIcon, stepOutcome } from './step-look.ts';
import { whenElement } from './time-text.ts';

/** Characters of commands and outputs on the card; the approval card shows the command in full. */
export type StepRoom = { readonly command: number; readonly output: number };

/** A read step under Diagnose or Verify: result, what was expected, what was printed. */
export function diagnosticBlocks(status: StepStatus, card: RunCard, room: StepRoom): Block[] {
  const { step, stepRun } = status;
  if (step.kind !== 'executable') return manualBlocks(status, null);
  const about: Piece[] = [`${stepIcon(stepRun)} `, bold(plainLine(step.title, 150))];
  if (status.unavailable) about.push(` · ${plainLine(status.unavailable, 200)}`);
  else if (stepRun) about.push(` · ${stepOutcome(stepRun)}`);
  if (stepRun?.purpose === 'verify') about.push(' · verify');
  if (step.expect) about.push('\nexpects ', code(plainLine(step.expect, 200)));
  if (stepRun?.error) about.push('\n', italic(plainLine(stepRun.error, 300)));
  return [
    richText(line(...about), printed(status, room)),
    ...outputButtons(status, room.output),
    ...runButton(status, card),
  ];
}

/** Before a step ran its command is shown, afterwards what it printed: never neither, so that edits keep their shape. */
function printed(status: StepStatus, room: StepRoom) {
  const step = status.step as ExecutableStep;
  const { stepRun } = status;
  if (!stepRun || stepRun.output === null || stepRun.finishedAt === null) {
    return preformatted(stepRun?.display || step.text, room.command);
  }
  if (step.sensitive) return line(italic('The output is sensitive and is kept off Slack for a day.'));
  const omitted = stepRun.omittedBytes > 0 ? `\n… ${stepRun.omittedBytes} more bytes were not kept …` : '';
  return preformatted(`${stepRun.output}${omitted}`, room.output);
}

/** A step that acts: what it would do, why it is offered, and the button that asks for it. */
export function actingBlocks(status: StepStatus, card: RunCard, room: StepRoom): Block[] {
  const { step, stepRun } = status;
  if (step.kind === 'manual') return manualBlocks(status, card);
  const about: Piece[] = [
    `${stepIcon(stepRun)} `,
    bold(plainLine(step.title, 150)),
    ` · ${effectLook(step.effect)} · ${plainLine(step.target, 80)}`,
  ];
  if (step.option) about.push(`\n${plainLine(step.option, 150)} (one of the options is chosen)`);
  if (isSuggested(status)) about.push('\n👉 Suggested now: ', code(plainLine(step.when ?? '', 200)), ' holds');
  if (status.offered === false)
    about.push('\nNot suggested now: ', code(plainLine(step.when ?? '', 200)), ' does not hold');
  if (stepRun) about.push(`\n${stepOutcome(stepRun)}`, ...approvalPieces(status));
  if (stepRun?.error) about.push('\n', italic(plainLine(stepRun.error, 300)));
  about.push(...targetPieces(status));
  if (status.unavailable) about.push(`\n⚠️ ${plainLine(status.unavailable, 250)}`);
  const shown =
    stepRun?.output && !step.sensitive && stepRun.finishedAt ? [preformatted(stepRun.output, room.output)] : [];
  return [
    richText(line(...about), preformatted(stepRun?.display || step.text, room.command), ...shown),
    ...outputButtons(status, room.output),
    ...(step.effect === 'read' ? runButton(status, card) : stepButtons(status, card)),
  ];
}

/** Who has its target, and which place in the line it has. */
function targetPieces(status: StepStatus): Piece[] {
  const { holder, place } = status;
  const line = place === null ? [] : [`, ${ordinal(place)} in line`];
  if (holder === null) return place === null ? [] : ['\nWaits for its target', ...line];
  const who: Piece[] =
    holder.title === null || holder.by === null
      ? ['a step that is not shown here']
      : [`“${plainLine(holder.title, 80)}” of `, person(holder.by)];
  if (holder.incident !== null) who.push(` (incident ${holder.incident})`);
  if (holder.heldUntil === null)
    return place === null ? ['\n🔒 ', ...who, ' runs on its target'] : ['\n🔒 Waits for ', ...who, ...line];
  const until = [
    ' keeps the target until ',
    whenElement(holder.heldUntil),
    ': nobody knows what became of it. Look, then release it',
  ];
  return ['\n🔒 ', ...who, ...until, ...(place === null ? [] : [`; this step waits${line.join('')}`])];
}

function ordinal(place: number): string {
  return ['next', '2nd', '3rd'][place - 1] ?? `${place}th`;
}

/** What only reads needs no approval. */
function runButton(status: StepStatus, card: RunCard): Block[] {
  const { step } = status;
  if (!runsByItself(card.runbook, step) || status.unavailable !== null || card.tooOld || isUnderWay(status)) return [];
  const text = status.stepRun === null ? 'Run' : 'Run again';
  return [actions([button({ action: 'step.run', text, value: stepValue(card, step.id) })])];
}

function approvalPieces(status: StepStatus): Piece[] {
  const approval = status.approval;
  if (approval?.state !== 'pending') return [];
  const given = approval.decisions.filter((decision) => decision.decision === 'approve').length;
  return [` until `, whenElement(approval.expiresAt), `, ${given} of ${approval.policy.approvers}`];
}

function stepButtons(status: StepStatus, card: RunCard): Block[] {
  const buttons = [
    ...(isUnderWay(status) ? cancelButton(status.stepRun) : [...askButton(status, card), ...verifyButton(status)]),
    ...releaseButton(status),
  ];
  return buttons.length === 0 ? [] : [actions(buttons)];
}

function askButton(status: StepStatus, card: RunCard): Button[] {
  const { step } = status;
  const reverts = card.temporary.some(({ revertStep }) => revertStep === step.id);
  if (status.unavailable !== null || (card.tooOld && !reverts)) return [];
  const again = status.stepRun !== null;
  const text = again ? 'Ask again' : 'Ask for approval';
  const look: Parameters<typeof button>[0] = { action: 'step.request', text, value: stepValue(card, step.id) };
  return [button(isSuggested(status) && !again ? { ...look, style: 'primary' } : look)];
}

/** Stops a changing step at whatever stage it is. */
export function cancelButton(stepRun: StepRun | null): Button[] {
  if (!stepRun || stepRun.cancelRequestedAt !== null) return [];
  const text =
    stepRun.state === 'running'
      ? 'It is stopped as far as its target allows. What it had done by then stays done.'
      : 'It is not run.';
  const confirm = { title: 'Cancel this step?', text, yes: 'Cancel the step' };
  return [button({ action: 'step.cancel', text: 'Cancel', value: String(stepRun.id), style: 'danger', confirm })];
}

function releaseButton({ holder }: StepStatus): Button[] {
  if (holder === null || holder.heldUntil === null || holder.title === null) return [];
  const text = 'Other steps may change the target again. Do it when you have looked what became of the step.';
  const confirm = { title: 'Release the target?', text, yes: 'Release' };
  return [button({ action: 'target.release', text: 'Release', value: String(holder.stepRun), confirm })];
}

/** After an unknown outcome a person looks with the verify step. */
function verifyButton(status: StepStatus): Button[] {
  const step = status.step as ExecutableStep;
  if (!step.verify || !status.stepRun?.finishedAt) return [];
  return [button({ action: 'run.verify', text: 'Verify', value: String(status.stepRun.id) })];
}

function manualBlocks(status: StepStatus, card: RunCard | null): Block[] {
  const { step, tick } = status;
  const text = step.kind === 'manual' ? step.text : step.title;
  if (tick) return [richText(line('☑️ ', plainLine(text, 600), ' · ', person(tick.person), ' ', whenElement(tick.at)))];
  const about = richText(line('⬜ ', plainLine(text, 600)));
  if (!card || status.unavailable) return [about];
  return [about, actions([button({ action: 'step.tick', text: 'Done', value: stepValue(card, step.id) })])];
}

/** A step of a run in a button: `<run>/<step>`. */
export function stepValue(card: Pick<RunCard, 'run'>, step: string): string {
  return `${card.run.id}/${step}`;
}
