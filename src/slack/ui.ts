import { randomBytes } from 'node:crypto';
import type { Person } from '../domain/person.ts';
import type { Runbook } from '../domain/runbook.ts';
import { UserError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { searchPacks } from '../packs/search-desk.ts';
import type { RunsContext } from '../runs/context.ts';
import type { DrillGround } from '../runs/drill.ts';
import { isSlackError, type SlackCaller } from './client.ts';
import type { Hub } from './hub.ts';
import { fetchPerson, type PeopleDeps } from './people.ts';
import type { Message } from './views/message.ts';

/** What listeners and commands work with. */
export type Ui = {
  readonly context: RunsContext & { readonly drills: DrillGround };
  readonly call: SlackCaller;
  readonly people: PeopleDeps;
  readonly hub: Hub;
  readonly log: Log;
};

/** Somebody who typed or pressed something, and how to answer them. */
export type Visitor = {
  readonly user: string;
  /** Where it happened; null on the Home tab and inside of modals. */
  readonly channel: string | null;
  readonly thread: string | null;
  /** Opens one modal within 3 s. */
  readonly trigger: string;
  /** The same for a repeated delivery of the same gesture. */
  readonly requestKey: string;
};

/** What a gesture is answered with, seen by that person alone; null when what changed can be seen already. */
export type Answer = Message | null;

/** The visitor as Slack describes them now. */
export function actorOf(ui: Ui, visitor: Pick<Visitor, 'user'>): Promise<Person> {
  return fetchPerson(ui.people, visitor.user);
}

const TOO_LATE = [
  'expired_trigger_id',
  'exchanged_trigger_id',
  'invalid_trigger_id',
  'trigger_expired',
  'trigger_exchanged',
];

/** One sentence for a person about anything that was thrown; what is not theirs to know goes to the log under a reference. */
export function explain(log: Log, error: unknown, doing: string): string {
  if (error instanceof UserError) return error.message;
  if (isSlackError(error, ...TOO_LATE)) return 'Slack waited too long to open the form; please try again.';
  const reference = randomBytes(3).toString('hex');
  log.error({ error, reference, doing }, 'A gesture in Slack failed.');
  return `Something broke and nothing more was done; tell your Warroom operator the reference ${reference}.`;
}

/** A runbook that was searched for; `why` says where the words were found. */
export type FoundRunbook = { readonly runbook: Runbook; readonly why: string };

/** Runbooks that fit the words, best first, with the reason. */
export function searchFor(ui: Pick<Ui, 'context'>, words: string, system?: string): FoundRunbook[] {
  const { runbooks } = ui.context.packs();
  return searchPacks(ui.context.packs, words, system === undefined ? {} : { system }).flatMap((hit) => {
    const runbook = runbooks.get(`${hit.system}/${hit.id}`);
    return runbook ? [{ runbook, why: hit.why }] : [];
  });
}

/** Runbooks that fit the words, best first; all of them, by id, when there are no words. */
export function findRunbooks(ui: Pick<Ui, 'context'>, words: string, system?: string): Runbook[] {
  if (words.trim() !== '') return searchFor(ui, words, system).map(({ runbook }) => runbook);
  const { runbooks } = ui.context.packs();
  const all = [...runbooks.values()].filter((runbook) => system === undefined || runbook.system === system);
  return all.sort((a, b) => a.id.localeCompare(b.id));
}
