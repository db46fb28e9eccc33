import type { Settings } from '../../config/settings.ts';
import { button, context, header, section } from './blocks.ts';
import { type Message, message } from './message.ts';

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
