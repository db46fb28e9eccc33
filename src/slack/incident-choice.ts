import type { Incident } from '../domain/incident.ts';
import { incidentFor } from '../incidents/find.ts';
import type { Caller } from './commands.ts';
import type { Gesture } from './incident-gestures.ts';
import * as gestures from './incident-gestures.ts';
import { type Answer, actorOf, type Ui } from './ui.ts';
import { quoted, richText } from './views/blocks.ts';
import { incidentPicker } from './views/lists.ts';
import { message, sentence } from './views/message.ts';
import { visibleTo } from './visibility.ts';

/** Gestures by the name that stands in the values of the picker. */
const GESTURES: Readonly<Record<string, Gesture>> = {
  status: gestures.status,
  ack: gestures.acknowledge,
  command: gestures.command,
  escalate: gestures.escalate,
  timeline: gestures.timeline,
  severity: gestures.askSeverity,
  update: gestures.askUpdate,
  resolve: gestures.askSummary,
};

/** What somebody chose: `ack/7`, or `severity:SEV2/7`. Null when it is not one of ours. */
export function chosenGesture(value: string): { gesture: Gesture; incident: number } | null {
  const [, name, level, number] = /^([a-z]+)(?::([A-Za-z0-9_-]+))?\/(\d{1,9})$/u.exec(value) ?? [];
  const known = Object.hasOwn(GESTURES, name ?? '') ? GESTURES[name ?? ''] : undefined;
  const gesture = level === undefined ? known : name === 'severity' ? gestures.setSeverity(level) : undefined;
  return gesture && number !== undefined ? { gesture, incident: Number(number) } : null;
}

export type Wish = {
  /** Name of the gesture in the picker. */
  readonly name: string;
  readonly gesture: Gesture;
  readonly number: number | null;
  /** What was typed and would be lost when the incident has to be chosen first. */
  readonly typed?: string;
};

/** Does it to the incident that is meant: its number, the channel's own, or one that is chosen from a list. */
export async function withIncident(ui: Ui, caller: Caller, wish: Wish): Promise<Answer> {
  const meant = await incidentFor(ui.context, { channel: caller.channel, number: wish.number });
  switch (meant.status) {
    case 'one':
      return wish.gesture(ui, caller, meant.incident.number);
    case 'none':
      return nothingOpen(ui);
    case 'choose': {
      const open = await visibleTo(ui, await actorOf(ui, caller), meant.open);
      return open.length === 0 ? nothingOpen(ui) : picker(wish, open);
    }
  }
}

function nothingOpen(ui: Ui): Answer {
  return sentence(
    `No incident is open, so there is nothing to do; ${ui.context.settings.commands.incident} declare opens one.`,
  );
}

function picker(wish: Wish, open: readonly Incident[]): Answer {
  const picker = incidentPicker(wish.name, open);
  if (!wish.typed) return picker;
  return message(`${picker.text} Nothing was posted yet.`, picker.blocks, [richText(quoted(wish.typed, 3_000))]);
}

/** The incident whose own channel this is, by number; null elsewhere. */
export async function roomIncident(ui: Ui, channel: string): Promise<number | null> {
  const meant = await incidentFor(ui.context, { channel, number: null });
  return meant.status === 'one' ? meant.incident.number : null;
}
