import { SCENARIOS, startDrill, stopDrill } from '../src/runs/drill.ts';
import type { Command } from '../src/slack/commands.ts';
import { actorOf } from '../src/slack/ui.ts';
import { sentence } from '../src/slack/views/welcome.ts';

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
      run: async (ui, caller, rest) => {
        const actor = await actorOf(ui, caller);
        const incident = await startDrill(ui.context, {
          scenario: rest || 'WR-001',
          actor,
          requestKey: caller.requestKey,
        });
        return sentence(
          `The fault is there and incident ${incident.number} is open for it: find it with its runbook, and end it.`,
        );
      },
    },
    {
      names: ['stop'],
      usage: '',
      summary: 'takes the fault back',
      examples: ['stop'],
      run: async (ui, caller) =>
        sentence(
          (await stopDrill(ui.context, await actorOf(ui, caller)))
            ? 'The fault is taken back; resolve its incident when you are done.'
            : 'No drill is running, so nothing was taken back.',
        ),
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
