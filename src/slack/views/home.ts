import type { HomeView } from '@slack/types';
import type { Settings } from '../../config/settings.ts';
import { strongest } from '../../domain/effect.ts';
import type { Incident } from '../../domain/incident.ts';
import type { ApprovalCard } from '../../runs/approval-card.ts';
import { escapeLine } from '../text-safety.ts';
import { cutWarning, targetsOf, titleOf } from './approval-card.ts';
import {
  actions,
  type Block,
  bold,
  button,
  context,
  header,
  line,
  preformatted,
  quoted,
  richText,
  section,
} from './blocks.ts';
import { incidentLine } from './lists.ts';
import { effectLook } from './looks.ts';
import { rehearsalMark } from './temporary.ts';
import { mention, when } from './time-text.ts';

type Commands = Settings['commands'];

/** What the Home tab shows to one person. */
export type HomeContent = {
  readonly open: readonly Incident[];
  readonly waiting: readonly ApprovalCard[];
  readonly commands: Commands;
  readonly now: Date;
};

const HOME_SHOWN = 15;

/** The Home tab: what waits for you, because it expires; what is open; what to type. */
export function homeView(home: HomeContent): HomeView {
  return {
    type: 'home',
    blocks: [
      header('Waiting for you'),
      ...(home.waiting.length === 0
        ? [section('Nothing waits for your approval.')]
        : home.waiting.slice(0, HOME_SHOWN).flatMap(waitingRow)),
      ...moreThan(home.waiting.length),
      header('Open incidents'),
      ...(home.open.length === 0
        ? [section('✅ No incident is open.')]
        : home.open.slice(0, HOME_SHOWN).map((incident) => openRow(incident, home.now))),
      ...moreThan(home.open.length),
      actions([
        button({ action: 'incident.declare', text: 'Declare an incident', value: 'home', style: 'primary' }),
        button({ action: 'runbook.search', text: 'Find a runbook', value: 'home' }),
      ]),
      header('What to type'),
      section(
        [
          `\`${home.commands.incident} declare\` declares an incident`,
          `\`${home.commands.incident} list\` lists the open ones`,
          `\`${home.commands.incident} help\` lists every verb`,
          `\`${home.commands.runbook} redis\` searches the runbooks`,
          `\`${home.commands.drill} start WR-001\` breaks something to practise on`,
        ].join('\n'),
      ),
    ],
  };
}

function moreThan(count: number): Block[] {
  return count > HOME_SHOWN ? [context(`… and ${count - HOME_SHOWN} more`)] : [];
}

function openRow(incident: Incident, now: Date): Block {
  return section(
    incidentLine(incident, now),
    button({ action: 'incident.status', text: 'Status', value: String(incident.number) }),
  );
}

/** Characters of commands in one row of the Home tab; those of a plan share them. */
const COMMANDS_SHOWN = 600;
/** Characters of why it was asked for. */
const REASON_SHOWN = 300;

function incidentOf({ incident }: ApprovalCard): string {
  return incident ? ` · incident ${incident.number}, ${escapeLine(incident.severity, 40)}` : '';
}

function waitingRow(card: ApprovalCard): Block[] {
  const value = String(card.approval.id);
  const room = Math.floor(COMMANDS_SHOWN / card.covered.length);
  return [
    richText(
      line(bold(`${rehearsalMark(card.run)}${titleOf(card)}`)),
      ...card.covered.map((one) => preformatted(one.display, room)),
      quoted(card.approval.reason || 'No reason was given.', REASON_SHOWN),
    ),
    ...cutWarning(card, room),
    section(
      `${effectLook(strongest(...card.covered.map((one) => one.effect)))} · on ${escapeLine(targetsOf(card), 150)}${incidentOf(card)}\nAsked by ${mention(card.approval.requestedBy)}, expires ${when(card.approval.expiresAt)}`,
    ),
    actions([
      button({ action: 'approval.approve', text: 'Approve', value, style: 'primary' }),
      button({ action: 'approval.deny', text: 'Deny', value, style: 'danger' }),
    ]),
  ];
}
