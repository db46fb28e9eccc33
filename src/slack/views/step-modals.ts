import type { ModalView } from '@slack/types';
import { type Effect, strongest } from '../../domain/effect.ts';
import type { Param } from '../../domain/runbook.ts';
import type { ApprovalCard } from '../../runs/approval-card.ts';
import { escapeLine } from '../text-safety.ts';
import { titleOf } from './approval-card.ts';
import { fields, line, plain, preformatted, richText } from './blocks.ts';
import { modal, textInput, VALUE } from './incident-modals.ts';
import { effectLook } from './looks.ts';

export type StepForm = {
  readonly run: number;
  readonly step: string;
  readonly title: string;
  /** The command as far as it is known; the approval card shows the exact one. */
  readonly display: string;
  readonly effect: Effect;
  readonly target: string;
  readonly missing: readonly Param[];
};

/** The steps that a plan can be made of. */
export type PlanForm = {
  readonly run: number;
  readonly steps: readonly {
    readonly id: string;
    readonly title: string;
    readonly effect: Effect;
    readonly target: string;
    readonly option: string | null;
    readonly suggested: boolean;
  }[];
};

/** Asks why a step is wanted, and for the values that are missing. Secrets are never asked here. */
export function stepModal(form: StepForm): ModalView {
  return modal({
    callback: 'step.request',
    title: 'Ask for approval',
    submit: 'Ask for approval',
    metadata: { run: form.run, step: form.step },
    blocks: [
      richText(line(form.title), preformatted(form.display, 2_500)),
      fields([
        ['Target', escapeLine(form.target, 150)],
        ['Effect', effectLook(form.effect)],
      ]),
      ...form.missing
        .filter((param) => param.type !== 'secret')
        .slice(0, 20)
        .map(paramInput),
      textInput({
        name: 'reason',
        label: 'Why now?',
        hint: 'Whoever approves reads this beside the command.',
        multiline: true,
      }),
    ],
  });
}

/** Asks for the values that a step which only reads needs; it runs at once. */
export function readModal(form: StepForm): ModalView {
  return modal({
    callback: 'step.run',
    title: 'Run a step',
    submit: 'Run',
    metadata: { run: form.run, step: form.step },
    blocks: [
      richText(line(form.title), preformatted(form.display, 2_500)),
      fields([['Target', escapeLine(form.target, 150)]]),
      ...form.missing.slice(0, 20).map(paramInput),
    ],
  });
}

/** The block id of a parameter's input. */
export function paramBlock(name: string): string {
  return `param:${name}`;
}

function paramInput(param: Param): ModalView['blocks'][number] {
  const label = param.name;
  const hint = [param.description ?? '', describeParam(param)].filter((text) => text !== '').join(' ');
  const choices =
    param.type === 'boolean' ? ['true', 'false'] : param.type === 'choice' ? param.choices.slice(0, 100) : [];
  if (choices.length === 0) {
    return textInput({
      name: paramBlock(param.name),
      label,
      hint,
      ...(param.default === null ? {} : { initial: String(param.default) }),
    });
  }
  const options = choices.map((choice) => ({ text: plain(choice, 75), value: choice.slice(0, 75) }));
  const initial = options.find((option) => option.value === String(param.default));
  return {
    type: 'input',
    block_id: paramBlock(param.name),
    label: plain(label, 2_000),
    ...(hint ? { hint: plain(hint, 2_000) } : {}),
    element: { type: 'static_select', action_id: VALUE, options, ...(initial ? { initial_option: initial } : {}) },
  };
}

function describeParam(param: Param): string {
  const range = [param.min === null ? '' : `at least ${param.min}`, param.max === null ? '' : `at most ${param.max}`];
  const bounds = range.filter((text) => text !== '').join(', ');
  const pattern = param.pattern ? `matching ${param.pattern}` : '';
  return [`A ${param.type}`, bounds, pattern]
    .filter((text) => text !== '')
    .join(', ')
    .concat('.');
}

/** An approver of what destroys types the name of the target, so that a click alone cannot do it. */
export function approveModal(card: ApprovalCard): ModalView {
  return modal({
    callback: 'approval.approve',
    title: 'Approve',
    submit: 'Approve',
    metadata: { approval: card.approval.id },
    blocks: [
      richText(
        line(titleOf(card)),
        ...card.covered.slice(0, 10).map((one) => preformatted(one.display, Math.floor(2_500 / card.covered.length))),
      ),
      fields([
        ['Target', escapeLine(`${card.run.system}/${card.targetToType}`, 150)],
        ['Effect', effectLook(strongest(...card.covered.map((one) => one.effect)))],
      ]),
      textInput({
        name: 'target',
        label: `Type ${card.targetToType} to approve`,
        hint: 'This cannot be taken back: the name of the target, exactly as it stands above, without its system.',
        focus: true,
      }),
    ],
  });
}

/** Why somebody goes on without a second person: it is announced in the hub and looked at in the review. */
export function aloneModal(card: ApprovalCard, how: 'alone' | 'break_glass'): ModalView {
  const glass = how === 'break_glass';
  return modal({
    callback: glass ? 'approval.break_glass' : 'approval.alone',
    title: glass ? 'Break glass' : 'Go on alone',
    submit: 'Run it',
    metadata: { approval: card.approval.id },
    blocks: [
      richText(
        line(`${titleOf(card)} will run without a second person.`),
        ...card.covered.slice(0, 10).map((one) => preformatted(one.display, Math.floor(2_500 / card.covered.length))),
      ),
      textInput({
        name: 'reason',
        label: 'Why can it not wait?',
        hint: 'Everybody in the hub reads this, and the review will look at it.',
        multiline: true,
        focus: true,
      }),
    ],
  });
}

/** Several steps of one run in one request: they are approved together and run one after the other. */
export function planModal(plan: PlanForm): ModalView {
  const options = plan.steps.slice(0, 10).map((step) => ({
    text: plain(step.title, 75),
    description: plain(`${step.effect} on ${step.target}${step.option ? ` · ${step.option}` : ''}`, 75),
    value: step.id,
  }));
  const suggested = options.filter((_, index) => plan.steps[index]?.suggested);
  return modal({
    callback: 'plan.request',
    title: 'Ask for a plan',
    submit: 'Ask for approval',
    metadata: { run: plan.run },
    blocks: [
      {
        type: 'input',
        block_id: 'steps',
        label: plain('Steps, in this order', 2_000),
        hint: plain('One approval covers all of them. The plan stops at the first that fails or does not help.', 2_000),
        element: {
          type: 'checkboxes',
          action_id: VALUE,
          options,
          ...(suggested.length > 0 ? { initial_options: suggested } : {}),
        },
      },
      textInput({
        name: 'reason',
        label: 'Why now?',
        hint: 'Whoever approves reads this beside the commands.',
        multiline: true,
      }),
    ],
  });
}

/** Why a request is denied: whoever asked should learn it. */
export function denyModal(approval: number, title: string): ModalView {
  return modal({
    callback: 'approval.deny',
    title: 'Deny',
    submit: 'Deny',
    metadata: { approval },
    blocks: [
      richText(line(`“${title}” will not be run.`)),
      textInput({ name: 'reason', label: 'Why not?', hint: 'Whoever asked reads this.', multiline: true, focus: true }),
    ],
  });
}
