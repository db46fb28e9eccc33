import type { ModalView } from '@slack/types';
import type { Effect } from '../../domain/effect.ts';
import type { Param } from '../../domain/runbook.ts';
import { escapeLine } from '../text-safety.ts';
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
