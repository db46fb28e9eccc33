import { SCENARIOS } from '../src/runs/drill.ts';
import type { Command } from '../src/slack/commands.ts';
import { startDrillHere, stopDrillHere } from '../src/slack/drill-gestures.ts';
import { sentence } from '../src/slack/views/message.ts';

export default {
  key: 'drill',
  summary: 'breaks something for real, to practise on.',
  otherwise: null,
  verbs: [
    {
      names: ['start'],
      usage: '<id>',
      summary: 'makes the fault and declares its incident',
      examples: ['start WR-001'],
      run: (ui, caller, rest) => startDrillHere(ui, caller, rest || 'WR-001'),
    },
    {
      names: ['stop'],
      usage: '',
      summary: 'takes the fault back',
      examples: ['stop'],
      run: stopDrillHere,
    },
    {
      names: ['list'],
      usage: '',
      summary: 'lists the drills',
      examples: ['list'],
      run: async () =>
        sentence(
          Object.entries(SCENARIOS)
            .map(([id, scenario]) => `${id}: ${scenario.title}`)
            .join('; '),
        ),
    },
  ],
} satisfies Command as Command;
