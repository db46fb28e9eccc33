import { acknowledgePage, resumeLadder, skipRung, stopLadder } from '../../escalation/climb.ts';
import { UserError } from '../../lib/errors.ts';
import { startDiagnostics } from '../../runs/diagnose.ts';
import { startDrill } from '../../runs/drill.ts';
import { missingParams, previewStep } from '../../runs/request.ts';
import { tickStep } from '../../runs/tick-step.ts';
import { startVerify } from '../../runs/verify.ts';
import { chosenGesture } from '../incident-choice.ts';
import * as gestures from '../incident-gestures.ts';
import { askRunbook, openRunbook } from '../runbook-gestures.ts';
import { askOutput, askOutputFile, askSecret } from '../secret-gestures.ts';
import { type Answer, actorOf, type Ui, type Visitor } from '../ui.ts';
import type { ActionId } from '../views/action-ids.ts';
import { stepModal } from '../views/step-modals.ts';
import { sentence } from '../views/welcome.ts';
import { requireRunVisible, requireVisible } from '../visibility.ts';
import { pressApprove, pressPlan, pressWithReason } from './approval-gestures.ts';
import * as steps from './step-gestures.ts';

/** What a button or menu does; `value` is what it carries, ids alone. */
export type Press = (ui: Ui, visitor: Visitor, value: string) => Promise<Answer>;

const STALE = 'This button is from an older message; use the newest card, or type the command instead.';

/** A number that stands in a button. Old messages may carry what this version does not know. */
function numberIn(value: string): number {
  if (/^\d{1,15}$/u.test(value)) return Number(value);
  throw new UserError('button_stale', STALE, { value });
}

function stepIn(value: string): { run: number; step: string } {
  const [, run, step] = /^(\d{1,15})\/([a-z][a-z0-9_]*)$/u.exec(value) ?? [];
  if (run !== undefined && step !== undefined) return { run: Number(run), step };
  throw new UserError('button_stale', STALE, { value });
}

const onIncident =
  (gesture: gestures.Gesture): Press =>
  (ui, visitor, value) =>
    gesture(ui, visitor, numberIn(value));

