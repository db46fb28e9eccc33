import { listTemporaryOf } from '../db/temporary-states.ts';
import { withTransaction } from '../db/transaction.ts';
import type { Incident } from '../domain/incident.ts';
import { escalateNow } from '../escalation/climb.ts';
import { getSystem } from '../incidents/actions.ts';
import { acknowledgeIncident, changeSeverity, postUpdate, takeCommand } from '../incidents/change.ts';
import { incidentFor, readTimeline } from '../incidents/find.ts';
import { readIncidentCard } from '../incidents/incident-card.ts';
import { UserError } from '../lib/errors.ts';
import { type Answer, actorOf, findRunbooks, type Ui, type Visitor } from './ui.ts';
import { declareModal } from './views/declare-modal.ts';
import { incidentCardMessage } from './views/incident-card.ts';
import { resolveModal, severityModal, updateModal } from './views/incident-modals.ts';
import { timelineMessage } from './views/lists.ts';
import { sentence } from './views/welcome.ts';
import { requireVisible } from './visibility.ts';

/** A gesture about one incident: the same for a verb that was typed, a button and a choice from a list. */
export type Gesture = (ui: Ui, visitor: Visitor, incident: number) => Promise<Answer>;

/** Only for who may see that incident; everybody else is told what they would be told of one that does not exist. */
function seeing(gesture: Gesture): Gesture {
  return async (ui, visitor, incident) => {
    await requireVisible(ui, visitor, incident);
    return gesture(ui, visitor, incident);
  };
}

/** The open incident with that number; refuses one that is over before somebody fills in a form for it. */
async function getOpen(ui: Ui, number: number): Promise<Incident> {
  const meant = await incidentFor(ui.context, { channel: '', number });
  if (meant.status !== 'one') throw new UserError('incident_unknown', `There is no incident ${number}.`);
  if (meant.incident.status === 'open') return meant.incident;
  throw new UserError('incident_resolved', `Incident ${number} is resolved already; declare a new one if it is back.`);
}

export const acknowledge: Gesture = seeing(async (ui, visitor, incident) => {
  const { first } = await acknowledgeIncident(ui.context, { incident, actor: await actorOf(ui, visitor) });
  return sentence(
    first ? `You acknowledged incident ${incident}.` : `Incident ${incident} was acknowledged before; nothing changed.`,
  );
});

export const command: Gesture = seeing(async (ui, visitor, incident) => {
  await takeCommand(ui.context, { incident, actor: await actorOf(ui, visitor) });
  return sentence(`You are in command of incident ${incident}.`);
});

export const escalate: Gesture = seeing(async (ui, visitor, incident) => {
  const { contact } = await escalateNow(ui.context, { incident, actor: await actorOf(ui, visitor) });
  return sentence(`${contact} is being paged for incident ${incident}.`);
});

export const status: Gesture = seeing(async (ui, _visitor, incident) => {
  const card = await withTransaction(ui.context.pool, (tx) => readIncidentCard(ui.context, tx, incident));
  if (card) return incidentCardMessage(card);
  throw new UserError(
    'incident_unknown',
    `There is no incident ${incident} that can be shown; its system may have left the packs.`,
  );
});

export const timeline: Gesture = seeing(async (ui, _visitor, incident) => {
  const found = await readTimeline(ui.context, incident);
  return timelineMessage({ ...found, nameOf: (person) => found.names.get(person) ?? person });
});

export const askSeverity: Gesture = seeing(async (ui, visitor, number) => {
  const incident = await getOpen(ui, number);
  const view = severityModal(incident, getSystem(ui.context, incident.system));
  await ui.call('interactive', 'views.open', { trigger_id: visitor.trigger, view });
  return null;
});

export const askUpdate: Gesture = seeing(async (ui, visitor, number) => {
  const view = updateModal(await getOpen(ui, number));
  await ui.call('interactive', 'views.open', { trigger_id: visitor.trigger, view });
  return null;
});

export const askSummary: Gesture = seeing(async (ui, visitor, number) => {
  const incident = await getOpen(ui, number);
  const temporary = await withTransaction(ui.context.pool, (tx) => listTemporaryOf(tx, number));
  const view = resolveModal(incident, temporary);
  await ui.call('interactive', 'views.open', { trigger_id: visitor.trigger, view });
  return null;
});

/** Sets a severity that was typed. */
export function setSeverity(severity: string): Gesture {
  return seeing(async (ui, visitor, incident) => {
    const { requestKey } = visitor;
    const actor = await actorOf(ui, visitor);
    await changeSeverity(ui.context, { incident, actor, severity, reason: '', requestKey });
    return sentence(`Incident ${incident} is ${severity.toUpperCase()} now.`);
  });
}

/** Posts an update that was typed. */
export function sendUpdate(text: string): Gesture {
  return seeing(async (ui, visitor, incident) => {
    const { requestKey } = visitor;
    await postUpdate(ui.context, { incident, actor: await actorOf(ui, visitor), text, requestKey });
    return sentence(`Your update on incident ${incident} is on its way.`);
  });
}

/** Opens the form in which an incident is declared. The system is the one whose runbooks fit the title best. */
export async function askDeclaration(ui: Ui, visitor: Visitor, title: string): Promise<Answer> {
  const systems = [...ui.context.packs().systems.values()];
  const guess = title === '' ? undefined : findRunbooks(ui, title)[0]?.system;
  const system = systems.find((candidate) => candidate.id === guess) ?? systems[0];
  if (!system)
    throw new UserError(
      'no_systems',
      'No system is loaded, so nothing can be declared; add a folder with a system.yml.',
    );
  const view = declareModal({ systems, system, runbooks: suggestions(ui, title, system.id), title });
  await ui.call('interactive', 'views.open', { trigger_id: visitor.trigger, view });
  return null;
}

/** The runbooks of a system, those that fit the title first. */
export function suggestions(ui: Pick<Ui, 'context'>, title: string, system: string) {
  const fitting = title === '' ? [] : findRunbooks(ui, title, system);
  return [...fitting, ...findRunbooks(ui, '', system).filter((runbook) => !fitting.includes(runbook))];
}
