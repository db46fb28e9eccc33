import type { HomeView } from '@slack/types';
import type { Settings } from '../../config/settings.ts';
import type { Incident } from '../../domain/incident.ts';
import type { ApprovalCard } from '../../runs/approval-card.ts';
import { escapeLine } from '../text-safety.ts';
import { cutWarning, targetsOf, titleOf } from './approval-card.ts';
import { actions, type Block, button, context, header, line, preformatted, richText, section } from './blocks.ts';
import { incidentLine } from './lists.ts';
import { type Message, message } from './message.ts';
import { mention, when } from './time-text.ts';

type Commands = Settings['commands'];

/** The first message in the hub: three things to try, each a button and a command to type. */
export function welcomeMessage(commands: Commands): Message {
  return message(
    `Welcome to Warroom. Try ${commands.incident} declare, ${commands.runbook} RB-012 or ${commands.drill} start WR-001.`,
    [header('👋 Welcome to Warroom')],
    [section('Runbooks that run, in the channel where the incident is. Three things to try:')],
    [
      section(
        `*1. Declare an incident*\nSomething is broken? Type \`${commands.incident} declare\`. A war room, a status card and the escalation follow.`,
        button({ action: 'incident.declare', text: 'Declare', value: 'welcome', style: 'primary' }),
      ),
      section(
        `*2. Run a runbook*\nType \`${commands.runbook} RB-012\` and press *Run diagnostics*. Diagnostics cannot change anything; what changes something waits for a second person.`,
        button({ action: 'runbook.open', text: 'Open RB-012', value: 'RB-012' }),
      ),
      section(
        `*3. Break something for real*\nType \`${commands.drill} start WR-001\`: Warroom makes a real fault in its own database, and you find and end it.`,
        button({ action: 'drill.start', text: 'Start the drill', value: 'WR-001' }),
      ),
    ],
    [context(`\`${commands.incident} help\` lists everything that can be typed.`)],
  );
}

/** What the Home tab shows to one person. */
export type HomeContent = {
  readonly open: readonly Incident[];
  readonly waiting: readonly ApprovalCard[];
  readonly commands: Commands;
  readonly now: Date;
};

const HOME_SHOWN = 15;

/** The Home tab: what is open, what waits for you, what to type. */
export function homeView(home: HomeContent): HomeView {
  return {
    type: 'home',
    blocks: [
      header('Open incidents'),
      ...(home.open.length === 0
        ? [section('✅ No incident is open.')]
        : home.open.slice(0, HOME_SHOWN).map((incident) => openRow(incident, home.now))),
      ...moreThan(home.open.length),
      actions([
        button({ action: 'incident.declare', text: 'Declare an incident', value: 'home', style: 'primary' }),
        button({ action: 'runbook.search', text: 'Find a runbook', value: 'home' }),
      ]),
      header('Waiting for you'),
      ...(home.waiting.length === 0
        ? [section('Nothing waits for your approval.')]
        : home.waiting.slice(0, HOME_SHOWN).flatMap(waitingRow)),
      ...moreThan(home.waiting.length),
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

function waitingRow(card: ApprovalCard): Block[] {
  const value = String(card.approval.id);
  const room = Math.floor(COMMANDS_SHOWN / card.covered.length);
  return [
    richText(line(titleOf(card)), ...card.covered.map((one) => preformatted(one.display, room))),
    ...cutWarning(card, room),
    section(
      `on ${escapeLine(targetsOf(card), 150)}, asked by ${mention(card.approval.requestedBy)}, expires ${when(card.approval.expiresAt)}`,
    ),
    actions([
      button({ action: 'approval.approve', text: 'Approve', value, style: 'primary' }),
      button({ action: 'approval.deny', text: 'Deny', value, style: 'danger' }),
    ]),
  ];
}

/** A sentence for one person alone, in a message. */
export function sentence(text: string): Message {
  return message(escapeLine(text, 2_000), [section(escapeLine(text, 2_000))]);
}
