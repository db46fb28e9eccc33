import type { ModalView, PlainTextOption } from '@slack/types';
import type { Runbook } from '../../domain/runbook.ts';
import type { SystemDefinition } from '../../domain/system.ts';
import { plain } from './blocks.ts';
import { longDefinitions, modal, severityOptions, textInput, VALUE } from './incident-modals.ts';

export const NO_RUNBOOK = 'none';

export type DeclareForm = {
  readonly systems: readonly SystemDefinition[];
  readonly system: SystemDefinition;
  /** Runbooks of that system, the most fitting first. */
  readonly runbooks: readonly Runbook[];
  readonly title: string;
};

/**
 * The declare modal. What depends on the system has the system in its block id, so that a level of another scheme is never
 * carried over when the system changes, while everything else that was typed stays.
 */
export function declareModal(form: DeclareForm): ModalView {
  const { system } = form;
  const systems = form.systems.slice(0, 100).map(systemOption);
  const runbooks: PlainTextOption[] = [
    { text: plain('None yet', 75), value: NO_RUNBOOK },
    ...form.runbooks.slice(0, 99).map(runbookOption),
  ];
  const suggested = form.title !== '' && runbooks[1] ? runbooks[1] : runbooks[0];
  return modal({
    callback: 'incident.declare',
    title: 'Declare an incident',
    submit: 'Declare',
    metadata: { system: system.id },
    blocks: [
      textInput({
        name: 'title',
        label: 'What is wrong?',
        placeholder: 'Quotes fail with error 500',
        initial: form.title,
        focus: true,
      }),
      {
        type: 'input',
        block_id: 'system',
        label: plain('System', 100),
        dispatch_action: true,
        element: {
          type: 'static_select',
          action_id: 'declare.system',
          options: systems,
          initial_option: systemOption(system),
        },
      },
      {
        type: 'input',
        block_id: severityBlock(system.id),
        label: plain('Severity', 100),
        element: { type: 'radio_buttons', action_id: VALUE, options: severityOptions(system) },
      },
      ...longDefinitions(system),
      textInput({
        name: 'impact',
        label: 'What do customers notice?',
        placeholder: 'Leave it empty if you do not know yet',
        optional: true,
        multiline: true,
      }),
      {
        type: 'input',
        block_id: 'affected',
        label: plain('Customers', 100),
        optional: true,
        element: {
          type: 'checkboxes',
          action_id: VALUE,
          options: [{ text: plain('Customers are affected right now', 75), value: 'yes' }],
        },
      },
      {
        type: 'input',
        block_id: 'visibility',
        label: plain('Who may see it', 100),
        optional: true,
        element: {
          type: 'checkboxes',
          action_id: VALUE,
          options: [
            {
              text: plain('Private: only the people in its own private channel', 75),
              description: plain('For a security breach. Nothing is said in the hub.', 75),
              value: 'private',
            },
          ],
        },
      },
      {
        type: 'input',
        block_id: runbookBlock(system.id),
        label: plain('Runbook', 100),
        hint: plain('A suggestion for the status card; any other can be opened later.', 200),
        optional: true,
        element: {
          type: 'static_select',
          action_id: VALUE,
          options: runbooks,
          ...(suggested ? { initial_option: suggested } : {}),
        },
      },
    ],
  });
}

/** Block ids of the inputs that belong to one system. */
export function severityBlock(system: string): string {
  return `severity:${system}`;
}

export function runbookBlock(system: string): string {
  return `runbook:${system}`;
}

function systemOption(system: SystemDefinition): PlainTextOption {
  return {
    text: plain(system.name, 75),
    value: system.id,
    ...(system.description ? { description: plain(system.description, 75) } : {}),
  };
}

/** A runbook in a menu. Values hold 75 characters; ids of systems and runbooks are shorter together. */
export function runbookOption(runbook: Runbook): PlainTextOption {
  const draft = runbook.status === 'draft' ? ' (draft)' : '';
  return {
    text: plain(`${runbook.id} ${runbook.title}${draft}`, 75),
    value: `${runbook.system}/${runbook.id}`.slice(0, 75),
  };
}
