import { UserError } from '../lib/errors.ts';

/*
 * What does not exist. What is private is refused with the very same sentences to whoever may not know of it, so each stands here once:
 * a word that differed would give it away.
 */

/** Of an incident by its number. */
export function unknownIncident(number: number): UserError {
  return new UserError('incident_unknown', `There is no incident ${number}; /incident list shows the open ones.`);
}

/** Of a page (a demand to acknowledge). */
export function unknownPage(): UserError {
  return new UserError('page_unknown', 'This page does not exist any more; /incident list shows what is open.');
}

/** Of a run, and of a step run. */
export function unknownRun(): UserError {
  return new UserError('run_unknown', 'This run does not exist any more; open the runbook again with /runbook.');
}

/** Of a request for approval. */
export function unknownRequest(): UserError {
  return new UserError(
    'approval_unknown',
    'This request does not exist any more; ask for the step again from its runbook.',
  );
}
