import { unquote } from '../src/slack/command-text.ts';
import type { Command } from '../src/slack/commands.ts';
import * as gestures from '../src/slack/incident-gestures.ts';
import { aboutIncident, typedSeverity, typedUpdate } from '../src/slack/incident-typed.ts';

export default {
  key: 'incident',
  summary:
    'declares incidents and works on them. In the channel of an incident the verbs mean that one; elsewhere give its number.',
  otherwise: null,
  verbs: [
    {
      names: ['declare', 'create', 'new'],
      usage: '[title]',
      summary: 'declares an incident',
      examples: ['declare', 'create "API down - all requests failing"'],
      run: async (ui, caller, rest) => gestures.askDeclaration(ui, caller, unquote(rest)),
    },
    aboutIncident(['status'], gestures.status, 'shows where an incident stands', 'status 7'),
    {
      names: ['list', 'ls'],
      usage: '',
      summary: 'lists the open incidents',
      examples: [],
      run: gestures.listVisible,
    },
    aboutIncident(['ack', 'acknowledge'], gestures.acknowledge, 'acknowledges it, so that its pages stop'),
    aboutIncident(['command', 'take', 'lead'], gestures.command, 'puts you in command'),
    {
      names: ['severity', 'sev'],
      usage: '[level] [n]',
      summary: 'changes the severity; without a level it asks',
      examples: ['severity SEV2'],
      run: typedSeverity,
    },
    {
      names: ['update'],
      usage: '[n] [text]',
      summary: 'posts an update for everybody who follows; without a text it asks',
      examples: ['update The cache is back, quotes work again'],
      run: typedUpdate,
    },
    aboutIncident(['escalate', 'page'], gestures.escalate, 'pages the next rung of the ladder now'),
    aboutIncident(['resolve', 'close'], gestures.askSummary, 'ends it; asks for a summary'),
    aboutIncident(['timeline', 'log'], gestures.timeline, 'shows what happened so far'),
  ],
} satisfies Command as Command;
