import type { DecisionKind } from '../../domain/approval.ts';
import { acknowledgePage, resumeLadder, skipRung, stopLadder } from '../../escalation/climb.ts';
import { UserError } from '../../lib/errors.ts';
import { startDiagnostics } from '../../runs/diagnose.ts';
import { missingParams, previewStep } from '../../runs/request.ts';
import { tickStep } from '../../runs/tick-step.ts';
import { startVerify } from '../../runs/verify.ts';
import { startDrillHere } from '../drill-gestures.ts';
import { type Admitted, type Guarded, guard, guardedBy, type Needs } from '../gate.ts';
import { chosenGesture } from '../incident-choice.ts';
import * as gestures from '../incident-gestures.ts';
import { askRunbook, openRunbook } from '../runbook-gestures.ts';
import { askOutput, askOutputFile, askSecret } from '../secret-gestures.ts';
import type { Answer, Ui } from '../ui.ts';
import type { ActionId } from '../views/action-ids.ts';
import { sentence } from '../views/message.ts';
import { stepModal } from '../views/step-modals.ts';
import { pressApprove, pressPlan, pressWithReason } from './approval-gestures.ts';
import * as steps from './step-gestures.ts';

/** What a button or menu does; its input is what it carries, ids alone. */
export type Press = Guarded<string>;

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

/** Guarded gestures about something with a number. */
const numbered =
  (about: 'incident' | 'run' | 'step' | 'approval' | 'page') =>
  (needs: Needs, work: (ui: Ui, visitor: Admitted, id: number) => Promise<Answer>): Press =>
    guard(
      { about, needs },
      (value) => ({ kind: about, id: numberIn(value) }),
      (ui, visitor, value) => work(ui, visitor, numberIn(value)),
    );

const onIncident = numbered('incident');
const onRun = numbered('run');
const onStepRun = numbered('step');
const onApproval = numbered('approval');

/** Gestures about one step of a runbook that is open. */
const onStep = (work: (ui: Ui, visitor: Admitted, wanted: steps.StepOfRun) => Promise<Answer>): Press =>
  guard(
    { about: 'run', needs: 'responder' },
    (value) => ({ kind: 'run', id: stepIn(value).run }),
    (ui, visitor, value) => work(ui, visitor, stepIn(value)),
  );

const byNumber = (gesture: Guarded<number>): Press => guardedBy(gesture, numberIn);

const withReason = (decision: Exclude<DecisionKind, 'approve'>): Press =>
  onApproval('policy', (ui, visitor, approval) => pressWithReason(ui, visitor, { approval, decision }));

/** Handlers of all buttons and menus except the one that only changes a form. */
export const PRESSES: Readonly<Record<Exclude<ActionId, 'declare.system' | 'runbook.pick'>, Press>> = {
  'incident.declare': guardedBy(gestures.askDeclaration, () => ''),
  'incident.list': gestures.listVisible,
  'incident.acknowledge': byNumber(gestures.acknowledge),
  'incident.command': byNumber(gestures.command),
  'incident.severity': byNumber(gestures.askSeverity),
  'incident.update': byNumber(gestures.askUpdate),
  'incident.escalate': byNumber(gestures.escalate),
  'incident.resolve': byNumber(gestures.askSummary),
  'incident.status': byNumber(gestures.status),
  // What was chosen has a rule of its own.
  'incident.pick': guard(
    { about: 'incident', needs: 'viewer' },
    (value) => ({ kind: 'incident', id: chosen(value).incident }),
    (ui, visitor, value) => chosen(value).gesture(ui, visitor, chosen(value).incident),
  ),
  'page.acknowledge': numbered('page')('paged', async (ui, visitor, page) => {
    const { incident, first } = await acknowledgePage(ui.context, { page, actor: visitor.person });
    const said = first ? 'You acknowledged this page' : 'This page was answered before; nothing changed';
    return sentence(`${said} (incident ${incident.number}).`);
  }),
  'ladder.next': byNumber(gestures.escalate),
  'ladder.skip': onIncident('responder', async (ui, { person: actor }, incident) => {
    const { contact } = await skipRung(ui.context, { incident, actor });
    return sentence(`${contact} will not be paged for incident ${incident}.`);
  }),
  'ladder.stop': onIncident('responder', async (ui, { person: actor }, incident) => {
    await stopLadder(ui.context, { incident, actor });
    return null;
  }),
  'ladder.resume': onIncident('responder', async (ui, { person: actor }, incident) => {
    await resumeLadder(ui.context, { incident, actor });
    return null;
  }),
  'runbook.open': guardedBy(openRunbook, (value) => {
    const [, id = value, incident] = /^(.*?)(?:\/(\d{1,15}))?$/u.exec(value) ?? [];
    return { id, incident: incident === undefined ? null : Number(incident) };
  }),
  'runbook.search': guardedBy(askRunbook, (value) => (/^\d{1,15}$/u.test(value) ? Number(value) : null)),
  'run.diagnose': onRun('responder', async (ui, { person: actor }, run) => {
    await startDiagnostics(ui.context, { run, actor });
    return null;
  }),
  'run.verify': onStepRun('responder', async (ui, { person: actor }, stepRun) => {
    await startVerify(ui.context, { stepRun, actor });
    return null;
  }),
  'run.cancel': onRun('asked', steps.pressCancelReads),
  'run.rehearse': onRun('responder', steps.pressRehearse),
  'step.run': onStep(steps.pressRun),
  'step.cancel': onStepRun('asked', steps.pressCancel),
  'target.release': onStepRun('responder', steps.pressRelease),
  'temporary.revert': onStep(async (ui, visitor, wanted) =>
    (await steps.isDoneByHand(ui, wanted)) ? tick(ui, visitor, wanted) : askStep(ui, visitor, wanted),
  ),
  'step.request': onStep(askStep),
  'step.tick': onStep(tick),
  'approval.approve': onApproval('policy', pressApprove),
  'approval.deny': withReason('deny'),
  'approval.alone': withReason('alone'),
  'approval.break_glass': withReason('break_glass'),
  'plan.request': onRun('responder', pressPlan),
  'secret.give': byNumber(askSecret),
  'output.show': byNumber(askOutput),
  'output.file': byNumber(askOutputFile),
  'drill.start': startDrillHere,
};

function chosen(value: string): { gesture: gestures.Gesture; incident: number } {
  const found = chosenGesture(value);
  if (found) return found;
  throw new UserError('button_stale', STALE, { value });
}

async function tick(ui: Ui, visitor: Admitted, wanted: steps.StepOfRun): Promise<Answer> {
  await tickStep(ui.context, { ...wanted, actor: visitor.person });
  return null;
}

async function askStep(ui: Ui, visitor: Admitted, wanted: steps.StepOfRun): Promise<Answer> {
  const [preview, missing] = await Promise.all([previewStep(ui.context, wanted), missingParams(ui.context, wanted)]);
  const view = stepModal({ ...wanted, ...preview, missing });
  await ui.call('interactive', 'views.open', { trigger_id: visitor.trigger, view });
  return null;
}
