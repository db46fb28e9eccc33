import { listTemporaryOf } from '../db/temporary-states.ts';
import { withTransaction } from '../db/transaction.ts';
import type { Incident } from '../domain/incident.ts';
import type { Person } from '../domain/person.ts';
import { hasRole, type Role } from '../domain/roles.ts';
import type { SystemDefinition } from '../domain/system.ts';
import { unknownIncident } from '../domain/unknown.ts';
import { escalateNow } from '../escalation/climb.ts';
import { getSystem } from '../incidents/actions.ts';
import { acknowledgeIncident, changeSeverity, postUpdate, takeCommand } from '../incidents/change.ts';
import { incidentFor, listOpen, readTimeline } from '../incidents/find.ts';
import { readIncidentCard } from '../incidents/incident-card.ts';
import { UserError } from '../lib/errors.ts';
import { type Admitted, type Guarded, guard } from './gate.ts';
import { type Answer, findRunbooks, type Ui } from './ui.ts';
import { declareModal } from './views/declare-modal.ts';
import { incidentCardMessage } from './views/incident-card.ts';
import { resolveModal, severityModal, updateModal } from './views/incident-modals.ts';
import { openList, timelineMessage } from './views/lists.ts';
import { sentence } from './views/message.ts';
import { visibleTo } from './visibility.ts';

/** A gesture about one incident: the same for a verb that was typed, a button and a choice from a list. */
export type Gesture = Guarded<number>;

/** Only for who may see that incident and has the role in its system. */
function onIncident(needs: Role, work: (ui: Ui, visitor: Admitted, incident: number) => Promise<Answer>): Gesture {
  return guard({ about: 'incident', needs }, (id) => ({ kind: 'incident', id }), work);
}

/** The open incident with that number; refuses one that is over before somebody fills in a form for it. */
async function getOpen(ui: Ui, number: number): Promise<Incident> {
  const meant = await incidentFor(ui.context, { channel: '', number });
  if (meant.status !== 'one') throw unknownIncident(number);
  if (meant.incident.status === 'open') return meant.incident;
  throw new UserError('incident_resolved', `Incident ${number} is resolved already; declare a new one if it is back.`);
}

export const acknowledge: Gesture = onIncident('responder', async (ui, visitor, incident) => {
  const { first } = await acknowledgeIncident(ui.context, { incident, actor: visitor.person });
  return sentence(
    first ? `You acknowledged incident ${incident}.` : `Incident ${incident} was acknowledged before; nothing changed.`,
  );
});

export const command: Gesture = onIncident('commander', async (ui, visitor, incident) => {
  await takeCommand(ui.context, { incident, actor: visitor.person });
  return sentence(`You are in command of incident ${incident}.`);
});

export const escalate: Gesture = onIncident('responder', async (ui, visitor, incident) => {
  const { contact } = await escalateNow(ui.context, { incident, actor: visitor.person });
  return sentence(`${contact} is being paged for incident ${incident}.`);
});

export const status: Gesture = onIncident('viewer', async (ui, _visitor, incident) => {
  const card = await withTransaction(ui.context.pool, (tx) => readIncidentCard(ui.context, tx, incident));
  if (card) return incidentCardMessage(card);
  throw new UserError(
    'incident_unknown',
    `There is no incident ${incident} that can be shown; its system may have left the packs.`,
  );
});

export const timeline: Gesture = onIncident('viewer', async (ui, _visitor, incident) => {
  const found = await readTimeline(ui.context, incident);
  return timelineMessage({ ...found, nameOf: (person) => found.names.get(person) ?? person });
});

export const askSeverity: Gesture = onIncident('responder', async (ui, visitor, number) => {
  const incident = await getOpen(ui, number);
  const view = severityModal(incident, getSystem(ui.context, incident.system));
  await ui.call('interactive', 'views.open', { trigger_id: visitor.trigger, view });
  return null;
});

export const askUpdate: Gesture = onIncident('responder', async (ui, visitor, number) => {
  const view = updateModal(await getOpen(ui, number));
  await ui.call('interactive', 'views.open', { trigger_id: visitor.trigger, view });
  return null;
});

export const askSummary: Gesture = onIncident('responder', async (ui, visitor, number) => {
  const incident = await getOpen(ui, number);
  const temporary = await withTransaction(ui.context.pool, (tx) => listTemporaryOf(tx, number));
  const view = resolveModal(incident, temporary);
  await ui.call('interactive', 'views.open', { trigger_id: visitor.trigger, view });
  return null;
});

/** Sets a severity that was typed. */
export function setSeverity(severity: string): Gesture {
  return onIncident('responder', async (ui, visitor, incident) => {
    const { requestKey } = visitor;
    await changeSeverity(ui.context, { incident, actor: visitor.person, severity, reason: '', requestKey });
    return sentence(`Incident ${incident} is ${severity.toUpperCase()} now.`);
  });
}

/** Posts an update that was typed. */
export function sendUpdate(text: string): Gesture {
  return onIncident('responder', async (ui, visitor, incident) => {
    const { requestKey } = visitor;
    await postUpdate(ui.context, { incident, actor: visitor.person, text, requestKey });
    return sentence(`Your update on incident ${incident} is on its way.`);
  });
}

/** The open incidents that somebody may see. */
export const listVisible: Guarded<string> = guard(
  { about: 'workspace', needs: 'member' },
  () => ({ kind: 'workspace' }),
  async (ui, visitor) =>
    openList(await visibleTo(ui, visitor.person, await listOpen(ui.context)), ui.context.clock.now()),
);

/** Opens the form in which an incident is declared. The system is the one whose runbooks fit the title best. */
export const askDeclaration: Guarded<string> = guard(
  { about: 'workspace', needs: 'member' },
  () => ({ kind: 'workspace' }),
  async (ui, visitor, title) => {
    const systems = declarable(ui, visitor.person);
    const guess = title === '' ? undefined : findRunbooks(ui, title)[0]?.system;
    const system = systems.find((candidate) => candidate.id === guess) ?? systems[0];
    if (!system) throw nowhere(ui);
    const view = declareModal({ systems, system, runbooks: suggestions(ui, title, system.id), title });
    await ui.call('interactive', 'views.open', { trigger_id: visitor.trigger, view });
    return null;
  },
);

/** Systems in which somebody may declare an incident. */
export function declarable(ui: Pick<Ui, 'context'>, person: Person): SystemDefinition[] {
  const { roles } = ui.context.settings;
  return [...ui.context.packs().systems.values()].filter(({ id }) => hasRole(roles, id, person, 'responder'));
}

function nowhere(ui: Pick<Ui, 'context'>): UserError {
  if (ui.context.packs().systems.size === 0)
    return new UserError(
      'no_systems',
      'No system is loaded, so nothing can be declared; add a folder with a system.yml.',
    );
  return new UserError(
    'role_missing',
    'That needs the role responder in some system, which you do not have; ask somebody who has it, or your Warroom operator.',
  );
}

/** The runbooks of a system, those that fit the title first. */
export function suggestions(ui: Pick<Ui, 'context'>, title: string, system: string) {
  const fitting = title === '' ? [] : findRunbooks(ui, title, system);
  return [...fitting, ...findRunbooks(ui, '', system).filter((runbook) => !fitting.includes(runbook))];
}
