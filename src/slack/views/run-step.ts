import type { Button } from '@slack/types';
import type { ExecutableStep } from '../../domain/runbook.ts';
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
import { isSuggested, isUnderWay, stepIcon, stepOutcome } from './step-look.ts';
import { whenElement } from './time-text.ts';

/** Characters of commands and outputs on the card; the approval card shows the command in full. */
export type StepRoom = { readonly command: number; readonly output: number };

/** A read step under Diagnose or Verify: result, what was expected, what was printed. */
export function diagnosticBlocks(status: StepStatus, room: StepRoom): Block[] {
  const { step, stepRun } = status;
  if (step.kind !== 'executable') return manualBlocks(status, null);
  const about: Piece[] = [`${stepIcon(stepRun)} `, bold(plainLine(step.title, 150))];
  if (status.unavailable) about.push(` · ${plainLine(status.unavailable, 200)}`);
  else if (stepRun) about.push(` · ${stepOutcome(stepRun)}`);
  if (stepRun?.purpose === 'verify') about.push(' · verify');
  if (step.expect) about.push('\nexpects ', code(plainLine(step.expect, 200)));
  if (stepRun?.error) about.push('\n', italic(plainLine(stepRun.error, 300)));
  return [richText(line(...about), printed(status, room))];
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
  if (status.waitingFor !== null && isUnderWay(status))
    about.push(`\nWaits for its target: step run ${status.waitingFor} holds it.`);
  if (status.unavailable) about.push(`\n⚠️ ${plainLine(status.unavailable, 250)}`);
  const shown =
    stepRun?.output && !step.sensitive && stepRun.finishedAt ? [preformatted(stepRun.output, room.output)] : [];
  return [
    richText(line(...about), preformatted(stepRun?.display || step.text, room.command), ...shown),
    ...askButton(status, card),
  ];
}

function approvalPieces(status: StepStatus): Piece[] {
  const approval = status.approval;
  if (approval?.state !== 'pending') return [];
  const given = approval.decisions.filter((decision) => decision.decision === 'approve').length;
  return [` until `, whenElement(approval.expiresAt), `, ${given} of ${approval.policy.approvers}`];
}

function askButton(status: StepStatus, card: RunCard): Block[] {
  const step = status.step as ExecutableStep;
  // What only reads needs no approval; it runs under Diagnose and Verify.
  if (status.unavailable !== null || isUnderWay(status) || step.effect === 'read') return [];
  const again = status.stepRun !== null;
  const text = again ? 'Ask again' : 'Ask for approval';
  const look: Parameters<typeof button>[0] = { action: 'step.request', text, value: stepValue(card, step.id) };
  return [
    actions([button(isSuggested(status) && !again ? { ...look, style: 'primary' } : look), ...verifyButton(status)]),
  ];
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