/** Handlers of all buttons and menus except the one that only changes a form. */
export const PRESSES: Readonly<Record<Exclude<ActionId, 'declare.system' | 'runbook.pick'>, Press>> = {
  'incident.declare': (ui, visitor) => gestures.askDeclaration(ui, visitor, ''),
  'incident.acknowledge': onIncident(gestures.acknowledge),
  'incident.command': onIncident(gestures.command),
  'incident.severity': onIncident(gestures.askSeverity),
  'incident.update': onIncident(gestures.askUpdate),
  'incident.escalate': onIncident(gestures.escalate),
  'incident.resolve': onIncident(gestures.askSummary),
  'incident.status': onIncident(gestures.status),
  'incident.pick': (ui, visitor, value) => {
    const chosen = chosenGesture(value);
    if (chosen) return chosen.gesture(ui, visitor, chosen.incident);
    throw new UserError('button_stale', STALE, { value });
  },
  'page.acknowledge': async (ui, visitor, value) => {
    const { incident, first } = await acknowledgePage(ui.context, {
      page: numberIn(value),
      actor: await actorOf(ui, visitor),
    });
    const said = first ? 'You acknowledged this page' : 'This page was answered before; nothing changed';
    return sentence(`${said} (incident ${incident.number}).`);
  },
  'ladder.next': onIncident(gestures.escalate),
  'ladder.skip': async (ui, visitor, value) => {
    const { contact } = await skipRung(ui.context, await aimed(ui, visitor, value));
    return sentence(`${contact} will not be paged for incident ${value}.`);
  },
  'ladder.stop': async (ui, visitor, value) => {
    await stopLadder(ui.context, await aimed(ui, visitor, value));
    return null;
  },
  'ladder.resume': async (ui, visitor, value) => {
    await resumeLadder(ui.context, await aimed(ui, visitor, value));
    return null;
  },
  'runbook.open': (ui, visitor, value) => {
    const [, id = value, incident] = /^(.*?)(?:\/(\d{1,15}))?$/u.exec(value) ?? [];
    return openRunbook(ui, visitor, { id, incident: incident === undefined ? null : Number(incident) });
  },
  'runbook.search': (ui, visitor, value) => askRunbook(ui, visitor, /^\d+$/u.test(value) ? Number(value) : null),
  'run.diagnose': async (ui, visitor, value) => {
    await requireRunVisible(ui, visitor, numberIn(value));
    await startDiagnostics(ui.context, { run: numberIn(value), actor: await actorOf(ui, visitor) });
    return null;
  },
  'run.verify': async (ui, visitor, value) => {
    await steps.requireStepVisible(ui, visitor, numberIn(value));
    await startVerify(ui.context, { stepRun: numberIn(value), actor: await actorOf(ui, visitor) });
    return null;
  },
  'run.cancel': (ui, visitor, value) => steps.pressCancelReads(ui, visitor, numberIn(value)),
  'run.rehearse': (ui, visitor, value) => steps.pressRehearse(ui, visitor, numberIn(value)),
  'step.run': (ui, visitor, value) => steps.pressRun(ui, visitor, stepIn(value)),
  'step.cancel': (ui, visitor, value) => steps.pressCancel(ui, visitor, numberIn(value)),
  'target.release': (ui, visitor, value) => steps.pressRelease(ui, visitor, numberIn(value)),
  'temporary.revert': async (ui, visitor, value) => {
    await requireRunVisible(ui, visitor, stepIn(value).run);
    return (await steps.isDoneByHand(ui, stepIn(value))) ? tick(ui, visitor, value) : askStep(ui, visitor, value);
  },
  'step.request': askStep,
  'step.tick': tick,
  'approval.approve': (ui, visitor, value) => pressApprove(ui, visitor, numberIn(value)),
  'approval.deny': (ui, visitor, value) =>
    pressWithReason(ui, visitor, { approval: numberIn(value), decision: 'deny' }),
  'approval.alone': (ui, visitor, value) =>
    pressWithReason(ui, visitor, { approval: numberIn(value), decision: 'alone' }),
  'approval.break_glass': (ui, visitor, value) =>
    pressWithReason(ui, visitor, { approval: numberIn(value), decision: 'break_glass' }),
  'plan.request': (ui, visitor, value) => pressPlan(ui, visitor, numberIn(value)),
  'secret.give': (ui, visitor, value) => askSecret(ui, visitor, numberIn(value)),
  'output.show': (ui, visitor, value) => askOutput(ui, visitor, numberIn(value)),
  'output.file': (ui, visitor, value) => askOutputFile(ui, visitor, numberIn(value)),
  'drill.start': async (ui, visitor, value) => {
    const actor = await actorOf(ui, visitor);
    const incident = await startDrill(ui.context, { scenario: value, actor, requestKey: visitor.requestKey });
    return sentence(
      `The fault is there and incident ${incident.number} is open for it: find it with its runbook, and end it.`,
    );
  },
};

async function aimed(ui: Ui, visitor: Visitor, value: string) {
  await requireVisible(ui, visitor, numberIn(value));
  return { incident: numberIn(value), actor: await actorOf(ui, visitor) };
}

async function tick(ui: Ui, visitor: Visitor, value: string): Promise<Answer> {
  await requireRunVisible(ui, visitor, stepIn(value).run);
  await tickStep(ui.context, { ...stepIn(value), actor: await actorOf(ui, visitor) });
  return null;
}

async function askStep(ui: Ui, visitor: Visitor, value: string): Promise<Answer> {
  const wanted = stepIn(value);
  await requireRunVisible(ui, visitor, wanted.run);
  const [preview, missing] = await Promise.all([previewStep(ui.context, wanted), missingParams(ui.context, wanted)]);
  const view = stepModal({ ...wanted, ...preview, missing });
  await ui.call('interactive', 'views.open', { trigger_id: visitor.trigger, view });
  return null;
}
