import { parseNumber } from '../src/slack/command-text.ts';
import type { Command } from '../src/slack/commands.ts';
import { roomIncident } from '../src/slack/incident-choice.ts';
import { askRunbook, openRunbook, searchVisible } from '../src/slack/runbook-gestures.ts';

/** `RB-012` or `auto-broker/RB-012`: one word with a digit after a dash. */
const ID = /^(?:[a-z][a-z0-9-]*\/)?[A-Za-z]+-\d+$/u;

const DRY_RUN = /(?:^|\s)(?:--|—)dry-run(?=\s|$)/u;

/** `RB-012`, or `RB-012 7` for incident 7; `--dry-run` rehearses it. A phone writes two dashes as one long one. */
function idAndNumber(text: string): { id: string; incident: number | null; rehearsal: boolean } {
  const plain = text.replace(DRY_RUN, ' ').trim();
  const { id = plain, number = '' } = /^(?<id>\S+)\s+(?<number>#?\d+)$/u.exec(plain)?.groups ?? {};
  return { id, incident: parseNumber(number), rehearsal: DRY_RUN.test(text) };
}

export default {
  key: 'runbook',
  summary: 'opens a runbook in this channel. Alone it opens a search; words search.',
  verbs: [
    {
      names: ['search', 'find'],
      usage: '<words>',
      summary: 'searches titles, symptoms, alerts and commands',
      examples: ['search redis', 'RB-012', 'quotes fail'],
      run: searchVisible,
    },
    {
      names: ['open'],
      usage: '<id> [n] [--dry-run]',
      summary:
        'opens that runbook, for incident n if you say so; the id alone does the same. With --dry-run it is a rehearsal: nothing is sent to any target',
      examples: ['RB-012 --dry-run'],
      run: async (ui, caller, rest) => openRunbook(ui, caller, idAndNumber(rest)),
    },
  ],
  otherwise: async (ui, caller, text) => {
    if (text === '') return askRunbook(ui, caller, await roomIncident(ui, caller.channel));
    const { id, incident, rehearsal } = idAndNumber(text);
    const known = ui.context.packs().findRunbook(id).status !== 'missing';
    if (known || ID.test(id)) return openRunbook(ui, caller, { id, incident, rehearsal });
    return searchVisible(ui, caller, text);
  },
} satisfies Command as Command;
