import { findContact } from '../config/settings.ts';
import { findApproval } from '../db/approvals.ts';
import { findPage } from '../db/escalations.ts';
import { findIncident } from '../db/incidents.ts';
import { findRun, findStepRun } from '../db/runs.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import type { Incident } from '../domain/incident.ts';
import type { Person } from '../domain/person.ts';
import { isOneOf, type Role } from '../domain/roles.ts';
import { unknownIncident, unknownPage, unknownRequest, unknownRun } from '../domain/unknown.ts';
import { requireMember, requireRole } from '../incidents/actions.ts';
import type { UserError } from '../lib/errors.ts';
import { type Answer, actorOf, type Ui, type Visitor } from './ui.ts';
import { canSee, isInside } from './visibility.ts';

/** What a gesture is about: it decides whose roles hold, and who may know of it at all. */
export type Subject =
  | { readonly kind: 'workspace' }
  | { readonly kind: 'system'; readonly system: string }
  | { readonly kind: 'incident' | 'run' | 'step' | 'approval' | 'page'; readonly id: number };

/**
 * Who may do it. A role: whoever has it in that system. `member`: every full member of the workspace; what they get is
 * filtered by what they may see. `policy`: whom the approval's policy names, which is judged with the decision itself and
 * recorded. `paged`: who is paged, and responders. `asked`: who asked for it, the commander and approvers.
 */
export type Needs = Role | 'member' | 'policy' | 'paged' | 'asked';

/** What a gesture is about and what it needs. */
export type Rule = { readonly about: Subject['kind']; readonly needs: Needs };

/** A visitor who was let through, as Slack describes them now. */
export type Admitted<V extends Visitor = Visitor> = V & { readonly person: Person };

/**
 * Something that can be pressed, chosen, typed or submitted, with its rule. `guard` alone makes one: nothing is carried out
 * for whoever may not do it, or may not know of it, at that moment.
 */
export type Guarded<Input> = ((ui: Ui, visitor: Visitor, input: Input) => Promise<Answer>) & { readonly rule: Rule };

/** Puts the rule before the work. `subject` says what the input is about, and throws a UserError when it says nothing. */
export function guard<Input>(
  rule: Rule,
  subject: (input: Input, ui: Pick<Ui, 'context'>) => Subject,
  work: (ui: Ui, visitor: Admitted, input: Input) => Promise<Answer>,
): Guarded<Input> {
  const guarded = async (ui: Ui, visitor: Visitor, input: Input): Promise<Answer> => {
    const person = await admit(ui, visitor, subject(input, ui), rule.needs);
    return work(ui, { ...visitor, person }, input);
  };
  return Object.assign(guarded, { rule });
}

/** The same gesture for another input. */
export function guardedBy<Input, Other>(gesture: Guarded<Other>, convert: (input: Input) => Other): Guarded<Input> {
  const converted = async (ui: Ui, visitor: Visitor, input: Input): Promise<Answer> =>
    gesture(ui, visitor, convert(input));
  return Object.assign(converted, { rule: gesture.rule });
}

/**
 * Lets somebody through to what they may see and do now, and returns who they are. What they may not know of is refused with
 * the sentence of what does not exist: that there is a private incident is a part of what is private. Throws UserError.
 */
export async function admit(ui: Ui, visitor: Pick<Visitor, 'user'>, subject: Subject, needs: Needs): Promise<Person> {
  const person = await actorOf(ui, visitor);
  // A refused decision is recorded where it is judged.
  if (needs !== 'policy') requireMember(person);
  if (subject.kind === 'workspace') return person;
  if (subject.kind === 'system') {
    if (needs !== 'member') requireRole(ui.context, subject.system, person, leastRole(needs));
    return person;
  }
  const found = await withTransaction(ui.context.pool, (tx) => locate(tx, subject.kind, subject.id));
  if (!found) throw unknown(subject);
  const called =
    found.contact !== null && isOneOf(person, findContact(ui.context.settings, found.system, found.contact));
  if (called) return person;
  if (!(await mayKnow(ui, person, { found, needs }))) throw unknown(subject);
  if (needs !== 'policy') requireRole(ui.context, found.system, person, leastRole(needs));
  return person;
}

/** Whoever is named by a policy may decide without being a viewer of the system. */
async function mayKnow(
  ui: Pick<Ui, 'context' | 'call'>,
  person: Person,
  { found, needs }: { found: Found; needs: Needs },
): Promise<boolean> {
  const { incident } = found;
  if (needs === 'policy') return incident === null || isInside(ui, person, incident);
  return incident === null || canSee(ui, person, incident);
}

function leastRole(needs: Needs): Role {
  switch (needs) {
    case 'member':
    case 'policy':
    case 'asked':
      return 'viewer';
    case 'paged':
      return 'responder';
    default:
      return needs;
  }
}

/** `contact`: who was paged, when it is about a page. */
type Found = { readonly system: string; readonly incident: Incident | null; readonly contact: string | null };

async function locate(
  tx: Tx,
  kind: Exclude<Subject['kind'], 'workspace' | 'system'>,
  id: number,
): Promise<Found | null> {
  switch (kind) {
    case 'incident': {
      const incident = await findIncident(tx, id);
      return incident && { system: incident.system, incident, contact: null };
    }
    case 'page': {
      const page = await findPage(tx, id);
      const incident = page && (await findIncident(tx, page.incident));
      return incident && { system: incident.system, incident, contact: page.contact };
    }
    case 'run': {
      const run = await findRun(tx, id);
      const incident = run && run.incident !== null ? await findIncident(tx, run.incident) : null;
      return run && { system: run.system, incident, contact: null };
    }
    case 'step': {
      const stepRun = await findStepRun(tx, id);
      return stepRun && locate(tx, 'run', stepRun.run);
    }
    case 'approval': {
      const approval = await findApproval(tx, id);
      return approval && locate(tx, 'step', approval.stepRun);
    }
  }
}

function unknown(subject: Exclude<Subject, { kind: 'workspace' | 'system' }>): UserError {
  switch (subject.kind) {
    case 'incident':
      return unknownIncident(subject.id);
    case 'page':
      return unknownPage();
    case 'approval':
      return unknownRequest();
    case 'run':
    case 'step':
      return unknownRun();
  }
}
