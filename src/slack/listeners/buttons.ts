import { withTransaction } from '../../db/transaction.ts';
import type { Verdict } from '../../domain/approval.ts';
import { acknowledgePage, resumeLadder, skipRung, stopLadder } from '../../escalation/climb.ts';
import { UserError } from '../../lib/errors.ts';
import { plural } from '../../lib/text.ts';
import { readApprovalCard } from '../../runs/approval-card.ts';
import { decide } from '../../runs/approve.ts';
import { startDiagnostics } from '../../runs/diagnose.ts';
import { startDrill } from '../../runs/drill.ts';
import { missingParams, previewStep } from '../../runs/request.ts';
import { tickStep } from '../../runs/tick-step.ts';
import { startVerify } from '../../runs/verify.ts';
import { chosenGesture } from '../incident-choice.ts';
import * as gestures from '../incident-gestures.ts';
import { askRunbook, openRunbook } from '../runbook-gestures.ts';
import { type Answer, actorOf, type Ui, type Visitor } from '../ui.ts';
import type { ActionId } from '../views/action-ids.ts';
import { denyModal, stepModal } from '../views/step-modals.ts';
import { sentence } from '../views/welcome.ts';

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
    await startDiagnostics(ui.context, { run: numberIn(value), actor: await actorOf(ui, visitor) });
    return null;
  },
  'run.verify': async (ui, visitor, value) => {
    await startVerify(ui.context, { stepRun: numberIn(value), actor: await actorOf(ui, visitor) });
    return null;
  },
  'step.request': askStep,
  'step.tick': async (ui, visitor, value) => {
    await tickStep(ui.context, { ...stepIn(value), actor: await actorOf(ui, visitor) });
    return null;
  },
  'approval.approve': async (ui, visitor, value) => {
    const person = await actorOf(ui, visitor);
    const verdict = await decide(ui.context, { approval: numberIn(value), person, decision: 'approve', reason: '' });
    return sentence(describeVerdict(verdict));
  },
  'approval.deny': askDenial,
  'drill.start': async (ui, visitor, value) => {
    const actor = await actorOf(ui, visitor);
    const incident = await startDrill(ui.context, { scenario: value, actor, requestKey: visitor.requestKey });
    return sentence(
      `The fault is there and incident ${incident.number} is open for it: find it with its runbook, and end it.`,
    );
  },
};

async function aimed(ui: Ui, visitor: Visitor, value: string) {
  return { incident: numberIn(value), actor: await actorOf(ui, visitor) };
}

async function askStep(ui: Ui, visitor: Visitor, value: string): Promise<Answer> {
  const wanted = stepIn(value);
  const [preview, missing] = await Promise.all([previewStep(ui.context, wanted), missingParams(ui.context, wanted)]);
  const secret = missing.find((param) => param.type === 'secret');
  if (secret) {
    throw new UserError(
      'secret_wanted',
      `This step needs the secret ${secret.name}, which never travels through Slack; run it from the command line.`,
    );
  }
  const view = stepModal({ ...wanted, ...preview, missing });
  await ui.call('interactive', 'views.open', { trigger_id: visitor.trigger, view });
  return null;
}

async function askDenial(ui: Ui, visitor: Visitor, value: string): Promise<Answer> {
  const card = await withTransaction(ui.context.pool, (tx) => readApprovalCard(tx, numberIn(value)));
  if (!card)
    throw new UserError(
      'approval_unknown',
      'This request does not exist any more; ask for the step again from its runbook.',
    );
  const { state } = card.approval;
  if (state !== 'pending') return sentence(describeVerdict({ status: 'refused', reason: 'settled', settledAs: state }));
  const view = denyModal(card.approval.id, card.stepRun.title);
  await ui.call('interactive', 'views.open', { trigger_id: visitor.trigger, view });
  return null;
}

const SETTLED = {
  pending: 'This request still waits for a decision.',
  approved: 'This request was approved before; the step is about to run.',
  used: 'This request was approved before, and the step has been started. Nothing runs twice.',
  denied: 'This request was denied before; nothing was run.',
  expired: 'This request has expired, so nothing was run; ask again if it is still needed.',
  void: 'This request is no longer needed; nothing was run.',
} as const;

/** What a click on Approve or Deny came to, in one sentence. */
export function describeVerdict(verdict: Verdict): string {
  switch (verdict.status) {
    case 'approved':
      return 'You approved it; the step is about to run.';
    case 'denied':
      return 'You denied it; nothing is run.';
    case 'waiting':
      return `Your approval counts; ${plural(verdict.missing, 'more person', 'more people')} must approve before anything runs.`;
    case 'refused':
      return describeRefusal(verdict);
  }
}

function describeRefusal(verdict: Extract<Verdict, { status: 'refused' }>): string {
  switch (verdict.reason) {
    case 'requester':
      return 'You asked for this step yourself, so somebody else has to approve it; with Deny you can withdraw it.';
    case 'not_member':
      return 'Only full members of this workspace can decide; ask one of them.';
    case 'already_decided':
      return 'You decided on this request before; your approval counts once.';
    case 'expired':
      return SETTLED.expired;
    case 'settled':
      return SETTLED[verdict.settledAs];
  }
}
