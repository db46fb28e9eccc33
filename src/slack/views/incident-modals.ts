import type { ContextBlock, ModalView, PlainTextOption } from '@slack/types';
import { type Incident, MAX_PROSE } from '../../domain/incident.ts';
import type { SystemDefinition } from '../../domain/system.ts';
import type { TemporaryState } from '../../domain/temporary.ts';
import { escapeLine } from '../text-safety.ts';
import type { CallbackId } from './action-ids.ts';
import { context, plain, section } from './blocks.ts';
import { severityEmoji } from './looks.ts';
import { temporaryLine } from './temporary.ts';

/** Names of inputs: their block id is `<name>`, their action id `value`. */
export const VALUE = 'value';

type ModalLook = {
  readonly callback: CallbackId;
  readonly title: string;
  readonly submit: string;
  /** What the modal is about, as ids; read back when it is submitted. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly blocks: ModalView['blocks'];
};

/** A modal with a submit button. Titles and buttons hold at most 24 characters (Block Kit reference). */
export function modal(look: ModalLook): ModalView {
  return {
    type: 'modal',
    callback_id: look.callback,
    title: plain(look.title, 24),
    submit: plain(look.submit, 24),
    close: plain('Cancel', 24),
    private_metadata: JSON.stringify(look.metadata),
    blocks: look.blocks,
  };
}

/** A modal that only says something: while slow reading goes on, or after it failed. */
export function noticeModal(title: string, text: string): ModalView {
  return { type: 'modal', title: plain(title, 24), close: plain('Close', 24), blocks: [section(text)] };
}

type InputLook = {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly placeholder?: string;
  readonly initial?: string;
  readonly optional?: boolean;
  readonly multiline?: boolean;
  readonly focus?: boolean;
};

/**
 * A text input. Its limit is Slack's own 3,000, above that of some fields, so that a text that is too long comes back
 * with a sentence and not with a counter that turned red.
 */
export function textInput(look: InputLook): ModalView['blocks'][number] {
  return {
    type: 'input',
    block_id: look.name,
    label: plain(look.label, 2_000),
    ...(look.hint ? { hint: plain(look.hint, 2_000) } : {}),
    optional: look.optional ?? false,
    element: {
      type: 'plain_text_input',
      action_id: VALUE,
      multiline: look.multiline ?? false,
      ...(look.placeholder ? { placeholder: plain(look.placeholder, 150) } : {}),
      ...(look.initial ? { initial_value: look.initial.slice(0, MAX_PROSE) } : {}),
      ...(look.focus ? { focus_on_load: true } : {}),
    },
  };
}

/** The levels of a system's own scheme with what they mean. */
export function severityOptions(system: SystemDefinition): PlainTextOption[] {
  return system.severities.slice(0, 10).map((severity) => ({
    text: plain(`${severityEmoji(severity.rank)} ${severity.level}`, 75),
    description: plain(severity.definition, 75),
    value: severity.level,
  }));
}

/** The definitions that do not fit beside their option, in full. */
export function longDefinitions(system: SystemDefinition): ContextBlock[] {
  const long = system.severities.filter((severity) => severity.definition.length > 75).slice(0, 10);
  return long.length === 0
    ? []
    : [context(...long.map((severity) => escapeLine(`${severity.level}: ${severity.definition}`, 500)))];
}

/** Which level, and why. */
export function severityModal(incident: Incident, system: SystemDefinition): ModalView {
  const options = severityOptions(system);
  const current = options.find((option) => option.value === incident.severity);
  return modal({
    callback: 'incident.severity',
    title: `Severity of incident ${incident.number}`,
    submit: 'Change severity',
    metadata: { incident: incident.number },
    blocks: [
      section(`*${escapeLine(incident.title, 200)}* is ${escapeLine(incident.severity)} now.`),
      {
        type: 'input',
        block_id: 'severity',
        label: plain('New severity', 100),
        element: {
          type: 'radio_buttons',
          action_id: VALUE,
          options,
          ...(current ? { initial_option: current } : {}),
        },
      },
      ...longDefinitions(system),
      textInput({
        name: 'reason',
        label: 'Why',
        optional: true,
        multiline: true,
        placeholder: 'What you know now that was not known before',
      }),
    ],
  });
}

/** An update for stakeholders. */
export function updateModal(incident: Incident): ModalView {
  return modal({
    callback: 'incident.update',
    title: `Update, incident ${incident.number}`,
    submit: 'Post update',
    metadata: { incident: incident.number },
    blocks: [
      textInput({
        name: 'text',
        label: 'Update for everybody who follows',
        hint: 'What is known, what is being done, and when the next update comes.',
        multiline: true,
        focus: true,
      }),
    ],
  });
}

/** What is temporary has to be taken back first, or left with a reason. */
function leaveInput(temporary: readonly TemporaryState[]): ModalView['blocks'] {
  if (temporary.length === 0) return [];
  return [
    section(temporary.slice(0, 10).map(temporaryLine).join('\n')),
    textInput({
      name: 'leave',
      label: 'Leave it in place? Then say why',
      hint: 'Empty: revert it first, with the button on the incident card. The reason stands on the timeline.',
      optional: true,
      multiline: true,
    }),
  ];
}

/** Resolving asks for a summary, and about what is temporary. */
export function resolveModal(incident: Incident, temporary: readonly TemporaryState[] = []): ModalView {
  return modal({
    callback: 'incident.resolve',
    title: `Resolve incident ${incident.number}`,
    submit: 'Resolve',
    metadata: { incident: incident.number },
    blocks: [
      section(
        `*${escapeLine(incident.title, 200)}*\nEvery timer and page of this incident ends; the duration and the timeline are posted.`,
      ),
      textInput({
        name: 'summary',
        label: 'Summary',
        hint: 'What was wrong and what ended it, in a sentence or two.',
        multiline: true,
        focus: true,
      }),
      ...leaveInput(temporary),
    ],
  });
}
