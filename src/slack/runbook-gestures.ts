import type { ModalView } from '@slack/types';
import { findIncident } from '../db/incidents.ts';
import { withTransaction } from '../db/transaction.ts';
import type { Runbook } from '../domain/runbook.ts';
import { unknownIncident } from '../domain/unknown.ts';
import { listOpen } from '../incidents/find.ts';
import { UserError } from '../lib/errors.ts';
import { openRun } from '../runs/open.ts';
import { isSlackError } from './client.ts';
import { admit, type Guarded, guard } from './gate.ts';
import { roomIncident } from './incident-choice.ts';
import { type Answer, searchFor, type Ui, type Visitor } from './ui.ts';
import { plain } from './views/blocks.ts';
import { modal } from './views/incident-modals.ts';
import { runbookList } from './views/lists.ts';
import { sentence } from './views/message.ts';
import { runbooksFor } from './visibility.ts';

type Place = { readonly channel: string; readonly thread: string | null; readonly incident: number | null };

export type WantedRunbook = {
  readonly id: string;
  readonly incident: number | null;
  readonly rehearsal?: boolean;
};

/**
 * Opens a run of a runbook where the visitor is, or in the room of the incident it is for. In the hub that is the thread of
 * the one open incident of the runbook's system, because a command cannot be typed in a thread.
 */
export const openRunbook: Guarded<WantedRunbook> = guard(
  { about: 'system', needs: 'responder' },
  ({ id }, ui) => {
    const found = ui.context.packs().findRunbook(id);
    return found.status === 'found' ? { kind: 'system', system: found.runbook.system } : { kind: 'workspace' };
  },
  async (ui, visitor, { id, incident, rehearsal = false }) => {
    const runbook = getRunbook(ui, id);
    const channel = visitor.channel ?? (await ui.hub());
    const number = incident ?? (await roomIncident(ui, channel));
    // Also where somebody is: they may have been in that room only when they asked.
    if (number !== null) await admit(ui, visitor, { kind: 'incident', id: number }, 'viewer');
    const here = { channel, thread: visitor.thread, incident: null };
    const { place, others } = await placeFor(ui, { here, runbook, number: incident });
    await requireMembership(ui, place.channel);
    const { requestKey, person: actor } = visitor;
    await openRun(ui.context, { requestKey, actor, runbook, ...place, rehearsal });
    return describePlace(ui, runbook, { place, others, here: channel === visitor.channel ? here : null });
  },
);

type Choice = { readonly place: Place; readonly others: readonly number[] };

async function placeFor(ui: Ui, asked: { here: Place; runbook: Runbook; number: number | null }): Promise<Choice> {
  const { here, runbook, number } = asked;
  if (number !== null) {
    const incident = await withTransaction(ui.context.pool, (tx) => findIncident(tx, number));
    if (!incident) throw unknownIncident(number);
    if (incident.private && !incident.room)
      throw new UserError('room_missing', `The room of incident ${number} is not there yet; try again in a moment.`);
    return { place: { ...(incident.room ?? here), incident: number }, others: [] };
  }
  const own = await roomIncident(ui, here.channel);
  if (own !== null) return { place: { ...here, incident: own }, others: [] };
  const open = (await listOpen(ui.context)).filter(
    (incident) => incident.system === runbook.system && incident.room && !incident.private,
  );
  const threads = open.filter(
    ({ room }) => room?.channel === here.channel && (room.thread === here.thread || !here.thread),
  );
  const [only] = threads;
  if (only?.room && threads.length === 1) return { place: { ...only.room, incident: only.number }, others: [] };
  return { place: here, others: open.map((incident) => incident.number) };
}

function describePlace(ui: Ui, runbook: Runbook, opened: Choice & { here: Place | null }): Answer {
  const { place, others, here } = opened;
  const name = ui.context.settings.commands.runbook;
  if (others.length > 0) {
    return sentence(
      `${runbook.id} is open here; ${name} ${runbook.id} ${others[0]} opens it where incident ${others[0]} is.`,
    );
  }
  if (here && place.channel === here.channel && place.thread === here.thread) return null;
  if (place.incident === null) return sentence(`${runbook.id} is open in the hub.`);
  return sentence(`${runbook.id} is open in the ${place.thread ? 'thread' : 'channel'} of incident ${place.incident}.`);
}

/** The runbook with that id, with or without its system; otherwise one sentence that helps. */
export function getRunbook(ui: Pick<Ui, 'context'>, id: string): Runbook {
  const found = ui.context.packs().findRunbook(id);
  const name = ui.context.settings.commands.runbook;
  switch (found.status) {
    case 'found':
      return found.runbook;
    case 'ambiguous': {
      const ids = found.candidates.map((runbook) => `${runbook.system}/${runbook.id}`).join(', ');
      throw new UserError('runbook_ambiguous', `Several systems have a runbook “${id}”; write one of ${ids}.`);
    }
    case 'missing': {
      const hint = found.nearest ? ` did you mean ${found.nearest}?` : '';
      throw new UserError('runbook_unknown', `There is no runbook “${id}”;${hint} ${name} alone opens a search.`);
    }
  }
}

/** What conversations.join says of a private channel. */
const PRIVATE = 'method_not_supported_for_channel_type';

/** A run's cards are edited for a long time, which needs the bot to be in the channel. */
async function requireMembership(ui: Ui, channel: string): Promise<void> {
  try {
    const { channel: info } = await ui.call('interactive', 'conversations.info', { channel });
    if (info?.is_member === true || info?.is_im === true) return;
    if (channel === (await ui.hub())) {
      // Nothing was posted in the hub so far, or somebody removed the bot from it.
      await ui.call('interactive', 'conversations.join', { channel });
      return;
    }
  } catch (error) {
    if (!isSlackError(error, 'channel_not_found', 'missing_scope', 'not_in_channel', 'is_archived', PRIVATE))
      throw error;
  }
  throw new UserError(
    'not_in_channel',
    'Warroom is not in this channel; invite it with /invite @warroom and try again.',
  );
}

/** The search as a form: a menu that looks while somebody types. */
export function searchModal(visitor: Visitor, incident: number | null): ModalView {
  return modal({
    callback: 'runbook.search',
    title: 'Find a runbook',
    submit: 'Open',
    metadata: { channel: visitor.channel, thread: visitor.thread, incident },
    blocks: [
      {
        type: 'input',
        block_id: 'runbook',
        label: plain('Runbook', 100),
        hint: plain('Type a symptom, an alert, a component or an id.', 200),
        element: {
          type: 'external_select',
          action_id: 'runbook.pick',
          placeholder: plain('redis, quotes fail, RB-012 …', 150),
          min_query_length: 0,
          focus_on_load: true,
        },
      },
    ],
  });
}

/** The runbooks that fit the words, of the systems that somebody may see. */
export const searchVisible: Guarded<string> = guard(
  { about: 'workspace', needs: 'member' },
  () => ({ kind: 'workspace' }),
  async (ui, { person }, words) => {
    const found = searchFor(ui, words).filter(({ runbook }) => runbooksFor(ui, person, [runbook]).length > 0);
    return runbookList(words, found);
  },
);

/** Opens the search, for an incident or none. */
export const askRunbook: Guarded<number | null> = guard(
  { about: 'incident', needs: 'viewer' },
  (id) => (id === null ? { kind: 'workspace' } : { kind: 'incident', id }),
  async (ui, visitor, incident) => {
    await ui.call('interactive', 'views.open', { trigger_id: visitor.trigger, view: searchModal(visitor, incident) });
    return null;
  },
);
